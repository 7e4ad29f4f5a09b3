import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readTensorFile, writeTensorFile } from "arbel/files";
import { contestantsOf } from "./train-contestants.mjs";
import { listed, problemOf } from "./train-problem.mjs";

/** Seconds that one measurement may take, start of the process not counted, where a core does 50 GFLOP a second. */
const SECONDS = 4;

/** Steps of a measurement; the first of several is not counted. */
const stepsOf = ({ actions, horizon, layers, width }) => {
  const flop = actions ** horizon * horizon * layers * 12 * width ** 2 * 8;
  return Math.min(20, Math.max(1, Math.round((SECONDS * 5e10) / flop)));
};

/** Weights and target for PyTorch, in a file. */
const writeProblem = (size, path) => {
  const { weights, target } = problemOf(size);
  writeTensorFile(path, [{ name: "target", shape: [target.length], data: target }, ...listed(weights)], {});
};

/**
 * Runs all contestants of one size, round after round: times and processor times of all rounds (sorted, in milliseconds), peak memory, loss and
 * gradient at the first weights; or `refused` where the memory was not enough.
 */
export const compete = (size, { rounds, folder, ...options }) => {
  const job = { ...size, file: join(folder, "problem.safetensors"), steps: stepsOf(size) };
  const measure = (contestant, more) => {
    const file = join(folder, "job.json");
    writeFileSync(file, JSON.stringify({ ...job, ...contestant.job, ...more }));
    return contestant.run(file);
  };
  writeProblem(size, job.file);
  const entered = contestantsOf(size, options).map((contestant) => {
    const { candidates, name } = contestant;
    if (!candidates) return contestant;
    const { layout, chunk } = candidates.length > 1 ? measure(contestant, { candidates, steps: 0 }) : candidates[0];
    const chosen = chunk === 0 ? layout : `${layout}, ${chunk}`;
    return { ...contestant, name: `${name} (${chosen})`, job: { ...contestant.job, layout, chunk } };
  });
  const results = entered.map(({ name, threads, role }) => ({
    name,
    threads,
    role,
    times: [],
    processor: [],
    peak: 0,
  }));
  for (let round = 0; round < rounds; round++) {
    for (const [index, result] of results.entries()) {
      if (result.refused) continue;
      const gradient = round === 0 ? join(folder, `gradient-${index}.safetensors`) : undefined;
      const { times, processor, refused, peakMegabytes, loss } = measure(entered[index], { gradient });
      if (refused) result.refused = refused;
      if (refused) continue;
      if (gradient) Object.assign(result, { loss, gradient: readTensorFile(gradient).tensors });
      for (const [all, some] of [
        [result.times, times],
        [result.processor, processor],
      ]) {
        all.push(...some.slice(some.length > 1 ? 1 : 0));
        all.sort((a, b) => a - b);
      }
      result.peak = Math.max(result.peak, peakMegabytes);
    }
  }
  return results;
};
