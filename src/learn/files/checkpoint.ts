import { InputError, readTensorFile, writeTensorFile } from "../../space/files/index.ts";
import { type Tensors, tensor } from "../engine/tensor.ts";
import { MEMORY, type TrainingState } from "../training/train.ts";

const FORMAT = "arbel-checkpoint";
const VERSION = 1;

/** A moment of a training run: from it, the run ends with the numbers that it would have had undisturbed. */
export interface Checkpoint extends TrainingState {
  /** What decides the numbers of the run, as JSON: resuming anything else is refused. */
  readonly run: string;
}

/**
 * Writes a checkpoint, whole or not at all: the one before stays whole until the new one is on the disk.
 *
 * Tensors are those that the optimiser changes, F32; `step` says how many steps were made, which with the run's seed also
 * decides which data come next.
 *
 * @throws InputError naming the file and the repair, where the system refuses
 */
export const writeCheckpoint = (path: string, { step, tensors, run }: Checkpoint): void => {
  const list = Object.entries(tensors).map(([name, { shape, data }]) => ({ name, shape, data }));
  writeTensorFile(path, list, { format: FORMAT, version: String(VERSION), step: String(step), run });
};

/**
 * Reads a checkpoint.
 *
 * @param expected.run what the run is
 * @param expected.shapes what its tensors must be; those that the risk remembers may have any shape
 * @throws InputError, one sentence, where the file is truncated, of another version, run or shape, or its numbers are not finite
 */
export const readCheckpoint = (
  path: string,
  expected: { readonly run: string; readonly shapes: Readonly<Record<string, readonly number[]>> },
): Checkpoint => {
  const { metadata, tensors } = readTensorFile(path);
  if (metadata.format !== FORMAT) throw new InputError(`${path}: is no checkpoint of arbel train: name another folder`);
  if (metadata.version !== String(VERSION)) {
    throw new InputError(
      `${path}: is of version ${metadata.version}, but this arbel knows version ${VERSION} only: ` +
        "resume with the arbel that wrote it, or begin again in another folder",
    );
  }
  const isMemory = ([name]: readonly [string, unknown]) => name.startsWith(MEMORY);
  const memory = Object.fromEntries(Object.entries(tensors).filter(isMemory));
  const others = Object.fromEntries(Object.entries(tensors).filter((entry) => !isMemory(entry)));
  const checked = checkShapes(path, others, expected.shapes, "the run's options ask for");
  if (metadata.run !== expected.run) {
    throw new InputError(`${path}: is of another run than run.json describes: begin again in another folder`);
  }
  const step = Number(metadata.step);
  if (!/^\d+$/.test(metadata.step ?? "") || !Number.isSafeInteger(step)) {
    throw new InputError(
      `${path}: its step is ${JSON.stringify(metadata.step)}, no number: begin again in another folder`,
    );
  }
  return { step, tensors: { ...checked, ...memory }, run: expected.run };
};

/**
 * Refuses tensors that are not exactly those of some shapes, or not finite; gives them back as the engine's.
 *
 * @param who what the shapes come from, for the message
 */
export const checkShapes = (
  path: string,
  tensors: Tensors,
  shapes: Readonly<Record<string, readonly number[]>>,
  who: string,
): Tensors => {
  for (const [name, shape] of Object.entries(shapes)) {
    const found = tensors[name];
    if (!found) throw new InputError(`${path}: tensor "${name}" is missing, which ${who}: it is of another model`);
    if (found.shape.join() !== shape.join()) {
      throw new InputError(
        `${path}: tensor "${name}" has shape [${found.shape}], but ${who} [${shape}]: it is of another model`,
      );
    }
    if (!(found.data instanceof Float32Array)) throw new InputError(`${path}: tensor "${name}" must be of dtype "F32"`);
    const at = found.data.findIndex((x) => !Number.isFinite(x));
    if (at >= 0) {
      throw new InputError(`${path}: tensor "${name}" holds ${found.data[at]} at place ${at}: the file is damaged`);
    }
  }
  const unknown = Object.keys(tensors).find((name) => !Object.hasOwn(shapes, name));
  if (unknown !== undefined) {
    throw new InputError(`${path}: tensor ${JSON.stringify(unknown)} is not among those that ${who}: remove it`);
  }
  return Object.fromEntries(Object.keys(shapes).map((name) => [name, copyOf(tensors, name)]));
};

const copyOf = (tensors: Tensors, name: string) => {
  const { shape, data } = tensors[name] as Tensors[string];
  return tensor(shape, data);
};
