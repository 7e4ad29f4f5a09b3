/** Mean and scatter of vectors that come one by one. */
export interface VectorMoments {
  add(vector: Float64Array): void;
  /** Mean of each number, `[size]`. */
  mean(): Float64Array;
  /** Sample variance of each number, `[size]`: the standard error of the mean is `√(variance / count)`. */
  variance(): Float64Array;
}

/** Running moments by Welford's recurrence, which does not cancel where the scatter is small. */
export const vectorMoments = (size: number): VectorMoments => {
  const mean = new Float64Array(size);
  const squares = new Float64Array(size);
  let count = 0;
  return {
    add: (vector) => {
      count++;
      for (let i = 0; i < size; i++) {
        const x = vector[i] as number;
        const before = x - (mean[i] as number);
        mean[i] = (mean[i] as number) + before / count;
        squares[i] = (squares[i] as number) + before * (x - (mean[i] as number));
      }
    },
    mean: () => mean.slice(),
    variance: () => squares.map((sum) => sum / Math.max(1, count - 1)),
  };
};
