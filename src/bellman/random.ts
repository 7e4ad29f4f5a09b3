import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import type { RandomGenerator } from "pure-rand/types/RandomGenerator";

export type { RandomGenerator } from "pure-rand/types/RandomGenerator";

/** Steps thrown away after seeding, since neighbouring seeds begin alike. */
const WARM_UP = 32;

/**
 * A generator of random bits (xoroshiro128+) from a seed; other streams of the same seed never overlap with it.
 *
 * @param seed a whole number from 0 to 2³² − 1
 * @param stream which of the seed's streams, each 2⁶⁴ steps long
 * @throws RangeError where the seed or the stream is out of range or not whole
 */
export const generator = (seed: number, stream = 0): RandomGenerator => {
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
    throw new RangeError(`"seed" must be a whole number from 0 to ${2 ** 32 - 1}, got ${String(seed)}`);
  }
  if (!Number.isSafeInteger(stream) || stream < 0) {
    throw new RangeError(`"stream" must be a whole number ≥ 0, got ${String(stream)}`);
  }
  const random = xoroshiro128plus(seed);
  for (let i = 0; i < WARM_UP; i++) random.next();
  for (let i = 0; i < stream; i++) random.jump();
  return random;
};

/** A uniform number in the open interval (0, 1), with 52 random bits. */
export const uniform = (random: RandomGenerator): number =>
  ((random.next() >>> 6) * 2 ** 26 + (random.next() >>> 6) + 0.5) * 2 ** -52;

/** A standard Gumbel number, `−log(−log u)`. */
export const gumbel = (random: RandomGenerator): number => -Math.log(-Math.log(uniform(random)));
