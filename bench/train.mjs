// One step of exact training (all responses: forward, backward, Adam) on both engines beside PyTorch, same weights, same target.
// Every measurement is a process of its own, and contestants take turns, so that a noisy minute hits all of them.
//
//   node bench/train.mjs [--kinds ebm,arm] [--spaces 8x4] [--sizes 1x32,2x64,4x128] [--threads 1,2] [--engines onnx,jax] [--rounds 3]
import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { compete } from "./train-contest.mjs";
import { torchVersion } from "./train-contestants.mjs";
import { printTable } from "./train-table.mjs";

/** Attention heads by width. */
const HEADS = { 32: 2, 64: 4, 128: 4 };

/** What is measured by default. */
const DEFAULTS = {
  kinds: "ebm,arm",
  spaces: "8x4",
  sizes: "1x32,2x64,4x128",
  threads: "1,2",
  engines: "onnx,jax",
  rounds: "3",
};

/** Every kind of model, space (tokens x horizon) and size (layers x width), in that order. */
const sizesOf = ({ kinds, spaces, sizes }) =>
  kinds
    .split(",")
    .flatMap((kind) =>
      pairs(spaces).flatMap(([actions, horizon]) =>
        pairs(sizes).map(([layers, width]) => ({ kind, actions, horizon, layers, width, heads: HEADS[width] })),
      ),
    );

const pairs = (text) => text.split(",").map((pair) => pair.split("x").map(Number));

/** Measures and prints; fails the process where losses or gradients disagree. */
export const benchTrain = (options = {}) => {
  const { threads, engines, rounds, ...which } = { ...DEFAULTS, ...options };
  const version = torchVersion();
  if (!version) {
    console.log(
      "\nTraining is not measured: its peer is missing (Debian: apt-get install python3-torch libopenblas0-pthread).",
    );
    return;
  }
  console.log(
    `\nExact training steps beside PyTorch ${version}; the machine's load before: ${loadavg()[0].toFixed(1)}`,
  );
  const folder = mkdtempSync(join(tmpdir(), "arbel-bench-"));
  const counts = threads.split(",").map(Number);
  try {
    for (const size of sizesOf(which)) {
      const settings = { rounds: Number(rounds), threads: counts, engines: engines.split(","), folder };
      if (!printTable(size, compete(size, settings))) process.exitCode = 1;
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const options = Object.fromEntries(
    Object.entries(DEFAULTS).map(([name, value]) => [name, { type: "string", default: value }]),
  );
  benchTrain(parseArgs({ options }).values);
}
