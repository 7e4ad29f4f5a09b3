import { ngramContexts, tableOf } from "../../../space/index.ts";
import { type ScoredTarget, tableTarget } from "../scored-target.ts";
import type { Followed } from "../target/followed.ts";
import { refine } from "../target/refinement.ts";
import { checkSize } from "./enumerable.ts";
import { type Layout, layoutOf } from "./layout.ts";
import type { StudentMaker } from "./student.ts";
import { tableStudent } from "./table-student.ts";

/**
 * A student whose logits depend on the last `order − 1` tokens alone, the beginning included, in float64: an n-gram model.
 *
 * All states of the target's space with one context share a row of its one parameter, `contexts` `[contexts × actions]`, 0 to begin
 * with. On an automaton, states are split by their contexts first (theory §7). Where the target's own look-ahead needs
 * more than a context can hold, the divergence ends above 0.
 *
 * @param options.order one more than the tokens of a context
 * @throws RangeError where the order is not a whole number ≥ 1
 * @example
 * ```ts
 * import { distill, ngramStudent, zipfTarget } from "arbel/learn";
 * import { tree } from "arbel";
 * const target = zipfTarget(tree({ tokens: 3, horizon: 3, eos: false }), { seed: 7 });
 * const student = ngramStudent({ order: 2 });
 * const run = distill({ target, student, objective: "forward-kl", steps: 500, seed: 7 });
 * let last;
 * for await (const progress of run) last = progress;
 * console.log(student.name, last!.kl!.forward > 0.01); // "ngram:2", true
 * ```
 */
export const ngramStudent = (options: { readonly order: number }): StudentMaker => {
  const { order } = options;
  if (!Number.isSafeInteger(order) || order < 1) {
    throw new RangeError(`"order" must be a whole number ≥ 1, got ${String(order)}`);
  }
  const name = `ngram:${order}`;
  return {
    kind: "ngram",
    name,
    make: (given, run) => {
      checkSize(given, "an n-gram student");
      const { target, followed } = splitByContext(given, order);
      const layout = layoutOf(target);
      const { size, parameterOf } = tied(layout, followed);
      const { actions } = layout.flat.space;
      return tableStudent({
        kind: "ngram",
        name,
        layout,
        ...(target.kind === "table" ? { target } : {}),
        parameter: { name: "contexts", initial: { shape: [size / actions, actions], data: new Float64Array(size) } },
        parameterOf,
        run,
      });
    },
  };
};

/** The target on a space each of whose states determines the context. */
const splitByContext = (
  target: ScoredTarget,
  order: number,
): { readonly target: ScoredTarget; readonly followed: Followed } => {
  const { automaton } = ngramContexts({ tokens: target.space.tokens, order, begin: true });
  const refinement = refine(target.space, { keep: [], follow: [automaton] });
  const followed = refinement.followed.get(automaton) as Followed;
  if (target.kind === "function" || refinement.space === target.space) return { target, followed };
  const reward = tableOf(refinement.space, "reward", refinement.lift(target.reward.levels));
  return { target: tableTarget(reward), followed };
};

/** Which parameter each arc shares, `[arcs]`, contexts numbered as they come; how many there are. */
const tied = ({ flat, live, actions }: Layout, { states }: Followed) => {
  const { space, firstArcs } = flat;
  const rowOf = new Map<number, number>();
  const parameterOf = new Int32Array(flat.arcs);
  let state = 0;
  for (let depth = 0; depth < space.horizon; depth++) {
    for (const context of (states[depth] as Int32Array).subarray(0, space.layer(depth).states)) {
      const end = firstArcs[state + 1] as number;
      for (let arc = firstArcs[state] as number; arc < end; arc++) {
        if (live[arc] !== 1) continue;
        const row = rowOf.get(context) ?? rowOf.size;
        rowOf.set(context, row);
        parameterOf[arc] = row * space.actions + (actions[arc] as number);
      }
      state++;
    }
  }
  return { size: rowOf.size * space.actions, parameterOf };
};
