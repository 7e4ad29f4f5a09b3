/** The mean of some numbers. */
export const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;

/** The standard deviation of at least two numbers, unbiased in its square. */
export const deviation = (values: readonly number[]): number => {
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, x) => sum + (x - centre) ** 2, 0) / (values.length - 1));
};

/** The standard error of the mean of at least two numbers. */
export const standardError = (values: readonly number[]): number => deviation(values) / Math.sqrt(values.length);
