import type { Model } from "../../bellman/index.ts";
import type { ObjectiveName } from "../../learn/index.ts";
import type { KeyEntry } from "../exhibit.ts";
import { LOOKS } from "../plot.ts";

/** An objective, and whose responses it learns from where it is sampled and anyone may draw them. */
export interface Recipe {
  readonly objective: ObjectiveName;
  readonly label: string;
  readonly behaviour: (target: Model) => "student" | "uniform" | Model;
  /** The same in words. */
  readonly data: string;
  /** Whether the gradient of every such response vanishes at the optimum, so that no noise is left there. */
  readonly quiet: boolean;
  /** Largest learning rate of a sampled run of so many steps. */
  readonly rate: (steps: number) => number;
  readonly look: Omit<KeyEntry, "label">;
}

/** The four objectives of theory §9, each on data that suits it. */
export const RECIPES: readonly Recipe[] = [
  {
    objective: "forward-kl",
    label: "forward KL",
    behaviour: (target) => target,
    data: "the target’s responses",
    quiet: false,
    // noise that stays is averaged out by steps that shrink as 1/n (Robbins and Monro)
    rate: (steps) => 40 / steps,
    look: LOOKS[0],
  },
  {
    objective: "reverse-kl",
    label: "reverse KL",
    behaviour: () => "student",
    data: "the student’s own responses",
    quiet: true,
    rate: () => 0.03,
    look: LOOKS[1],
  },
  {
    objective: "bellman",
    label: "soft Bellman regression",
    behaviour: () => "uniform",
    data: "uniform responses",
    quiet: true,
    rate: () => 0.1,
    look: LOOKS[2],
  },
  {
    objective: "path-consistency",
    label: "path consistency",
    behaviour: () => "uniform",
    data: "uniform responses",
    quiet: true,
    rate: () => 0.1,
    look: LOOKS[3],
  },
];
