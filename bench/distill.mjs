// Distillation by sampled reverse KL: a Transformer student, the whole loop (draw, score, leave-one-out baseline, gradient, Adam), beside the
// same loop in PyTorch. Every measurement is a process of its own, and contestants take turns.
//
//   node bench/distill.mjs [--samples 256,512] [--threads 1,2] [--engines onnx] [--rounds 3] [--steps 200]
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { policy } from "arbel";
import { writeTensorFile } from "arbel/files";
import { zipfTarget } from "arbel/learn";
import { HUGE_PAGES, PYTHON, runChild, TUNED, torchVersion } from "./train-contestants.mjs";
import { listed, problemOf } from "./train-problem.mjs";

const SIZE = { actions: 8, horizon: 4, layers: 2, width: 64, heads: 4 };
const TARGET_SEED = 7;

const DEFAULTS = { samples: "256,512", threads: "1,2", engines: "onnx", rounds: "3", steps: "200" };

const LAYOUTS = ["columns", "products", "matmul"];
const CACHED = ["columns", "rows"];

/** Ways of PyTorch, each with its layouts to choose the fastest from; the last shares our trick. */
const WAYS = [
  { name: "whole sequences", way: "whole", layouts: LAYOUTS },
  { name: "cache, then all positions", way: "cache", layouts: LAYOUTS },
  { name: "cache, taped", way: "taped", layouts: CACHED },
  { name: "each distinct prefix once", way: "distinct", layouts: CACHED, sharing: true },
];

const torch = (threads, { name, way, layouts, sharing = false }, environment = {}, more = "") => ({
  name: `PyTorch, ${name}${more}`,
  threads,
  role: sharing ? "sharing" : "peer",
  candidates: layouts.map((layout) => ({ way, layout })),
  run: (file) => runChild(PYTHON, "torch/distill.py", file, { ...TUNED, ...environment }),
});

const arbel = (threads, engine, environment = {}, more = "") => ({
  name: `Arbel, ${engine === "jax" ? "jax-js" : "ONNX Runtime"}${more}`,
  threads,
  role: "ours",
  job: { engine },
  run: (file) => runChild(process.execPath, "distill-case.mjs", file, environment),
});

const contestants = ({ threads, engines }) =>
  threads.flatMap((count) => [
    ...engines.filter((engine) => engine === "onnx" || count === 1).map((engine) => arbel(count, engine)),
    arbel(count, "onnx", HUGE_PAGES, ", huge pages"),
    ...WAYS.map((way) => torch(count, way)),
    ...WAYS.map((way) => torch(count, way, HUGE_PAGES, ", huge pages")),
  ]);

/** Weights and the target's log-probabilities for PyTorch, in a file. */
const writeProblem = (path) => {
  const { space, weights } = problemOf({ ...SIZE, kind: "arm" });
  const { levels } = policy(zipfTarget(space, { seed: TARGET_SEED }));
  let logs = [0];
  for (const level of levels) logs = Array.from(level, (log, arc) => log + logs[Math.floor(arc / SIZE.actions)]);
  writeTensorFile(
    path,
    [{ name: "target", shape: [logs.length], data: Float64Array.from(logs) }, ...listed(weights)],
    {},
  );
};

const best = (sorted) => sorted[0];
const median = (sorted) => sorted[sorted.length >> 1];
/** Steps at the beginning that are not counted: ours compiles for the sizes that come up, and V8 what runs often. */
const WARM_UP = 40;

const compete = ({ folder, samples, rounds, steps, ...options }) => {
  const job = { ...SIZE, samples, steps, seed: 1, target: TARGET_SEED, file: join(folder, "problem.safetensors") };
  const measure = (contestant, more) => {
    const file = join(folder, "job.json");
    writeFileSync(file, JSON.stringify({ ...job, threads: contestant.threads, ...contestant.job, ...more }));
    return contestant.run(file);
  };
  const entered = contestants(options).map((contestant) => {
    if (!contestant.candidates) return contestant;
    const choice = measure(contestant, { candidates: contestant.candidates });
    return { ...contestant, name: `${contestant.name} (${choice.layout})`, job: choice };
  });
  const results = entered.map((of) => ({ ...of, times: [], processor: [], divergences: [] }));
  for (let round = 0; round < rounds; round++) {
    for (const result of results) {
      const { times, processor, divergence } = measure(result, { seed: 1 + round });
      result.times.push(...times.slice(WARM_UP));
      result.processor.push(...processor.slice(WARM_UP));
      result.divergences.push(divergence);
    }
  }
  for (const { times, processor } of results) for (const list of [times, processor]) list.sort((a, b) => a - b);
  return results;
};

const print = (samples, steps, results) => {
  console.log(
    `\nReverse KL from ${samples} samples a step, V = 8, T = 4, 2 layers, width 64, 4 heads; ` +
      "samples a second by best times; ratio to the fastest PyTorch without our trick, by best times (processor time)\n" +
      row("threads", "", "ms best (median)", "processor", "samples/s", "ratio", `KL at ${steps}`),
  );
  for (const { name, threads, times, processor, divergences } of results) {
    const peers = results.filter((of) => of.role === "peer" && of.threads === threads);
    const ratio = (of) => (Math.min(...peers.map(of)) / of({ times, processor })).toFixed(2);
    const ratios = `${ratio((run) => best(run.times))} (${ratio((run) => median(run.processor))})`;
    const divergence = divergences.reduce((sum, x) => sum + x, 0) / divergences.length;
    const speed = ((1000 * samples) / best(times)).toFixed(0);
    const both = `${best(times).toFixed(1)} (${median(times).toFixed(1)})`;
    console.log(row(threads, name, both, median(processor).toFixed(1), speed, ratios, divergence.toFixed(3)));
  }
};

const WIDTHS = [18, 11, 11, 14, 12];
const row = (threads, name, ...cells) =>
  `${String(threads).padEnd(8)}${name.padEnd(62)}${cells.map((cell, index) => cell.padStart(WIDTHS[index])).join("")}`;

const { values } = parseArgs({
  options: Object.fromEntries(
    Object.entries(DEFAULTS).map(([name, value]) => [name, { type: "string", default: value }]),
  ),
});
const version = torchVersion();
if (version) {
  console.log(`Distillation beside PyTorch ${version}; the machine's load before: ${loadavg()[0].toFixed(1)}`);
  const folder = mkdtempSync(join(tmpdir(), "arbel-bench-"));
  try {
    writeProblem(join(folder, "problem.safetensors"));
    const [threads, steps] = [values.threads.split(",").map(Number), Number(values.steps)];
    for (const samples of values.samples.split(",").map(Number)) {
      const settings = {
        folder,
        samples,
        steps,
        threads,
        engines: values.engines.split(","),
        rounds: Number(values.rounds),
      };
      print(samples, steps, compete(settings));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
} else {
  console.log("Not measured: the peer is missing (Debian: apt-get install python3-torch libopenblas0-pthread).");
}
