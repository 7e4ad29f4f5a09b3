import { existsSync } from "node:fs";
import type { DistillState, NumberTensors } from "../../learn/index.ts";
import { InputError, readTensorFile, type TensorFile, writeTensorFile } from "../../space/files/index.ts";
import type { StudentPoint } from "./student-run.ts";

const FORMAT = "arbel-reproduce-distillation";
/** Logits of the finished student, depth by depth. */
const TABLE = "table";

/** Where the distillation of a Transformer is: enough to go on with the same numbers, or to draw the report. */
export interface SavedStudent {
  /** While it runs, all that decides its future. */
  readonly state?: DistillState;
  /** Once it has ended, its logits, depth by depth. */
  readonly table?: Float32Array;
  readonly points: readonly StudentPoint[];
  /** Wall time so far, in seconds. */
  readonly seconds: number;
}

/**
 * Writes a run's state, whole or not at all.
 *
 * @param run what decides its numbers
 */
export const writeStudent = (path: string, run: string, { state, table, points, seconds }: SavedStudent): void => {
  const tensors = Object.entries(state?.tensors ?? {});
  const small = tensors.filter(([, { data }]) => data instanceof Float64Array);
  writeTensorFile(
    path,
    [
      ...tensors.flatMap(([name, { shape, data }]) => (data instanceof Float64Array ? [] : [{ name, shape, data }])),
      ...(table ? [{ name: TABLE, shape: [table.length], data: table }] : []),
    ],
    {
      format: FORMAT,
      run,
      seconds: String(seconds),
      points: JSON.stringify(points),
      ...(state ? { step: String(state.step) } : {}),
      // the few numbers that an objective remembers are 64-bit floats, which these files do not hold
      doubles: JSON.stringify(small.map(([name, { shape, data }]) => ({ name, shape, data: Array.from(data) }))),
    },
  );
};

/** The state of a run, or undefined where the file is missing, damaged, or of a run with other options. */
export const readStudent = (path: string, run: string): SavedStudent | undefined => {
  if (!existsSync(path)) return undefined;
  const file = tryReading(path);
  if (!file || file.metadata.format !== FORMAT || file.metadata.run !== run) return undefined;
  const { step, seconds, points = "[]", doubles = "[]" } = file.metadata;
  const common = { points: JSON.parse(points) as StudentPoint[], seconds: Number(seconds) };
  const { [TABLE]: table, ...tensors } = file.tensors;
  if (table) return { ...common, table: table.data as Float32Array };
  const wide = (JSON.parse(doubles) as { name: string; shape: number[]; data: number[] }[]).map(
    ({ name, shape, data }) => [name, { shape, data: Float64Array.from(data) }] as const,
  );
  const all: NumberTensors = { ...tensors, ...Object.fromEntries(wide) };
  return { ...common, state: { step: Number(step), tensors: all } };
};

const tryReading = (path: string): TensorFile | undefined => {
  try {
    return readTensorFile(path);
  } catch (error) {
    // what is damaged is done again
    if (error instanceof InputError) return undefined;
    throw error;
  }
};
