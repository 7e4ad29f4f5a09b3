import type { DataTable, Finding, Section } from "../exhibit.ts";
import { formatNumber } from "../format.ts";
import { html } from "../html.ts";
import { trainedDivergenceFigure } from "./divergence-figure.ts";
import { type Group, groupsOf } from "./groups.ts";
import { lastPoint, type Pair, type PairPoint, shrinkage } from "./pair.ts";
import { type Comparing, distanceFigure, gapFigure, lookaheadFigure, riskFigure } from "./pair-figures.ts";
import type { TransformerPlan } from "./plan.ts";
import { median } from "./series-figure.ts";

/** Gaps of the models of figure 2 must not exceed this, in nats. */
const REQUIRED_GAP = 0.02;
/** M must make the distance of figure 2 smaller by this factor. */
const REQUIRED_SHRINKAGE = 10;
/** Width of the models of which that is required: narrower ones are too small for it. */
const REQUIRED_WIDTH = 64;

/** Figures 2 to 5 of the paper, and what they were drawn from. */
export const transformerSections = (plan: TransformerPlan, pairs: readonly Pair[], engine: string): Section[] => {
  const of = (goals: TransformerPlan["wide"]) => groupsOf(pairs.filter(({ goal }) => goals.includes(goal)));
  const wide = of(plan.wide);
  const main = mainGroup(wide);
  return [
    meetingSection(main, plan, pairs, engine),
    sizesSection(wide),
    longSection(of(plan.long)),
    divergenceSection(pairs),
    ...(plan.targets.length > 0 ? [targetsSection(of(plan.targets), wide)] : []),
    ...(plan.rates.length > 0 ? [ratesSection(of(plan.rates), wide)] : []),
  ];
};

/** The group of figure 2: the widest up to the width of which something is required. */
const mainGroup = (groups: readonly Group[]): Group => {
  const eligible = groups.filter(({ goal }) => goal.size.width <= REQUIRED_WIDTH);
  return eligible.reduce((a, b) => (b.goal.size.width >= a.goal.size.width ? b : a));
};

const worst = ({ pairs }: Group, of: (point: PairPoint) => number): number =>
  Math.max(...pairs.map((pair) => of(lastPoint(pair))));

const middle = ({ pairs }: Group, of: (point: PairPoint) => number): number =>
  median(pairs.map((pair) => of(lastPoint(pair))));

/** Figure 2. */
const meetingSection = (main: Group, plan: TransformerPlan, pairs: readonly Pair[], engine: string): Section => {
  const { goal } = main;
  const least = Math.min(...main.pairs.map((pair) => shrinkage(lastPoint(pair))));
  return {
    id: "transformers",
    heading: "Trained Transformers meet where M says",
    statement: html`A causal Transformer (ARM) and a bidirectional one that pools to one score a response (EBM), both trained on the exact
      expected risk, reach the same minimum, the target’s entropy; and the ARM’s logits approach <i>M</i> of the EBM’s reward, not the reward
      (Figure 2).`,
    prose: [
      html`Both models were trained from random weights on a Zipf target over all ${formatNumber(goal.space.space.tokens.length ** goal.space.space.horizon)}
        responses of ${goal.space.label}: ${goal.size.label}, ${formatNumber(goal.steps)} Adam steps (second decay 0.98) on the exact risk, learning rate
        ${formatNumber(goal.learningRate)} after a rise over one step in twenty, falling to 0 along half a cosine, gradient norms clipped at 1;
        ${main.pairs.length === 1 ? "one random start" : `${main.pairs.length} random starts`}. Blocks are Llama’s: RMSNorm, rotary positions, SwiGLU, no biases; the ARM’s
        embedding is tied. Engine: ${ENGINES[engine] ?? engine}.`,
      html`The ARM was never shown the EBM, nor the EBM the ARM. The reward of a whole response lies on its last action: before <i>M</i> it says
        nothing about earlier ones. So distances are measured where <i>M</i> acts, on all levels but the last, as responses of the target meet
        them (root mean square) and at the worst state (largest), which the target hardly ever visits and training hardly ever corrects.`,
      html`Gauge-free distances leave out a constant a state, which changes no probability (theory §4). Raw distances keep it. Nothing in
        training decides the ARM’s constants, nor the EBM’s log <i>Z</i>, so raw distances need not vanish, and do not.`,
    ],
    findings: meetingFindings(main, least),
    exhibits: [
      riskFigure(main, "transformers"),
      distanceFigure(main, "transformers", "rms"),
      distanceFigure(main, "transformers", "max"),
      runTable(pairs),
    ],
    numbers: {
      plan: plan.name,
      engine,
      steps: goal.steps,
      starts: main.pairs.length,
      layers: goal.size.layers,
      width: goal.size.width,
      largestGap: { arm: worst(main, ({ gap }) => gap.arm), ebm: worst(main, ({ gap }) => gap.ebm) },
      leastShrinkage: least,
    },
  };
};

