import { arcsOf, countResponses, responses, type Table, type Tree, table, tableOf } from "../../../space/index.ts";
import { EXACT_RESPONSES_LIMIT } from "../../risks/rows.ts";
import { type CallOptions, callFunction, type ResponseFunction } from "./response-function.ts";

/**
 * A function of whole responses as a reward on a tree, placed on the action that ends each response (theory §1).
 *
 * Asks for every response once, so the exact targets, objectives and certificates are there for any reward that a program
 * computes, as long as the tree is small.
 *
 * @throws TypeError on an automaton; RangeError where there are more than 2²⁰ responses; and what {@link callFunction} throws
 * @example
 * ```ts
 * import { tableFeature, tabulateFunction, tiltedTarget } from "arbel/learn";
 * import { table, tree } from "arbel";
 * const space = tree({ tokens: ["a", "b"], horizon: 4, eos: true });
 * const distinct = { name: "distinct tokens", values: async (ys: readonly (readonly number[])[]) => ys.map((y) => new Set(y).size) };
 * const reward = tableFeature(await tabulateFunction(space, distinct));
 * console.log(tiltedTarget({ reference: table(space, "logits", () => 0), reward }).arm.logPartition > 0); // true
 * ```
 */
export const tabulateFunction = async (space: Tree, f: ResponseFunction, options: CallOptions = {}): Promise<Table> => {
  if (space.kind !== "tree") {
    throw new TypeError(`the function "${f.name}" of whole responses needs a tree: an automaton merges responses`);
  }
  const count = countResponses(space);
  if (count > BigInt(EXACT_RESPONSES_LIMIT)) {
    throw new RangeError(
      `the tree has ${count} responses, a function is asked for at most ${EXACT_RESPONSES_LIMIT}: lower the horizon`,
    );
  }
  const all = [...responses(space)];
  const values = await callFunction(f, all, options);
  const { levels } = table(space, "reward", () => 0);
  for (const [i, response] of all.entries()) {
    const arcs = arcsOf(space, response) as number[];
    (levels[arcs.length - 1] as Float64Array)[arcs.at(-1) as number] = values[i] as number;
  }
  return tableOf(space, "reward", levels);
};
