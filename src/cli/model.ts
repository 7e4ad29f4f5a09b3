import { type Arm, armOf, EmptyModelError } from "../bellman/index.ts";
import { readTable } from "../space/files/index.ts";
import { differenceOf, InputError, type Table } from "../space/index.ts";

/** A table from a file, and the model it is. */
export interface FileModel {
  readonly table: Table;
  readonly arm: Arm;
}

/** Reads a model from a file; rewards go through M. @throws InputError where it is no table, or empty */
export const readModel = (path: string): FileModel => {
  const table = readTable(path);
  return { table, arm: refuseEmpty(path, () => armOf(table)) };
};

/** Runs work on a model; that it is empty becomes an {@link InputError} that names where it comes from. */
const refuseEmpty = <T>(source: string, work: () => T): T => {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof EmptyModelError)) throw error;
    throw new InputError(`${source}: ${error.message}`, { cause: error });
  }
};

/** Refuses two files whose models live on different spaces. */
export const checkComparable = (firstPath: string, first: FileModel, secondPath: string, second: FileModel): void => {
  const difference = differenceOf(first.table.space, second.table.space);
  if (difference !== undefined) {
    throw new InputError(
      `${firstPath} and ${secondPath}: the models live on different spaces: ${difference}; give two on the same space`,
    );
  }
};