const ENGINES: Readonly<Record<string, string>> = { onnx: "ONNX Runtime", jax: "jax-js" };

const meetingFindings = (main: Group, least: number): Finding[] => {
  const required = main.goal.size.width >= REQUIRED_WIDTH;
  const wish = required ? `required: ≤ ${REQUIRED_GAP}` : "a short run of a small model: only that it fell by half";
  const first = (kind: "arm" | "ebm") => Math.min(...main.pairs.map(({ points }) => points[0]?.gap[kind] ?? 0));
  return [
    ...(["arm", "ebm"] as const).map((kind) => {
      const gap = worst(main, (point) => point.gap[kind]);
      return {
        label: `${kind.toUpperCase()}: risk above the entropy at the end, largest of the starts (${wish})`,
        value: `${formatNumber(gap)} nats`,
        holds: gap <= (required ? REQUIRED_GAP : first(kind) / 2),
      };
    }),
    {
      label: `gauge-free distance before M over that after, root mean square, least of the starts (required: ≥ ${required ? REQUIRED_SHRINKAGE : 1})`,
      value: formatNumber(least),
      holds: least >= (required ? REQUIRED_SHRINKAGE : 1),
    },
  ];
};

/** What was trained, and how it ended. */
const runTable = (pairs: readonly Pair[]): DataTable => ({
  id: "transformers-runs",
  caption: "What was trained; gaps and distances at the end, medians of the starts, in nats",
  columns: [
    { key: "space", label: "space" },
    { key: "target", label: "target" },
    { key: "size", label: "size" },
    { key: "armParameters", label: "ARM’s parameters" },
    { key: "ebmParameters", label: "EBM’s parameters" },
    { key: "steps", label: "steps" },
    { key: "learningRate", label: "learning rate", format: String },
    { key: "starts", label: "starts" },
    { key: "armGap", label: "ARM gap", format: formatNumber },
    { key: "ebmGap", label: "EBM gap", format: formatNumber },
    { key: "before", label: "distance before M", format: formatNumber },
    { key: "after", label: "distance after M", format: formatNumber },
  ],
  rows: groupsOf(pairs).map((group) => ({
    space: group.goal.space.label,
    target: group.goal.target.label,
    size: group.goal.size.label,
    armParameters: group.pairs[0]?.parameters.arm ?? null,
    ebmParameters: group.pairs[0]?.parameters.ebm ?? null,
    steps: group.goal.steps,
    learningRate: group.goal.learningRate,
    starts: group.pairs.length,
    armGap: middle(group, ({ gap }) => gap.arm),
    ebmGap: middle(group, ({ gap }) => gap.ebm),
    before: middle(group, ({ before }) => before.lookahead.gaugeFree.rms),
    after: middle(group, ({ after }) => after.lookahead.gaugeFree.rms),
  })),
});

const SIZES: Comparing = {
  id: "transformers-sizes",
  what: "size",
  trait: "size",
  nameOf: ({ goal }) => goal.size.label,
};

/** Figure 3. */
const sizesSection = (groups: readonly Group[]): Section => ({
  id: "transformers-sizes",
  heading: "Size decides how close they come",
  statement: html`The same holds for Transformers of several sizes (Figure 3).`,
  prose: [
    html`The target of Figure 2 was learned by ${groups.length === 1 ? "one size" : `${groups.length} sizes`}. In function space the minimum is the
      same for all; what a size leaves is what it cannot represent, or has not learned in its steps. The EBM has to learn a number for each
      response, the ARM shares what prefixes have in common, so the EBM is the slower one.`,
  ],
  findings: sizeFindings(groups),
  exhibits: [gapFigure(groups, "arm", SIZES), gapFigure(groups, "ebm", SIZES), lookaheadFigure(groups, SIZES)],
  numbers: { groups: groups.map(numbersOf) },
});

const numbersOf = (group: Group) => ({
  space: group.goal.space.label,
  target: group.goal.target.label,
  layers: group.goal.size.layers,
  width: group.goal.size.width,
  steps: group.goal.steps,
  learningRate: group.goal.learningRate,
  starts: group.pairs.length,
  gap: { arm: middle(group, ({ gap }) => gap.arm), ebm: middle(group, ({ gap }) => gap.ebm) },
  shrinkage: middle(group, shrinkage),
});

