import { InputError, type Space } from "../space/index.ts";

/** Most tokens of samples held at once: 1 GiB. */
const TOKENS_LIMIT = 2 ** 28;

/** Refuses a number of samples that might not fit in memory. */
export const checkMemory = (option: string, samples: number, space: Space): void => {
  const most = Math.floor(TOKENS_LIMIT / space.horizon);
  if (samples > most) {
    throw new InputError(
      `${option} ${samples}: with horizon ${space.horizon}, at most ${most} samples fit in memory: run several seeds`,
    );
  }
};
