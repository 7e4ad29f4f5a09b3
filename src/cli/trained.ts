import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { armOf } from "../bellman/index.ts";
import type { FolderModel } from "../learn/files/index.ts";
import type { Engine } from "../learn/index.ts";
import { refuseFrom } from "../space/files/index.ts";
import { countResponses, InputError, type Space, type Tree, tree } from "../space/index.ts";
import { engineOf } from "./engine.ts";
import { type FileModel, readModel } from "./model.ts";
import type { Output } from "./output.ts";

/** A table: of a file, or of a Transformer on a space small enough to enumerate. */
export interface TableModel extends FileModel {
  readonly kind: "table";
  readonly space: Space;
}

/** A Transformer on a space too large for its table. */
export interface LargeModel extends FolderModel {
  readonly kind: "transformer";
  readonly space: Tree;
}

/** What a command may be given as a model. */
export type AnyModel = TableModel | LargeModel;

/** What an argument that names a model may be, for help texts. */
export const ANY_MODEL = ".json or .safetensors table, or a folder that arbel train or distill wrote";

/** The file of a folder where `arbel distill` keeps a student that is a table. */
export const STUDENT_FILE = "student.safetensors";

/** Whether a name is a folder's. */
const isFolder = (path: string): boolean => {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false; // whoever reads the file says why it cannot be read
  }
};

/** The file of a table that a name stands for, or undefined where it is a Transformer's folder. */
const tableFile = (path: string): string | undefined => {
  if (!isFolder(path)) return path;
  const file = join(path, STUDENT_FILE);
  return existsSync(file) ? file : undefined;
};

/** Files that the numbers of a model come from, by the name it is given by. */
export const filesOfModel = (path: string): readonly string[] => {
  const table = tableFile(path);
  return table === undefined ? [join(path, "config.json"), join(path, "model.safetensors")] : [table];
};

/** Makes the engine when it is first asked for. */
export type EngineMaker = () => Promise<Engine>;

/** Runs work that may need an engine, and ends the engine if it did. */
export const withEngine = async <T>(
  output: Output,
  flags: { readonly engine: "onnx" | "jax"; readonly threads?: number | undefined },
  work: (engine: EngineMaker) => Promise<T>,
): Promise<T> => {
  let made: Promise<Engine> | undefined;
  const engine = () => {
    made ??= engineOf(flags, output);
    return made;
  };
  try {
    return await work(engine);
  } finally {
    await (await made?.catch(() => undefined))?.dispose();
  }
};

/** Reads a Transformer that `arbel train` or `arbel distill` wrote. @throws InputError */
export const readTransformer = async (path: string): Promise<FolderModel> => {
  if (!isFolder(path)) throw new InputError(`${path}: is no folder: name one that arbel train wrote`);
  if (tableFile(path) !== undefined) {
    throw new InputError(`${path}: holds a table, ${STUDENT_FILE}, and no Transformer: name a Transformer's folder`);
  }
  if (!existsSync(join(path, "config.json"))) {
    throw new InputError(
      existsSync(join(path, "run.json"))
        ? `${path}: holds a run that has not ended: go on with it by --resume`
        : `${path}: is a folder without a model, as config.json: there is no such file: name one that arbel train wrote`,
    );
  }
  const { readModelFolder } = await import("../learn/files/index.ts");
  return readModelFolder(path);
};

/**
 * Reads a model: a table's file, or a folder that `arbel train` or `arbel distill` wrote. A Transformer becomes its table, logits of an
 * ARM or rewards of an EBM, where its space can be enumerated.
 *
 * @throws InputError
 */
export const readAnyModel = async (path: string, engine: EngineMaker): Promise<AnyModel> => {
  const file = tableFile(path);
  if (file !== undefined) {
    const model = readModel(file);
    return { kind: "table", space: model.table.space, ...model };
  }
  const folder = await readTransformer(path);
  const { horizon, eos, prompts } = folder.architecture;
  if (prompts > 0) throw new InputError(`${path}: the model is conditional on prompts, a table is not`);
  const space: Tree = refuseFrom(path, () => tree({ tokens: folder.tokens, horizon, eos }));
  const { EXACT_RESPONSES_LIMIT, transformerTable } = await import("../learn/index.ts");
  if (countResponses(space) > BigInt(EXACT_RESPONSES_LIMIT)) return { kind: "transformer", space, ...folder };
  const made = await engine();
  const weights = await made.resident(folder.parameters);
  const table = await transformerTable({ engine: made, model: folder.architecture, space, weights });
  return { kind: "table", space, table, arm: armOf(table) };
};

/** Reads a model that must have a table. @param repair what to do where there are too many responses @throws InputError */
export const readTableModel = (path: string, output: Output, repair: string): Promise<FileModel> =>
  withEngine(output, { engine: "onnx" }, async (engine) => {
    const model = await readAnyModel(path, engine);
    if (model.kind === "table") return model;
    throw new InputError(`${path}: ${await tooManyFor(model.space)}: ${repair}`);
  });

/** Why a Transformer on a space has no table, in words. */
export const tooManyFor = async (space: Space): Promise<string> => {
  const { EXACT_RESPONSES_LIMIT } = await import("../learn/index.ts");
  const responses = countResponses(space);
  const many = responses > 10n ** 15n ? "far more" : responses;
  return `the space has ${many} responses, a table takes at most ${EXACT_RESPONSES_LIMIT}`;
};
