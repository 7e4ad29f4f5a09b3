// M on whole trees of some 20 million arcs, beside numpy. The floor for V = 8, T = 8, fixed length: 19 million exponentials; 153 MB of rewards read, 19 MB
// of logits (the last depth's are the rewards themselves) and 19 MB of values written, to fresh memory or over an earlier result's.
import { emptyLevels, tableOf, toLogits, tree } from "arbel";
import { runNumpy } from "./numpy.mjs";

const SIZES = [
  { tokens: 8, horizon: 8, eos: false },
  { tokens: 4, horizon: 12, eos: false },
  { tokens: 8, horizon: 8, eos: true },
];
const REPEATS = 21;

/** A table of pseudo-random rewards between −2 and 2 in the arrays of the library: large levels lie in shared memory. */
const rewardsOf = (size) => {
  const space = tree(size);
  let state = 1;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 30;
  };
  const levels = emptyLevels(space);
  for (const [depth, level] of levels.entries()) {
    const last = size.eos && depth === size.horizon - 1;
    for (let arc = 0; arc < level.length; arc++) {
      level[arc] = last && arc % space.actions !== size.tokens ? -Infinity : next();
    }
  }
  return tableOf(space, "reward", levels);
};

/** The same table in ordinary arrays, as a program has them that does not ask the library for memory. */
const ordinary = ({ space, kind, levels }) =>
  tableOf(
    space,
    kind,
    levels.map((level) => Float64Array.from(level)),
  );

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Times of several ways to sweep, in turn, so that what else the machine does hits all of them. */
const timesOf = async (ways) => {
  const times = ways.map(() => []);
  for (const way of ways) way();
  await pause(200); // workers start, code is optimised
  for (let turn = 0; turn < REPEATS; turn++) {
    for (const [index, way] of ways.entries()) {
      const began = performance.now();
      way();
      times[index].push(performance.now() - began);
      await pause(50); // garbage is collected
    }
  }
  return times.map((list) => {
    list.sort((a, b) => a - b);
    return { best: list[0], median: list[REPEATS >> 1] };
  });
};

export const benchSweep = async () => {
  console.log("M on whole trees, milliseconds, best (median)");
  for (const size of SIZES) {
    const reward = rewardsOf(size);
    const own = ordinary(reward);
    const out = toLogits(reward);
    const [plain, one, two, oneOut, twoOut, oneOrdinary, twoOrdinary] = await timesOf([
      () => toLogits(reward, { kernel: "reference" }),
      () => toLogits(reward, { kernel: "wasm", threads: 1 }),
      () => toLogits(reward, { kernel: "wasm", threads: 2 }),
      () => toLogits(reward, { kernel: "wasm", threads: 1, out }),
      () => toLogits(reward, { kernel: "wasm", threads: 2, out }),
      () => toLogits(own, { kernel: "wasm", threads: 1 }),
      () => toLogits(own, { kernel: "wasm", threads: 2 }),
    ]);
    const numpy = runNumpy("numpy_sweep.py", size.tokens, size.horizon, size.eos ? 1 : 0, REPEATS);
    console.log(`\nV = ${size.tokens}, T = ${size.horizon}${size.eos ? ", EOS" : ", fixed length"}`);
    const print = (name, { best, median }) =>
      console.log(
        `${name.padEnd(36)}${best.toFixed(0).padStart(5)} (${median.toFixed(0)})`.padEnd(52),
        `${(best / one.best).toFixed(2)} × one thread`,
      );
    print("arbel, TypeScript", plain);
    print("arbel, WASM, one thread", one);
    print("arbel, WASM, two threads", two);
    print("  over an earlier result, one", oneOut);
    print("  over an earlier result, two", twoOut);
    print("  rewards in ordinary memory, one", oneOrdinary);
    print("  rewards in ordinary memory, two", twoOrdinary);
    for (const [name, times] of Object.entries(numpy)) print(`numpy, ${name}`, times);
  }
};
