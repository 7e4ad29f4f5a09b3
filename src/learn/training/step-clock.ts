/** Share of the newest step in the running mean. */
const NEWEST = 0.1;

/** Times steps; what happens between `step` and `begin` does not count. */
export const stepClock = () => {
  let began = performance.now();
  let mean = 0;
  let count = 0;
  return {
    begin: () => {
      began = performance.now();
    },
    step: () => {
      const milliseconds = performance.now() - began;
      count++;
      mean += (milliseconds - mean) * Math.max(NEWEST, 1 / count);
      return milliseconds;
    },
    mean: () => mean,
  };
};
