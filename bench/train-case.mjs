// One measurement of train.mjs on one of our engines, in a process of its own so that its peak memory is its own. Takes a job
// file, prints { loss, times, processor, peakMegabytes }, and writes the gradient at the first weights where the job asks for it.
import { readFileSync } from "node:fs";
import { writeTensorFile } from "arbel/files";
import { exactArmRisk, exactEbmRisk, jaxEngine, train } from "arbel/learn";
import { onnxEngine } from "arbel/learn/onnx";
import { listed, problemOf } from "./train-problem.mjs";

const job = JSON.parse(readFileSync(process.argv[2], "utf8"));
const { space, model, weights, target } = problemOf(job);
const engine = await (job.engine === "jax" ? jaxEngine() : onnxEngine({ threads: job.threads }));
const risk = await (job.kind === "ebm" ? exactEbmRisk : exactArmRisk)({ engine, model, space, target });
if (job.gradient) {
  const { gradient } = await risk.gradient(await engine.resident(weights), { seed: 0, step: 0 });
  writeTensorFile(job.gradient, listed(gradient), {});
}
/** Milliseconds of processor time since the process began, all threads. */
const used = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
const steps = [];
const processor = [];
let before = used();
for await (const step of train({ engine, risk, parameters: weights, seed: 0, steps: job.steps })) {
  steps.push(step);
  processor.push(used() - before);
  before = used();
}
console.log(
  JSON.stringify({
    loss: steps[0].risk,
    times: steps.map(({ stepMilliseconds }) => stepMilliseconds),
    processor,
    peakMegabytes: process.resourceUsage().maxRSS / 1024,
  }),
);
await engine.dispose();
