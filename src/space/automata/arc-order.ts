/**
 * Order of arcs by source, then label, then place in the list.
 *
 * Two stable counting sorts: linear in arcs, states and labels, where comparing a million pairs takes a second.
 *
 * @param sources `[arcs]`, each `< states`
 * @param labels `[arcs]`, each `< labelCount`
 */
export const arcOrder = (sources: Int32Array, labels: Int32Array, states: number, labelCount: number): Int32Array => {
  return sortedBy(sortedBy(upTo(sources.length), labels, labelCount), sources, states);
};

/**
 * Indices sorted by their keys, ties in the given order.
 *
 * @param keys the key of each index, `< keyCount`
 */
export const sortedBy = (indices: Int32Array, keys: ArrayLike<number>, keyCount: number): Int32Array => {
  const next = new Int32Array(keyCount + 1);
  for (const index of indices) {
    const key = keys[index] as number;
    next[key + 1] = (next[key + 1] as number) + 1;
  }
  for (let key = 0; key < keyCount; key++) next[key + 1] = (next[key + 1] as number) + (next[key] as number);
  const sorted = new Int32Array(indices.length);
  for (const index of indices) {
    const key = keys[index] as number;
    sorted[next[key] as number] = index;
    next[key] = (next[key] as number) + 1;
  }
  return sorted;
};

/** `0 … count − 1` */
export const upTo = (count: number): Int32Array => {
  const indices = new Int32Array(count);
  for (let index = 0; index < count; index++) indices[index] = index;
  return indices;
};
