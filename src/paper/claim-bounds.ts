import {
  type Comparison,
  compare,
  generator,
  type RandomGenerator,
  sharpBound,
  toLogits,
  uniform,
} from "../bellman/index.ts";
import { normal } from "../learn/index.ts";
import { type Table, type Tree, tableOfArcs } from "../space/index.ts";
import { type NamedSpace, PAPER_SPACES, seedOf } from "./reward-laws.ts";

/** A student whose logits are the target's plus a perturbation. */
export interface BoundTrial {
  readonly space: NamedSpace;
  /** `"random"` draws every perturbation uniformly; `"worst"` is the case for which 6.3 is proved tight. */
  readonly kind: "random" | "worst";
  /** Largest perturbation asked for, in nats. */
  readonly scale: number;
  readonly comparison: Comparison;
}

/** Scales of the perturbations: nine from 0.01 to 1, evenly spread over the logarithm. */
const SCALES: readonly number[] = Array.from({ length: 9 }, (_, i) => 10 ** (-2 + i / 4));

/** Compares `M(r)` of random rewards with perturbed logits. */
export const randomTrials = (options: {
  readonly seed: number;
  readonly trials: number;
  readonly spaces?: readonly NamedSpace[];
}): BoundTrial[] =>
  (options.spaces ?? PAPER_SPACES.slice(0, 2)).flatMap((space) =>
    SCALES.flatMap((scale, index) => {
      const random = generator(seedOf(options.seed, `bounds ${space.id} ${index}`));
      return Array.from({ length: options.trials }, () => {
        const reward = tableOfArcs(space.space, "reward", () => normal(random));
        const { logits } = toLogits(reward);
        return { space, kind: "random" as const, scale, comparison: compare(logits, perturbed(logits, scale, random)) };
      });
    }),
  );

const perturbed = ({ space, levels }: Table, scale: number, random: RandomGenerator): Table => ({
  space,
  kind: "logits",
  levels: levels.map((level) => level.map((q) => q + scale * (2 * uniform(random) - 1))),
});

/**
 * The case that attains 6.3 in the forward direction: at every state the target plays action 0 with probability
 * `1/ρ − 1/(e^ρ − 1)`, and the student's logits are `ρ/2` higher there and `ρ/2` lower elsewhere.
 */
export const worstTrials = (space: NamedSpace = PAPER_SPACES[1] as NamedSpace): BoundTrial[] =>
  [...SCALES, 2, 4, 8].map((scale) => {
    const { target, student } = worstCase(space.space, 2 * scale);
    return { space, kind: "worst", scale, comparison: compare(target, student) };
  });

const worstCase = (space: Tree, range: number) => {
  const top = 1 / range - 1 / Math.expm1(range);
  const others = (1 - top) / (space.actions - 1);
  const target = tableOfArcs(space, "logits", (_depth, _state, action) => Math.log(action === 0 ? top : others));
  const levels = target.levels.map((level) =>
    level.map((q, arc) => q + (arc % space.actions === 0 ? range / 2 : -range / 2)),
  );
  return { target, student: { ...target, levels } };
};

/** Divergences of a trial over its bounds, in both directions. */
export const ratiosOf = ({ comparison: { kl, bounds } }: BoundTrial) => ({
  paper: { forward: kl.forward / bounds.paper, reverse: kl.reverse / bounds.paper },
  sharp: { forward: kl.forward / bounds.sharp, reverse: kl.reverse / bounds.sharp },
  sharpExpected: {
    forward: kl.forward / bounds.sharpExpected.forward,
    reverse: kl.reverse / bounds.sharpExpected.reverse,
  },
});

/** Rounding allowed where a bound is attained. */
const ROUNDING = 1 + 1e-12;

/** Whether `KL ≤ expected sharp ≤ sharp ≤ paper` in both directions. */
export const ordered = ({ comparison: { kl, bounds } }: BoundTrial): boolean =>
  (["forward", "reverse"] as const).every(
    (way) =>
      kl[way] <= bounds.sharpExpected[way] * ROUNDING &&
      bounds.sharpExpected[way] <= bounds.sharp * ROUNDING &&
      bounds.sharp <= bounds.paper * ROUNDING,
  );

/** `T·h(2ε)`: the sharp bound when the logits differ by at most `ε`, in nats. */
export const sharpCurve = (horizon: number, distance: number): number => horizon * sharpBound(2 * distance);
