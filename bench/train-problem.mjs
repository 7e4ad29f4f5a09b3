import { tree } from "arbel";
import { architecture, initialWeights, targetProbabilities, zipfTarget } from "arbel/learn";

const SEED = 7;

/**
 * One exact training problem, the same for every engine and for PyTorch: Zipf's law over all responses of a fixed length.
 *
 * @param {{ kind: "arm" | "ebm", actions: number, horizon: number, layers: number, width: number, heads: number }} size
 */
export const problemOf = ({ kind, actions, horizon, layers, width, heads }) => {
  const space = tree({ tokens: actions, horizon, eos: false });
  const model = architecture({ kind, actions, horizon, eos: false, layers, width, heads });
  return {
    space,
    model,
    weights: initialWeights(model, SEED),
    target: targetProbabilities(zipfTarget(space, { seed: SEED })),
  };
};

/** Tensors as the list that files are written from. */
export const listed = (tensors) => Object.entries(tensors).map(([name, value]) => ({ name, ...value }));
