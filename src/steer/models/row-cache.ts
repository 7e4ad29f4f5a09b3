import type { NextTokens } from "./language-model.ts";

/** Rows by context, of which those not asked for the longest are forgotten. */
export interface RowCache {
  get(key: string): NextTokens | undefined;
  set(key: string, row: NextTokens): void;
  clear(): void;
}

/** A cache of rows of `size` float64 numbers that takes at most `bytes`. */
export const rowCache = (bytes: number, size: number): RowCache => {
  const most = Math.floor(bytes / (8 * size));
  // a Map keeps the order in which keys were put in
  const rows = new Map<string, NextTokens>();
  return {
    get: (key) => {
      const row = rows.get(key);
      if (!row) return;
      rows.delete(key);
      rows.set(key, row);
      return row;
    },
    set: (key, row) => {
      rows.delete(key);
      rows.set(key, row);
      for (const oldest of rows.keys()) {
        if (rows.size <= most) break;
        rows.delete(oldest);
      }
    },
    clear: () => rows.clear(),
  };
};
