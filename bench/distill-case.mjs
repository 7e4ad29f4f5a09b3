// One measurement of distill.mjs on one of our engines, in a process of its own. Takes a job file, prints
// { divergence, times, processor, peakMegabytes }.
import { readFileSync } from "node:fs";
import { distill, jaxEngine, transformerStudent, zipfTarget } from "arbel/learn";
import { onnxEngine } from "arbel/learn/onnx";
import { problemOf } from "./train-problem.mjs";

const job = JSON.parse(readFileSync(process.argv[2], "utf8"));
const { space, model, weights } = problemOf({ ...job, kind: "arm" });
const engine = await (job.engine === "jax" ? jaxEngine() : onnxEngine({ threads: job.threads }));
const run = distill({
  target: zipfTarget(space, { seed: job.target }),
  student: transformerStudent({ engine, from: { model, parameters: weights } }),
  objective: "reverse-kl",
  samplesPerStep: job.samples,
  steps: job.steps,
  seed: job.seed,
  klEvery: job.steps,
});
/** Milliseconds of processor time since the process began, all threads. */
const used = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
const [times, processor] = [[], []];
let before = used();
let divergence;
for await (const { stepMilliseconds, kl } of run) {
  times.push(stepMilliseconds);
  processor.push(used() - before);
  if (kl) divergence = kl.reverse;
  before = used();
}
console.log(JSON.stringify({ divergence, times, processor, peakMegabytes: process.resourceUsage().maxRSS / 1024 }));
await engine.dispose();
