import { type Model, policy } from "../../../bellman/index.ts";
import { checkSameSpace } from "../../../space/index.ts";
import { flatNumbers } from "../../flat-space.ts";
import type { ScoredTarget } from "../scored-target.ts";
import { checkSize } from "./enumerable.ts";
import { type Layout, layoutOf } from "./layout.ts";
import type { StudentMaker } from "./student.ts";
import { tableStudent } from "./table-student.ts";

/**
 * A student with a logit of its own for every arc of the target's space, in float64: it can be any distribution there.
 *
 * Its one parameter is `logits` `[arcs]`, depth by depth; 0 to begin with.
 *
 * @param options.from a model on the target's space to begin at, positive wherever the target is, such as the reference
 * @example
 * ```ts
 * import { distill, tabularStudent, zipfTarget } from "arbel/learn";
 * import { tree } from "arbel";
 * const target = zipfTarget(tree({ tokens: 3, horizon: 3, eos: true }), { seed: 7 });
 * const run = distill({ target, student: tabularStudent(), objective: "reverse-kl", steps: 1000, seed: 7 });
 * let last;
 * for await (const progress of run) last = progress;
 * console.log(last!.kl!.reverse < 1e-6); // true
 * ```
 */
export const tabularStudent = (options: { readonly from?: Model } = {}): StudentMaker => ({
  kind: "tabular",
  name: "tabular",
  make: (target, run) => {
    checkSize(target, "a tabular student");
    const layout = layoutOf(target);
    return tableStudent({
      kind: "tabular",
      name: "tabular",
      layout,
      ...(target.kind === "table" ? { target } : {}),
      parameter: {
        name: "logits",
        initial: { shape: [layout.flat.arcs], data: initialLogits(layout, target, options.from) },
      },
      parameterOf: Int32Array.from({ length: layout.flat.arcs }, (_, arc) => arc),
      run,
    });
  },
});

/** The first logits `[arcs]`, 0 where no response of the target goes. */
const initialLogits = ({ flat, live }: Layout, target: ScoredTarget, from?: Model): Float64Array => {
  if (from === undefined) return new Float64Array(flat.arcs);
  const table = policy(from);
  checkSameSpace(target.space, table.space);
  return flatNumbers(flat, table).map((x, arc) => {
    if (live[arc] !== 1) return 0;
    if (x === -Infinity) {
      throw new RangeError(
        'the model to begin at, "from", forbids responses that the target allows: begin at one that is positive there',
      );
    }
    return x;
  });
};
