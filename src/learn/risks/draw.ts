import { generator, type RandomGenerator } from "../../bellman/index.ts";
import type { Draw } from "./risk.ts";

/**
 * The random numbers of a draw, by its seed and step alone.
 *
 * The step is stirred into the seed (the finaliser of MurmurHash3), since jumping the generator once for every step made
 * before would take longer and longer.
 *
 * @param purpose tells apart the streams that one draw needs
 */
export const drawGenerator = ({ seed, step }: Draw, purpose = 0): RandomGenerator => {
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
    throw new RangeError(`"seed" must be a whole number from 0 to ${2 ** 32 - 1}, got ${String(seed)}`);
  }
  return generator(stirred(stirred(seed) + step) >>> 0, purpose);
};

const stirred = (number: number): number => {
  let h = (number + 0x9e3779b9) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
};
