import { createHash } from "node:crypto";
import { InputError, readNumberFile, writeTensorFile } from "../../space/files/index.ts";
import { type Tensors, tensor } from "../engine/tensor.ts";
import type { NumberTensors } from "../number-tensor.ts";
import { MEMORY, type TrainingState } from "../training/train.ts";

const FORMAT = "arbel-checkpoint";
const VERSION = 1;

/** A moment of a training run: from it, the run ends with the numbers that it would have had undisturbed. */
export interface Checkpoint extends TrainingState {
  /** What decides the numbers of the run, as JSON: resuming anything else is refused. */
  readonly run: string;
}

/** The same of a run some of whose numbers are float64, such as the distillation of a table. */
export interface NumberCheckpoint {
  /** Steps made so far. */
  readonly step: number;
  readonly tensors: NumberTensors;
  /** What decides the numbers of the run, as JSON. */
  readonly run: string;
}

/**
 * Writes a checkpoint, whole or not at all: the one before stays whole until the new one is on the disk.
 *
 * Tensors are those that the optimiser changes, F32 or F64; `step` says how many steps were made, which with the run's seed
 * also decides which data come next.
 *
 * @throws InputError naming the file and the repair, where the system refuses
 */
export const writeCheckpoint = (path: string, { step, tensors, run }: Checkpoint | NumberCheckpoint): void => {
  const list = Object.entries(tensors).map(([name, { shape, data }]) => ({ name, shape, data }));
  // wide numbers first, so that all stay aligned in the file
  list.sort((a, b) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT);
  const digest = digestOf(tensors);
  writeTensorFile(path, list, { format: FORMAT, version: String(VERSION), step: String(step), run, digest });
};

/** SHA-256 of all names and numbers: a disk that changes a bit must not change where a run ends. Shapes are checked by whoever reads. */
const digestOf = (tensors: NumberTensors): string => {
  const hash = createHash("sha256");
  for (const name of Object.keys(tensors).sort()) {
    const { data } = tensors[name] as NumberTensors[string];
    hash.update(JSON.stringify(name));
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest("hex");
};

/**
 * Reads a checkpoint of training.
 *
 * @param expected.run what the run is
 * @param expected.shapes what its tensors must be; those that the risk remembers may have any shape
 * @throws InputError, one sentence, where the file is truncated, of another version, run or shape, or its numbers are not finite
 */
export const readCheckpoint = (
  path: string,
  expected: { readonly run: string; readonly shapes: Readonly<Record<string, readonly number[]>> },
): Checkpoint => {
  const { metadata, tensors } = readFormat(path);
  const isMemory = ([name]: readonly [string, unknown]) => name.startsWith(MEMORY);
  const memory = Object.fromEntries(Object.entries(tensors).filter(isMemory));
  const others = Object.fromEntries(Object.entries(tensors).filter((entry) => !isMemory(entry)));
  const checked = checkShapes(path, others, expected.shapes, "the run's options ask for");
  checkRun(path, metadata, expected.run);
  return { step: stepOf(path, metadata), tensors: { ...checked, ...(memory as Tensors) }, run: expected.run };
};

/**
 * Reads a checkpoint whose names, shapes and kinds of numbers its run checks itself.
 *
 * @param run what the run is
 * @throws InputError, one sentence, where the file is truncated, of another version or run, or its numbers are not finite
 */
export const readNumberCheckpoint = (path: string, run: string): NumberCheckpoint => {
  const { metadata, tensors } = readFormat(path);
  checkRun(path, metadata, run);
  for (const [name, { data }] of Object.entries(tensors)) checkNumbers(path, name, data);
  return { step: stepOf(path, metadata), tensors, run };
};

const readFormat = (path: string) => {
  const file = readNumberFile(path);
  if (file.metadata.format !== FORMAT) throw new InputError(`${path}: is no checkpoint of a run: name another folder`);
  if (file.metadata.version !== String(VERSION)) {
    throw new InputError(
      `${path}: is of version ${file.metadata.version}, but this arbel knows version ${VERSION} only: ` +
        "resume with the arbel that wrote it, or begin again in another folder",
    );
  }
  const { digest } = file.metadata;
  if (digest !== undefined && digest !== digestOf(file.tensors)) {
    throw new InputError(
      `${path}: its numbers are not those that were written: the file is damaged, begin again in another folder`,
    );
  }
  return file;
};

const checkRun = (path: string, metadata: Readonly<Record<string, string>>, run: string): void => {
  if (metadata.run === run) return;
  throw new InputError(`${path}: is of another run than run.json describes: begin again in another folder`);
};

const stepOf = (path: string, metadata: Readonly<Record<string, string>>): number => {
  const step = Number(metadata.step);
  if (/^\d+$/.test(metadata.step ?? "") && Number.isSafeInteger(step)) return step;
  throw new InputError(
    `${path}: its step is ${JSON.stringify(metadata.step)}, no number: begin again in another folder`,
  );
};

const checkNumbers = (path: string, name: string, data: NumberTensors[string]["data"]): void => {
  const at = data.findIndex((x) => !Number.isFinite(x));
  if (at >= 0) throw new InputError(`${path}: tensor "${name}" holds ${data[at]} at place ${at}: the file is damaged`);
};

/**
 * Refuses tensors that are not exactly those of some shapes, or not finite; gives them back as the engine's.
 *
 * @param who what the shapes come from, for the message
 */
export const checkShapes = (
  path: string,
  tensors: NumberTensors,
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
    checkNumbers(path, name, found.data);
  }
  const unknown = Object.keys(tensors).find((name) => !Object.hasOwn(shapes, name));
  if (unknown !== undefined) {
    throw new InputError(`${path}: tensor ${JSON.stringify(unknown)} is not among those that ${who}: remove it`);
  }
  return Object.fromEntries(Object.keys(shapes).map((name) => [name, copyOf(tensors, name)]));
};

const copyOf = (tensors: NumberTensors, name: string) => {
  const { shape, data } = tensors[name] as Tensors[string];
  return tensor(shape, data);
};
