/** 97.5 % quantile of the normal distribution. */
const Z = 1.959963984540054;

/**
 * 97.5 % quantile of Student's t: a 95 % interval is the mean ± so many standard errors, from `degrees + 1` normal numbers.
 *
 * In closed form for 1 and 2 degrees of freedom; else by the expansion of Abramowitz and Stegun, 26.7.5, to 0.3 %.
 */
export const studentQuantile = (degrees: number): number => {
  if (degrees === 1) return Math.tan(0.475 * Math.PI);
  if (degrees === 2) return 0.95 * Math.sqrt(2 / (4 * 0.975 * 0.025));
  const z2 = Z * Z;
  const terms = [
    1,
    (z2 + 1) / 4,
    (5 * z2 ** 2 + 16 * z2 + 3) / 96,
    (3 * z2 ** 3 + 19 * z2 ** 2 + 17 * z2 - 15) / 384,
    (79 * z2 ** 4 + 776 * z2 ** 3 + 1482 * z2 ** 2 - 1920 * z2 - 945) / 92_160,
  ];
  return terms.reduce((sum, term, power) => sum + (Z * term) / degrees ** power, 0);
};
