/** A function whose results are kept, the last used longest, within so many bytes. */
export const kept = <T>(
  compute: (key: number) => T,
  bytesOf: (value: T) => number,
  limit: number,
): ((key: number) => T) => {
  const values = new Map<number, T>();
  let bytes = 0;
  return (key) => {
    const found = values.get(key);
    if (found !== undefined) {
      values.delete(key);
      values.set(key, found);
      return found;
    }
    const value = compute(key);
    values.set(key, value);
    bytes += bytesOf(value);
    for (const [oldest, old] of values) {
      if (bytes <= limit || oldest === key) break;
      values.delete(oldest);
      bytes -= bytesOf(old);
    }
    return value;
  };
};
