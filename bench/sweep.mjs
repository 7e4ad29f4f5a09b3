// M on whole trees of some 20 million arcs, beside numpy. The floor for V = 8, T = 8, fixed length: 19 million exponentials; 153 MB of rewards read, 19 MB
// of logits (the last depth's are the rewards themselves) and 19 MB of values written to fresh memory.
import { tableOf, toLogits, tree } from "arbel";
import { runNumpy } from "./numpy.mjs";

const SIZES = [
  { tokens: 8, horizon: 8, eos: false },
  { tokens: 4, horizon: 12, eos: false },
  { tokens: 8, horizon: 8, eos: true },
];
const REPEATS = 9;

/** A table of pseudo-random rewards between −2 and 2 in ordinary arrays. */
const rewardsOf = (size) => {
  const space = tree(size);
  let state = 1;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 30;
  };
  const levels = Array.from({ length: size.horizon }, (_, depth) => {
    const last = size.eos && depth === size.horizon - 1;
    return Float64Array.from({ length: space.layer(depth).arcs }, (_, arc) =>
      last && arc % space.actions !== size.tokens ? -Infinity : next(),
    );
  });
  return tableOf(space, "reward", levels);
};

const timesOf = async (reward, options) => {
  toLogits(reward, options);
  await new Promise((resolve) => setTimeout(resolve, 200)); // workers start, code is optimised
  const times = Array.from({ length: REPEATS }, () => {
    const began = performance.now();
    toLogits(reward, options);
    return performance.now() - began;
  }).sort((a, b) => a - b);
  return { best: times[0], median: times[REPEATS >> 1] };
};

export const benchSweep = async () => {
  console.log("M on whole trees, milliseconds, best (median)");
  for (const size of SIZES) {
    const reward = rewardsOf(size);
    const plain = await timesOf(reward, { kernel: "reference" });
    const one = await timesOf(reward, { kernel: "wasm", threads: 1 });
    const two = await timesOf(reward, { kernel: "wasm", threads: 2 });
    const numpy = runNumpy("numpy_sweep.py", size.tokens, size.horizon, size.eos ? 1 : 0, REPEATS);
    console.log(`\nV = ${size.tokens}, T = ${size.horizon}${size.eos ? ", EOS" : ", fixed length"}`);
    const print = (name, { best, median }) =>
      console.log(
        `${name.padEnd(28)}${best.toFixed(0).padStart(5)} (${median.toFixed(0)})`.padEnd(44),
        `${(best / one.best).toFixed(2)} × one thread`,
      );
    print("arbel, TypeScript", plain);
    print("arbel, WASM, one thread", one);
    print("arbel, WASM, two threads", two);
    for (const [name, times] of Object.entries(numpy)) print(`numpy, ${name}`, times);
  }
};
