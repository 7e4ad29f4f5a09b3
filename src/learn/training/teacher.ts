import { type Table, type Tree, tableOf } from "../../space/index.ts";
import type { Engine } from "../engine/engine.ts";
import { architecture } from "../models/architecture.ts";
import { initialWeights } from "../models/initialise.ts";
import { transformerTable } from "../risks/tabulate.ts";

/** Standard deviation of a teacher's scores, in nats: some responses are e times as probable as others, none is certain. */
const DEVIATION = 1.5;

/**
 * A target that a Transformer can represent: the scores of a random bidirectional one (2 layers, width 64, 4 heads), scaled to
 * a standard deviation of 1.5 nats over the responses, as a reward on the action that ends each.
 *
 * @throws RangeError where the space has too many responses to score them all
 */
export const teacherTarget = async (
  engine: Engine,
  space: Tree,
  { seed }: { readonly seed: number },
): Promise<Table> => {
  const { actions, horizon, eos } = space;
  const model = architecture({ kind: "ebm", actions, horizon, eos, layers: 2, width: 64, heads: 4 });
  const weights = await engine.resident(initialWeights(model, seed));
  const { levels } = await transformerTable({ engine, model, space, weights });
  const scale = DEVIATION / deviationOf(levels.flatMap((level, depth) => endings(space, level, depth)));
  return tableOf(
    space,
    "reward",
    levels.map((level) => level.map((reward) => scale * reward)),
  );
};

/** The numbers of the arcs at a depth that end a response. */
const endings = ({ actions, eos, horizon }: Tree, level: Float64Array, depth: number): number[] => {
  if (!eos) return depth === horizon - 1 ? [...level] : [];
  return [...level].filter((_, arc) => arc % actions === actions - 1);
};

const deviationOf = (numbers: readonly number[]): number => {
  const mean = numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
  return Math.sqrt(numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0) / numbers.length);
};