/** Every size against the smallest; with one size, nothing is compared. */
const sizeFindings = (groups: readonly Group[]): Finding[] => {
  const [smallest, ...others] = groups;
  if (!smallest) return [];
  return others.map((group) => {
    const gaps = (["arm", "ebm"] as const).map((kind) => middle(group, ({ gap }) => gap[kind]));
    const before = (["arm", "ebm"] as const).map((kind) => middle(smallest, ({ gap }) => gap[kind]));
    return {
      label: `${group.goal.size.label}: gaps of ARM and EBM, below those of ${smallest.goal.size.label}`,
      value: gaps.map((gap, i) => `${formatNumber(gap)} < ${formatNumber(before[i] as number)}`).join(", "),
      holds: gaps.every((gap, i) => gap < (before[i] as number)),
    };
  });
};

/** Figure 4. */
const longSection = (groups: readonly Group[]): Section => {
  const bySpace = [...new Set(groups.map(({ goal }) => goal.space))].map((space) =>
    groups.filter(({ goal }) => goal.space === space),
  );
  return {
    id: "transformers-long",
    heading: "Responses longer than the vocabulary",
    statement: html`The same holds where <i>T</i> &gt; <i>V</i> (Figure 4).`,
    prose: [
      html`Zipf targets on ${bySpace.map(([group]) => group?.goal.space.label ?? "").join(" and ")}: fewer tokens to choose from, more choices to look
        ahead over. A target of this kind has no structure along the response, so the models must learn it by heart, and the longer its
        responses the harder that is for a score that is pooled over positions.`,
    ],
    findings: groups.map((group) => {
      const factor = middle(group, shrinkage);
      return {
        label: `${group.goal.space.label}, ${group.goal.size.label}: distance before M over that after, median of the starts (gaps: ARM ${formatNumber(
          middle(group, ({ gap }) => gap.arm),
        )}, EBM ${formatNumber(middle(group, ({ gap }) => gap.ebm))} nats)`,
        value: formatNumber(factor),
        holds: factor > 1,
      };
    }),
    exhibits: bySpace.flatMap((members) => {
      const largest = members.reduce((a, b) => (b.goal.size.width > a.goal.size.width ? b : a));
      const id = `transformers-${largest.goal.space.id}`;
      return [
        riskFigure(largest, id),
        distanceFigure(largest, id, "rms"),
        ...(members.length > 1 ? [lookaheadFigure(members, { ...SIZES, id })] : []),
      ];
    }),
    numbers: { groups: groups.map(numbersOf) },
  };
};

/** Rounding allowed where a bound is attained. */
const ROUNDING = 1 + 1e-9;

