import { type BoundTrial, ordered, ratiosOf } from "./claim-bounds.ts";
import { type BOUNDS, divergenceFigure, ratioFigure, WAYS } from "./claim-bounds-figures.ts";
import type { DataTable, Finding, Section } from "./exhibit.ts";
import { formatNumber } from "./format.ts";
import { html } from "./html.ts";

/** The numbers that claim 4 stands on. */
interface BoundNumbers {
  readonly trials: number;
  /** Trials in which every bound held. */
  readonly held: number;
  /** Largest divergence over each bound, random perturbations. */
  readonly largestRatio: Readonly<Record<(typeof BOUNDS)[number]["key"], number>>;
  /** Divergence over the sharp bound in its worst case: 1 is attained. */
  readonly worstCaseRatio: number;
}

/** Claim 4 as a part of the report. */
export const boundsSection = (random: readonly BoundTrial[], worst: readonly BoundTrial[]): Section => {
  const all = [...random, ...worst];
  const held = all.filter(ordered).length;
  const largest = (key: (typeof BOUNDS)[number]["key"]) =>
    Math.max(...random.flatMap((trial) => WAYS.map((way) => ratiosOf(trial)[key][way])));
  const smallest = Math.min(...random.flatMap((trial) => WAYS.map((way) => ratiosOf(trial).paper[way])));
  const attained = Math.min(...worst.map((trial) => ratiosOf(trial).sharp.forward));
  const numbers: BoundNumbers = {
    trials: all.length,
    held,
    largestRatio: { paper: largest("paper"), sharp: largest("sharp"), sharpExpected: largest("sharpExpected") },
    worstCaseRatio: attained,
  };
  return {
    id: "bounds",
    heading: "Logits that are close make close distributions",
    statement: html`If logits differ by at most <i>ε</i>, both Kullback–Leibler divergences are at most 2<i>Tε</i> (equation 59).`,
    prose: [
      html`Logits <i>M</i>(<i>r</i>) of random rewards were perturbed at nine scales from 0.01 to 1, ${formatNumber(random.length)} students in
        all, and both divergences computed exactly by dynamic programming. The divergence falls with the square of the distance while
        2<i>Tε</i> falls linearly, so the paper’s bound is ${formatNumber(1 / largest("paper"), 2)} times too large at best and
        ${formatNumber(1 / smallest, 2)} times at worst.`,
      html`The sharp bound of this project (theory 6.3) replaces 2<i>ε</i> by <i>h</i>(<i>ρ</i>) ≈ <i>ρ</i>²/8, with <i>ρ</i> the range of the
        difference within one state, which ignores constants that change no distribution. A worst case attains it: there the divergence
        equals <i>T</i>·<i>h</i>(<i>ρ̄</i>) at every scale, so no better bound in <i>ρ̄</i> exists.`,
    ],
    findings: findingsOf(numbers),
    exhibits: [divergenceFigure(random, worst), ratioFigure(random), trialTable(all)],
    numbers: { ...numbers },
  };
};

const findingsOf = (numbers: BoundNumbers): Finding[] => [
  {
    label: "students with KL ≤ expected sharp ≤ sharp ≤ paper, both directions",
    value: `${formatNumber(numbers.held)} of ${formatNumber(numbers.trials)}`,
    known: "80 of 80 (paper’s bound)",
    holds: numbers.held === numbers.trials,
  },
  {
    label: "largest KL / paper’s bound, random perturbations",
    value: formatNumber(numbers.largestRatio.paper),
    known: "0.0716",
    holds: numbers.largestRatio.paper <= 1,
  },
  {
    label: "largest KL / sharp bound",
    value: formatNumber(numbers.largestRatio.sharp),
    holds: numbers.largestRatio.sharp <= 1,
  },
  {
    label: "largest KL / expected sharp bound",
    value: formatNumber(numbers.largestRatio.sharpExpected),
    holds: numbers.largestRatio.sharpExpected <= 1,
  },
  {
    label: "KL / sharp bound in the worst case (1 is attained)",
    value: numbers.worstCaseRatio.toFixed(9),
    holds: Math.abs(numbers.worstCaseRatio - 1) < 1e-9,
  },
];

const trialTable = (trials: readonly BoundTrial[]): DataTable => ({
  id: "bounds-trials",
  caption: "Every student",
  columns: [
    "space",
    "kind",
    "scale",
    "raw",
    "gaugeFree",
    "forward",
    "reverse",
    "paper",
    "sharp",
    "expectedForward",
    "expectedReverse",
  ].map((key) => ({ key, label: key, format: formatNumber })),
  rows: trials.map(({ space, kind, scale, comparison: { kl, distance, bounds } }) => ({
    space: space.label,
    kind,
    scale,
    ...distance,
    ...kl,
    paper: bounds.paper,
    sharp: bounds.sharp,
    expectedForward: bounds.sharpExpected.forward,
    expectedReverse: bounds.sharpExpected.reverse,
  })),
});
