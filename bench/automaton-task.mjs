// One task on an automaton of 1,000 states × 50 tokens at horizon 200 (10 million arcs), alone in its process so that its
// peak memory is its own. Prints { milliseconds, peakMegabytes }. Run by automaton.mjs.
import { readFileSync } from "node:fs";
import { arcMarginals, automaton, entropy, generator, gumbel, kl, layered, tableOf, toLogits, uniform } from "arbel";

const [states, tokens, horizon] = [1_000, 50, 200];
const random = generator(1);
const machine = automaton({
  tokens,
  states,
  start: 0,
  arcs: Array.from({ length: states * tokens }, (_, arc) => [
    Math.floor(arc / tokens),
    arc % tokens,
    Math.floor(uniform(random) * states),
  ]),
  accept: Array.from({ length: states }, (_, state) => state),
});
const space = layered(machine, { horizon, eos: true });

/** A reward whose depths share their numbers, as the space shares its arcs. */
const homogeneousReward = () => {
  const [body, last] = [0, horizon - 1].map((depth) =>
    Float64Array.from({ length: space.layer(depth).arcs }, () => gumbel(random)),
  );
  return tableOf(space, "reward", [...new Array(horizon - 1).fill(body), last]);
};

const tasks = {
  M: (reward) => () => toLogits(reward),
  marginals: (reward) => {
    const arm = toLogits(reward);
    return () => arcMarginals(arm);
  },
  entropy: (reward) => {
    const arm = toLogits(reward);
    return () => entropy(arm);
  },
  KL: (reward) => {
    const [p, q] = [toLogits(reward), toLogits(homogeneousReward())];
    return () => kl(p, q);
  },
};

const run = tasks[process.argv[2]](homogeneousReward());
const began = performance.now();
run();
const milliseconds = performance.now() - began;
// not resourceUsage().maxRSS, which a process inherits from the one that started it
const [, kilobytes] = /VmHWM:\s*(\d+)/.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
console.log(JSON.stringify({ milliseconds, peakMegabytes: Number(kilobytes) / 1024 }));
