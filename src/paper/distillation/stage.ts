import type { Stage } from "../stage.ts";

/** A piece of work that is done at once: no longer than a signal may wait. */
export const atOnce = (work: () => unknown): Stage["run"] =>
  async function* () {
    yield 0;
    await work();
  };

/** Milliseconds of work between two chances for a page to paint and a signal to be heard. */
const BREATH = 100;

/**
 * Does work that tells after every piece how much of it is done, with a macrotask now and then.
 *
 * @param pieces yields the units done so far, out of `total`
 * @throws the signal's reason
 */
export async function* inBreaths(
  total: number,
  pieces: Iterable<number> | AsyncIterable<number>,
  signal?: AbortSignal,
): AsyncGenerator<number, void, void> {
  let begin = performance.now();
  for await (const done of pieces) {
    if (performance.now() - begin < BREATH) continue;
    await new Promise((resolve) => setTimeout(resolve));
    signal?.throwIfAborted();
    yield Math.min(1, done / total);
    begin = performance.now();
  }
}
