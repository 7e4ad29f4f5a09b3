import type { Automaton, Table } from "../../../space/index.ts";

/** What an automaton can follow of a response: a part of a {@link Feature}. */
export type FeaturePart =
  /** `Σ_t r(s_t, y_t)` of a reward table. */
  | { readonly kind: "table"; readonly table: Table }
  /** 1 where the automaton accepts the response, else 0. */
  | { readonly kind: "occurs"; readonly machine: Automaton }
  /** The number of beginnings `y_1…y_t`, `t ≥ 1`, that the automaton accepts. */
  | { readonly kind: "count"; readonly machine: Automaton }
  /** The number of tokens, EOS not counted. */
  | { readonly kind: "length" };

/**
 * One number for each response, `φ(y) = Σ_i w_i·φ_i(y)`: a reward, or what a moment constraint is about.
 *
 * Made by {@link tableFeature}, {@link patternOccurs}, {@link patternCount} and {@link responseLength}, {@link scaled} and
 * {@link sumOf}; every one of them is exact on trees and automata (theory §7).
 */
export interface Feature {
  /** What messages call it. */
  readonly name: string;
  readonly parts: readonly { readonly weight: number; readonly part: FeaturePart }[];
}

/**
 * The reward of a table, `R(y) = Σ_t r(s_t, y_t)`; −∞ forbids. Also a teacher energy-based model (theory §1).
 *
 * @throws TypeError where the table holds logits
 */
export const tableFeature = (reward: Table, name = "the table's reward"): Feature => {
  if (reward.kind !== "reward") {
    throw new TypeError(`${name} must be a reward table, got ${JSON.stringify(reward.kind)}: convert it with toReward`);
  }
  return featureOf(name, { kind: "table", table: reward });
};

/**
 * 1 where an automaton accepts the response, else 0: its mean is the probability of the pattern.
 *
 * @example
 * ```ts
 * import { featureOfResponse, patternOccurs, scaled, sumOf, responseLength } from "arbel/learn";
 * import { regex, tree } from "arbel";
 * const space = tree({ tokens: ["a", "b"], horizon: 4, eos: true });
 * const doubled = patternOccurs(regex(".*aa.*", space.tokens), "contains aa");
 * const reward = sumOf([scaled(doubled, 3), scaled(responseLength(), -0.5)]);
 * console.log(featureOfResponse(reward, [1, 0, 0])); // 1.5
 * ```
 */
export const patternOccurs = (machine: Automaton, name = "the pattern occurs"): Feature =>
  featureOf(name, { kind: "occurs", machine });

/**
 * How many beginnings of the response, of one token or more, an automaton accepts.
 *
 * With the automaton of `.*ann` it is how many times a token completes "ann", overlapping occurrences included.
 */
export const patternCount = (machine: Automaton, name = "the pattern's count"): Feature =>
  featureOf(name, { kind: "count", machine });

/** The number of tokens of the response, EOS not counted. */
export const responseLength = (name = "the length"): Feature => featureOf(name, { kind: "length" });

/**
 * A feature times a number, `w·φ`.
 *
 * @throws RangeError where the number is not finite, or not > 0 and the feature is −∞ somewhere
 */
export const scaled = (feature: Feature, weight: number, name?: string): Feature => {
  if (!Number.isFinite(weight)) {
    throw new RangeError(`the weight of "${feature.name}" must be a finite number, got ${String(weight)}`);
  }
  if (weight <= 0 && feature.parts.some(({ part }) => part.kind === "table" && forbids(part.table))) {
    throw new RangeError(
      `the weight of "${feature.name}" must be > 0, since it forbids responses by −∞, got ${weight}: ` +
        "use finite numbers, or forbid by an automaton",
    );
  }
  const parts = feature.parts.map((term) => ({ weight: weight * term.weight, part: term.part }));
  return { name: name ?? `${weight} × ${feature.name}`, parts };
};

/** The sum of features; 0 for every response where there are none. */
export const sumOf = (features: readonly Feature[], name?: string): Feature => ({
  name: name ?? (features.length === 0 ? "0" : features.map((feature) => feature.name).join(" + ")),
  parts: features.flatMap((feature) => feature.parts),
});

/** The automata that must be followed to know a feature, each once. */
export const machinesOf = (features: readonly Feature[]): Automaton[] => [
  ...new Set(features.flatMap(({ parts }) => parts.flatMap(({ part }) => ("machine" in part ? [part.machine] : [])))),
];

const featureOf = (name: string, part: FeaturePart): Feature => ({ name, parts: [{ weight: 1, part }] });

/** Whether a table is −∞ on an action that its space has. */
const forbids = ({ space, levels }: Table): boolean =>
  levels.some((level, depth) => {
    if (!level.includes(-Infinity)) return false;
    const layer = space.layer(depth);
    for (let state = 0; state < layer.states; state++) {
      const end = layer.firstArc(state + 1);
      for (let arc = layer.firstArc(state); arc < end; arc++) {
        if (level[arc] === -Infinity && layer.arcOf(state, layer.action(arc, state)) >= 0) return true;
      }
    }
    return false;
  });
