/** Sums of residuals `Δ` along samples of the student: values in ascending order, each with how often it was seen. */
export interface ResidualSample {
  /** In nats, `[values]`; −∞ allowed. */
  readonly values: Float64Array;
  /** `[values]` */
  readonly counts: Float64Array;
  /** Sum of the counts. */
  readonly total: number;
}

/** So many of the smallest, and of the largest, are kept apart. */
const ENDS = 1024;

/** Groups that stand for all those between. */
const GROUPS = 2048;

/**
 * Sorts residuals and counts equal ones.
 *
 * Of more than 4,096 different ones those between the 1,024 smallest and the 1,024 largest are grouped, equally many to
 * a group, and stand at their group's mean: for intervals, to whose width a group's is nothing.
 */
export const residualSample = (residuals: Float64Array): ResidualSample => {
  const sorted = residuals.toSorted();
  const starts = startsOf(sorted);
  const values = Float64Array.from(starts, (start, i) => meanOf(sorted, start, starts[i + 1] ?? sorted.length));
  const counts = Float64Array.from(starts, (start, i) => (starts[i + 1] ?? sorted.length) - start);
  return { values, counts, total: sorted.length };
};

/** Where each value's or group's run begins. */
const startsOf = (sorted: Float64Array): number[] => {
  const starts: number[] = [];
  for (let i = 0; i < sorted.length; i++) if (i === 0 || sorted[i] !== sorted[i - 1]) starts.push(i);
  if (starts.length <= 2 * ENDS + GROUPS) return starts;
  const step = (starts.length - 2 * ENDS) / GROUPS;
  const grouped = Array.from({ length: GROUPS }, (_, i) => starts[ENDS + Math.floor(i * step)] as number);
  return [...starts.slice(0, ENDS), ...grouped, ...starts.slice(-ENDS)];
};

const meanOf = (sorted: Float64Array, start: number, end: number): number => {
  const first = sorted[start] as number;
  if (first === sorted[end - 1]) return first;
  let sum = 0;
  for (let i = start; i < end; i++) sum += (sorted[i] as number) - first;
  return first + sum / (end - start);
};

/** Moments of `Δ` under probabilities of its values, in nats. */
export interface Moments {
  /** `log E e^Δ` */
  readonly logMean: number;
  /** `E Δ` */
  readonly mean: number;
  /** `E[e^Δ Δ] / E e^Δ` */
  readonly tilted: number;
}

/** @param probabilities of the values, or one number that is the probability of each */
export const momentsOf = (values: Float64Array, probabilities: Float64Array | number): Moments => {
  const probability = (j: number) => (typeof probabilities === "number" ? probabilities : (probabilities[j] as number));
  let largest = -Infinity;
  for (let j = 0; j < values.length; j++) if (probability(j) > 0) largest = Math.max(largest, values[j] as number);
  if (largest === -Infinity) return { logMean: -Infinity, mean: -Infinity, tilted: -Infinity };
  let [sum, mean, tilted] = [0, 0, 0];
  for (let j = 0; j < values.length; j++) {
    const p = probability(j);
    if (p === 0) continue;
    const excess = (values[j] as number) - largest;
    const weight = p * Math.exp(excess);
    sum += weight;
    mean += p * excess;
    if (weight > 0) tilted += weight * excess;
  }
  return { logMean: largest + Math.log(sum), mean: largest + mean, tilted: largest + tilted / sum };
};
