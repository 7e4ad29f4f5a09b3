import type { Tensors } from "../tensor.ts";

/** Where a step's inputs come from and what it gives, in the order of the graph. */
export interface Ports {
  readonly inputs: readonly { readonly port: string; readonly from: "resident" | "chunk"; readonly name: string }[];
  readonly outputs: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly kind: "float32" | "int32";
  }[];
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
      readonly mode: "map" | "sum" | "update";
    };

/** What it answers to "run", and once to "session". */
export type Reply =
  | { readonly type: "ready"; readonly id: number }
  | { readonly type: "done"; readonly task: number; readonly outputs: readonly Tensors[] }
  | { readonly type: "failed"; readonly task: number; readonly message: string };
