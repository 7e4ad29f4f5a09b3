// Exact samples of a V = 8, T = 4 model with EOS, one million a run. The floor: about 3.5 uniform numbers and one table row each a
// response. The peer draws all responses at once, depth by depth, from numpy's cumulative rows.
import { generator, gumbel, sample, tableOfArcs, toLogits, tree } from "arbel";
import { runNumpy } from "./numpy.mjs";

const COUNT = 1_000_000;

export const benchSampling = () => {
  const random = generator(1);
  const arm = toLogits(tableOfArcs(tree({ tokens: 8, horizon: 4, eos: true }), "reward", () => gumbel(random)));
  const times = Array.from({ length: 7 }, (_, seed) => {
    const began = performance.now();
    sample(arm, COUNT, { seed });
    return performance.now() - began;
  });
  const [best, peer] = [Math.min(...times), runNumpy("numpy_sampling.py", COUNT).milliseconds];
  console.log(`\nExact samples, V = 8, T = 4, EOS: ${(COUNT / best / 1e3).toFixed(2)} million a second`);
  console.log(
    `numpy ${(COUNT / peer / 1e3).toFixed(2)} million a second, numpy / arbel time ${(peer / best).toFixed(2)}`,
  );
};
