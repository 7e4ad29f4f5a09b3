/** An estimate of a number judged over many batches. */
export interface Judged {
  /** What it tends to as batches grow, exactly. */
  readonly limit: number;
  /** Mean over the batches less the exact number. */
  readonly bias: number;
  readonly biasStandardError: number;
  /** Standard deviation of one batch's estimate. */
  readonly standardDeviation: number;
  readonly standardDeviationStandardError: number;
}

/** An estimate of a gradient judged over many batches; all lengths are relative to that of the exact gradient. */
export interface JudgedGradient {
  /** Distance of what it tends to as batches grow, exactly: 0 where it is unbiased, 1 where it is nothing. */
  readonly limitDistance: number;
  /** Cosine between what it tends to and the exact gradient; null where it tends to 0. */
  readonly limitCosine: number | null;
  /** Mean error along the exact gradient: −1 where the estimate has nothing of it, 0 where it is unbiased. */
  readonly bias: number;
  readonly biasStandardError: number;
  /** Length of the mean error in all directions. */
  readonly distance: number;
  /** The length that the mean error would have by chance if there were no bias. */
  readonly distanceByChance: number;
  /** Root of the mean squared distance of one batch's gradient from the mean. */
  readonly standardDeviation: number;
  readonly standardDeviationStandardError: number;
}

/** A limit whose length is below this share of the exact gradient's is 0 but for rounding. */
const NOTHING = 1e-10;

/** Judges the estimates of batches, at least 2, against an exact number. */
export const judgeValues = (estimates: readonly number[], limit: number, exact: number): Judged => {
  const { mean, standardError } = meanOf(estimates);
  return {
    limit,
    bias: mean - exact,
    biasStandardError: standardError,
    ...deviationOf(estimates.map((x) => (x - mean) ** 2)),
  };
};

/** Judges the gradients of batches, at least 2, against the exact one. */
export const judgeGradients = (
  gradients: readonly Float64Array[],
  limit: Float64Array,
  exact: Float64Array,
): JudgedGradient => {
  const size = Math.sqrt(dot(exact, exact));
  const mean = exact.map(
    (_, i) => gradients.reduce((sum, gradient) => sum + (gradient[i] as number), 0) / gradients.length,
  );
  const along = meanOf(gradients.map((gradient) => dot(gradient, exact) / size ** 2 - 1));
  const deviation = deviationOf(gradients.map((gradient) => distance(gradient, mean) ** 2 / size ** 2));
  const limitSize = Math.sqrt(dot(limit, limit));
  return {
    limitDistance: distance(limit, exact) / size,
    limitCosine: limitSize < NOTHING * size ? null : dot(limit, exact) / size / limitSize,
    bias: along.mean,
    biasStandardError: along.standardError,
    distance: distance(mean, exact) / size,
    distanceByChance: deviation.standardDeviation / Math.sqrt(gradients.length),
    ...deviation,
  };
};

const meanOf = (numbers: readonly number[]): { mean: number; standardError: number } => {
  const mean = numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
  const squares = numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return { mean, standardError: Math.sqrt(squares / (numbers.length - 1) / numbers.length) };
};

/** The root of a mean square, with its standard error by the delta method. */
const deviationOf = (squares: readonly number[]) => {
  const { mean, standardError } = meanOf(squares);
  const standardDeviation = Math.sqrt((mean * squares.length) / (squares.length - 1));
  return {
    standardDeviation,
    standardDeviationStandardError: standardDeviation > 0 ? standardError / (2 * standardDeviation) : 0,
  };
};

const dot = (x: Float64Array, y: Float64Array): number => x.reduce((sum, v, i) => sum + v * (y[i] as number), 0);

const distance = (x: Float64Array, y: Float64Array): number =>
  Math.sqrt(x.reduce((sum, v, i) => sum + (v - (y[i] as number)) ** 2, 0));
