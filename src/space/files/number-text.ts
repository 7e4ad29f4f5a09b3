/** A table's number in JSON, read back bit for bit: the shortest text of a float64, and `null` for −∞. */
export const entryText = (x: number): string => {
  if (x === -Infinity) return "null";
  // JSON.stringify would drop the sign of −0
  return Object.is(x, -0) ? "-0" : String(x);
};

/** Whether two arrays hold the same numbers, the sign of 0 included. */
export const sameNumbers = (a: Float64Array, b: Float64Array): boolean => {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
};
