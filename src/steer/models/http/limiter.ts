/** Runs at most `most` works at a time; the others wait in order, and leave the queue when their signal is aborted. */
export const limiter = (most: number) => {
  let running = 0;
  const waiting: (() => void)[] = [];
  const place = (signal: AbortSignal | undefined): Promise<void> =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      if (running < most) {
        running++;
        resolve();
        return;
      }
      const leave = () => {
        waiting.splice(waiting.indexOf(enter), 1);
        reject(signal?.reason);
      };
      const enter = () => {
        signal?.removeEventListener("abort", leave);
        resolve();
      };
      waiting.push(enter);
      signal?.addEventListener("abort", leave, { once: true });
    });
  return async <T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> => {
    await place(signal);
    try {
      return await work();
    } finally {
      // whoever waits takes the place over
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
};
