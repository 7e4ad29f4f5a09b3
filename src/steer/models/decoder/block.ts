import type { KeysAndValues } from "./decoder-session.ts";

/** Keys and values that one run gave. */
export interface Block {
  readonly contexts: readonly (readonly number[])[];
  /** Size of the keys and values. */
  readonly bytes: number;
  /** Undefined once they are forgotten: whoever still knows the block does not hold their memory. */
  keysAndValues: KeysAndValues | undefined;
}