/** Figure 5. */
const divergenceSection = (pairs: readonly Pair[]): Section => {
  const points = pairs.flatMap((pair) => pair.points.map(({ comparison }) => comparison));
  const ways = ["forward", "reverse"] as const;
  const held = points.filter(({ kl, bounds }) =>
    ways.every(
      (way) =>
        kl[way] <= bounds.sharpExpected[way] * ROUNDING &&
        bounds.sharpExpected[way] <= bounds.sharp * ROUNDING &&
        bounds.sharp <= bounds.paper * ROUNDING,
    ),
  ).length;
  const ratios = (of: (comparison: (typeof points)[number], way: (typeof ways)[number]) => number) =>
    points.flatMap((comparison) => ways.map((way) => comparison.kl[way] / of(comparison, way)));
  const paper = ratios(({ bounds }) => bounds.paper);
  const gaugeFree = ratios(({ bounds, distance }) => (bounds.paper * distance.gaugeFree) / distance.raw);
  const sharp = ratios(({ bounds }) => bounds.sharp);
  const expected = ratios(({ bounds }, way) => bounds.sharpExpected[way]);
  const bySpace = [...new Set(pairs.map(({ goal }) => goal.space))].map((space) =>
    pairs.filter(({ goal }) => goal.space === space),
  );
  return {
    id: "transformers-divergence",
    heading: "Divergence and distance while training",
    statement: html`While ARM and EBM are trained, their divergence stays below 2<i>Tε</i>, with <i>ε</i> the largest distance of their logits
      (Figure 5, equation 59).`,
    prose: [
      html`At ${formatNumber(points.length)} moments of all trainings on this page, the exact divergences between EBM and ARM were put beside the
        distance of the ARM’s logits from <i>M</i> of the EBM’s reward. The median of KL over the paper’s bound, with raw distances, is
        ${formatNumber(median(paper), 2)}; without the constants of states, <i>ε</i> = <i>ρ̄</i>/2, it is ${formatNumber(median(gaugeFree), 2)}; over the sharp bound
        <i>T</i>·<i>h</i>(<i>ρ̄</i>) (theory 6.3) ${formatNumber(median(sharp), 2)}. All three look at the worst state, which is rare and trained least.
        Over the same <i>h</i> averaged along responses, Σ E <i>h</i>(<i>ρ</i>(<i>s</i>)), it is ${formatNumber(median(expected), 2)}.`,
    ],
    findings: [
      {
        label: "moments with KL ≤ expected sharp ≤ sharp ≤ paper’s bound, both directions",
        value: `${formatNumber(held)} of ${formatNumber(points.length)}`,
        holds: held === points.length,
      },
      { label: "largest KL / paper’s bound", value: formatNumber(Math.max(...paper)), holds: Math.max(...paper) <= 1 },
      {
        label: "largest KL / sharp bound",
        value: formatNumber(Math.max(...sharp)),
        holds: Math.max(...sharp) <= ROUNDING,
      },
      {
        label: "largest KL / expected sharp bound",
        value: formatNumber(Math.max(...expected)),
        holds: Math.max(...expected) <= ROUNDING,
      },
    ],
    exhibits: bySpace.map((members) => trainedDivergenceFigure(members, "transformers-divergence")),
    numbers: {
      moments: points.length,
      held,
      largestRatio: { paper: Math.max(...paper), sharp: Math.max(...sharp), sharpExpected: Math.max(...expected) },
      medianRatio: {
        paper: median(paper),
        gaugeFree: median(gaugeFree),
        sharp: median(sharp),
        sharpExpected: median(expected),
      },
    },
  };
};

/** Other targets beside the Zipf one, at the same size. */
const targetsSection = (targets: readonly Group[], wide: readonly Group[]): Section => {
  const size = targets[0]?.goal.size;
  const groups = [...wide.filter(({ goal }) => goal.size === size), ...targets];
  const comparing: Comparing = {
    id: "transformers-targets",
    what: "target",
    trait: "target",
    nameOf: ({ goal }) => goal.target.label,
  };
  return {
    id: "transformers-targets",
    heading: "Other targets",
    prose: [
      html`The same models (${size?.label ?? ""}) on targets of other laws: Dirichlet with concentration 1, a nearly uniform one whose log-weights are
        standard normal, and a teacher, a random bidirectional Transformer with scores of standard deviation 1.5 nats. Zipf is the most uneven of
        them. What is left of each is decided by how much of it a model of this size can hold.`,
    ],
    findings: targets.map((group) => {
      const factor = middle(group, shrinkage);
      return {
        label: `${group.goal.target.label}: distance before M over that after, median of the starts`,
        value: formatNumber(factor),
        holds: factor > 1,
      };
    }),
    exhibits: [
      gapFigure(groups, "arm", comparing),
      gapFigure(groups, "ebm", comparing),
      lookaheadFigure(groups, comparing),
    ],
    numbers: { groups: groups.map(numbersOf) },
  };
};

/** Other learning rates than that of figure 3's smallest size. */
const ratesSection = (others: readonly Group[], wide: readonly Group[]): Section => {
  const size = others[0]?.goal.size;
  const groups = [...others, ...wide.filter(({ goal }) => goal.size === size)].toSorted(
    (a, b) => a.goal.learningRate - b.goal.learningRate,
  );
  const best = (kind: "arm" | "ebm") =>
    groups.reduce((a, b) => (middle(b, ({ gap }) => gap[kind]) < middle(a, ({ gap }) => gap[kind]) ? b : a)).goal
      .learningRate;
  const comparing: Comparing = {
    id: "transformers-rates",
    what: "learning rate",
    trait: "learningRate",
    nameOf: ({ goal }) => String(goal.learningRate),
  };
  return {
    id: "transformers-rates",
    heading: "Learning rates",
    prose: [
      html`How much of a gap is left depends on the optimiser as well. Of the rates tried for ${size?.label ?? ""}, ${best("arm")} leaves the ARM least and
        ${best("ebm")} the EBM. A gap at the end of a run is thus no lower limit of what a model can reach.`,
    ],
    findings: [],
    exhibits: [gapFigure(groups, "arm", comparing), gapFigure(groups, "ebm", comparing)],
    numbers: { groups: groups.map(numbersOf), best: { arm: best("arm"), ebm: best("ebm") } },
  };
};
