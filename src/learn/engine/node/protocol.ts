import type { Tensors } from "../tensor.ts";

/** Where a graph's input comes from: a resident, the chunk, all chunks of a run side by side, or their number. */
export interface Input {
  readonly port: string;
  readonly from: "resident" | "chunk" | "chunks" | "count";
  readonly name: string;
}

/** Where a step's inputs come from, and what it gives. */
export interface Ports {
  readonly inputs: readonly Input[];
  readonly outputs: readonly { readonly name: string; readonly shape: readonly number[] }[];
}

/** Resident tensors in memory that all threads see; the version tells whether a thread's copy is old. */
export interface SharedResident {
  readonly id: number;
  readonly version: number;
  readonly tensors: Tensors;
}

/** What a worker is asked to do. */
export type Request =
  | { readonly type: "session"; readonly id: number; readonly model: Uint8Array; readonly ports: Ports }
  | { readonly type: "drop"; readonly session: number }
  /** Ends the thread once what was asked before is done. */
  | { readonly type: "end" }
  | {
      readonly type: "run";
      readonly task: number;
      readonly session: number;
      readonly resident: SharedResident;
      readonly chunks: readonly Tensors[];
      /** A run for each chunk, one for all, or one whose outputs replace residents. */
      readonly mode: "each" | "all" | "update";
    };

/** What it answers to "run", and once to "session". */
export type Reply =
  | { readonly type: "ready"; readonly id: number }
  | { readonly type: "done"; readonly task: number; readonly outputs: readonly Tensors[] }
  | { readonly type: "failed"; readonly task: number; readonly message: string };
