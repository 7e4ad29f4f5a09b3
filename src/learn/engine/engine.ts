import type { numpy } from "@jax-js/jax";
import type { Tensors } from "./tensor.ts";

/** Traced values by name. */
export type Arrays = Record<string, numpy.Array>;

/**
 * A pure function of resident tensors (weights, optimiser state) and one chunk of data, written with jax-js.
 *
 * jax-js moves its arrays: a use consumes, so every use but the last is written `.ref`.
 */
export type Step = (resident: Arrays, chunk: Arrays) => Arrays;

/** Tensors that stay on the engine's side between steps. */
export interface Resident {
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** A copy of the tensors as they are now. */
  read(): Promise<Tensors>;
  /** Replaces tensors; names and shapes are those of the resident. */
  write(tensors: Tensors): void;
}

/** A step that an engine has compiled for the shapes of its example. */
export interface Compiled {
  /** The outputs of each chunk, in order. */
  map(resident: Resident, chunks: readonly Tensors[]): Promise<Tensors[]>;
  /** The outputs summed over the chunks, in an order that depends on nothing but their number. */
  sum(resident: Resident, chunks: readonly Tensors[]): Promise<Tensors>;
  /** Runs once: outputs named like residents replace them, the others are returned. */
  update(resident: Resident, chunk: Tensors): Promise<Tensors>;
  /** Frees what the engine holds for this step. */
  dispose(): Promise<void>;
}

/** What the example tells a compiler: names, shapes and kinds; numbers do not matter. */
export interface Example {
  /** The residents that the step uses; at run time there may be more. */
  readonly resident: Tensors;
  readonly chunk: Tensors;
}

/** Compiles traced steps and runs them: jax-js as it is, or ONNX Runtime. */
export interface Engine {
  readonly name: "onnx" | "jax";
  readonly threads: number;
  /** Takes tensors to the engine's side. */
  resident(initial: Tensors): Resident;
  /** Compiles a step for the shapes of its example; refuses by name what it cannot compile. */
  compile(step: Step, example: Example): Promise<Compiled>;
  /** Ends the engine's threads; what it compiled runs no more. */
  dispose(): Promise<void>;
}
