import type { DecoderSession, KeysAndValues } from "./decoder-session.ts";
import type { KnownPrefix } from "./prefix-cache.ts";

/**
 * Keys and values of a batch whose contexts go on from known prefixes of one length.
 *
 * Where they are all rows of one run, in order and whole, they are that run's: nothing is copied.
 */
export const gather = (
  shapes: DecoderSession["parts"],
  prefixes: readonly (KnownPrefix | undefined)[],
): KeysAndValues => {
  const rows = prefixes.length;
  const length = prefixes[0]?.length ?? 0;
  const first = prefixes[0]?.keysAndValues;
  const isOneRun = prefixes.every((prefix, row) => prefix?.keysAndValues === first && prefix?.row === row);
  if (first && isOneRun && first.rows === rows && first.length === length) return first;
  const parts = shapes.map(({ heads, width }, part) => {
    const out = new Float32Array(rows * heads * length * width);
    for (const [row, prefix] of prefixes.entries()) {
      if (!prefix) continue;
      const { keysAndValues, row: from } = prefix;
      const data = keysAndValues.parts[part] as Float32Array;
      for (let head = 0; head < heads; head++) {
        const start = (from * heads + head) * keysAndValues.length * width;
        out.set(data.subarray(start, start + length * width), (row * heads + head) * length * width);
      }
    }
    return out;
  });
  return { rows, length, parts };
};
