import type { LanguageModel } from "../../models/index.ts";
import type { SteerOptions } from "../settings.ts";
import { type SteerProgress, type SteerResult, steer } from "../steer.ts";
import type { Wish } from "../wish.ts";

/** A run to its end. */
export const steered = async (
  model: LanguageModel,
  wish: Wish,
  options: SteerOptions,
  seen: (progress: SteerProgress) => void = () => {},
): Promise<SteerResult> => {
  const run = steer(model, "", wish, options);
  for (let step = await run.next(); ; step = await run.next()) {
    if (step.done) return step.value;
    seen(step.value);
  }
};

/**
 * How far counts are from their expectations, in standard deviations of Pearson's statistic; cells that expect fewer than 5 are taken together.
 *
 * @param expected probabilities, in the order of the counts
 */
export const chiSquareExcess = (counts: readonly number[], expected: readonly number[]): number => {
  const total = counts.reduce((a, b) => a + b, 0);
  let [statistic, cells, restCount, restExpected] = [0, 0, 0, 0];
  for (const [i, count] of counts.entries()) {
    const mean = total * (expected[i] as number);
    if (mean < 5) {
      restCount += count;
      restExpected += mean;
      continue;
    }
    statistic += (count - mean) ** 2 / mean;
    cells++;
  }
  if (restExpected > 1) {
    statistic += (restCount - restExpected) ** 2 / restExpected;
    cells++;
  }
  const degrees = cells - 1;
  return (statistic - degrees) / Math.sqrt(2 * degrees);
};
