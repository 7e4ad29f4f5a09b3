import type { FrontierPoint } from "../../learn/index.ts";
import type { DataTable, Figure, Section } from "../exhibit.ts";
import { formatNumber, formatPercent } from "../format.ts";
import { html } from "../html.ts";
import { COLOURS } from "../plot.ts";
import { curvesFigure } from "./curves-figure.ts";
import { RECIPES } from "./recipes.ts";
import type { Landing, TradeOff, TradeOffPlan } from "./trade-off.ts";

/** Rounding of `R/β − KL`, in nats, where a student reaches the frontier. */
const ROUNDING = 1e-9;

/** The exact frontier of reward against divergence, and where short runs land. */
export const tradeOffSection = (plan: TradeOffPlan, { large, small, landings }: TradeOff): Section => {
  const beyond = landings.filter((landing) => passes(landing, small)).length;
  const worst = landings.reduce((a, b) => (b.gap > a.gap ? b : a));
  return {
    id: "frontier",
    heading: "Reward against divergence",
    prose: [
      html`Reward a name with 1 where it contains “ann”, and charge it <i>β</i> for each nat that it leaves the model <i>ρ</i> by. The best distribution
        at each temperature <i>β</i> is <i>p</i>* ∝ <i>ρ</i>·exp(<i>R</i>/<i>β</i>), and these make up the frontier that no distribution, trained by whatever method, can
        pass: at ${large.length} temperatures from ${formatNumber(large[0]?.temperature ?? 0)} to ${formatNumber(large.at(-1)?.temperature ?? 0, 2)} it was computed exactly, a sweep over the product
        automaton each. A run of reinforcement learning can be put beside it to see what its training, not its reward, is missing.`,
      html`Students began at <i>ρ</i>, a smaller model of names, and learned from ${formatNumber(plan.batch)} of their own responses for ${formatNumber(plan.steps)} steps. They lie below their
        temperature’s point by exactly <i>β</i>·KL(student‖<i>p</i>*) in what <i>β</i> trades. The largest gap is ${worst.recipe.label}’s, ${formatNumber(worst.gap, 2)} nats at <i>β</i> = ${formatNumber(worst.temperature)}.`,
    ],
    findings: [
      {
        label: "temperatures of the exact frontier at which reward and divergence both rise as β falls",
        value: `${formatNumber(rising(large) + 1)} of ${formatNumber(large.length)}`,
        holds: rising(large) === large.length - 1,
      },
      {
        label: "short runs that pass the frontier (none can)",
        value: `${formatNumber(beyond)} of ${formatNumber(landings.length)}`,
        holds: beyond === 0,
      },
    ],
    exhibits: [frontierFigure(large), landingFigure(small, landings)],
    numbers: {
      frontier: large,
      landings: landings.map(({ recipe, ...landing }) => ({ objective: recipe.objective, ...landing })),
    },
  };
};

const rising = (points: readonly FrontierPoint[]): number =>
  points.filter((point, i) => {
    const before = points[i - 1];
    return before !== undefined && point.reward > before.reward && point.kl > before.kl;
  }).length;

/** Whether some temperature values a student higher than its optimum, `E[R]/β − KL > log E_ρ exp(R/β)`. */
const passes = ({ reward, kl }: Landing, points: readonly FrontierPoint[]): boolean =>
  points.some(({ temperature, logPartition }) => reward / temperature - kl > logPartition + ROUNDING);

const placesOf = (points: readonly { readonly kl: number; readonly reward: number }[]) =>
  points.map(({ kl, reward }) => ({ x: kl, y: 100 * reward }));

const X = { label: "KL from the model, nats →", log: false } as const;
const Y = {
  label: "↑ names with the pattern, %",
  log: false,
  domain: [0, 100],
  ticks: [0, 20, 40, 60, 80, 100],
} as const;

/** The frontier of the model that the report studies. */
const frontierFigure = (large: readonly FrontierPoint[]): Figure => {
  const half = large.find(({ reward }) => reward >= 0.5);
  const label =
    `Probability of the pattern against divergence from the model: a curve that rises ever less steeply, from ${formatPercent(large[0]?.reward ?? 0)} ` +
    `at ${formatNumber(large[0]?.kl ?? 0, 2)} nats to ${formatPercent(large.at(-1)?.reward ?? 0)} at ${formatNumber(large.at(-1)?.kl ?? 0)} nats.`;
  return curvesFigure({
    id: "frontier-exact",
    title: "The exact frontier",
    label,
    series: [
      {
        label: "optimum of one temperature each",
        colour: COLOURS.first,
        symbol: "circle",
        places: placesOf(large),
        every: 1,
      },
    ],
    x: X,
    y: Y,
    caption: html`The model of names of this report. ${half ? `From β = ${formatNumber(half.temperature, 2)} down, at least half of the names contain “ann”.` : ""}
      All of them would cost ${formatNumber(Math.max(...large.map(({ kl }) => kl)))} nats, −log of the pattern’s probability, and no more.`,
    table: {
      id: "frontier-exact",
      caption: "The exact frontier by temperature",
      columns: [
        { key: "temperature", label: "temperature β", format: formatNumber },
        { key: "reward", label: "probability of the pattern", format: formatPercent },
        { key: "kl", label: "KL(p*‖ρ), nats", format: formatNumber },
        { key: "logPartition", label: "log E exp(R/β), nats", format: formatNumber },
      ],
      rows: large.map((point) => ({ ...point })),
    },
  });
};

/** Where the students landed. */
const landingFigure = (small: readonly FrontierPoint[], landings: readonly Landing[]): Figure => {
  const label =
    `Probability of the pattern against divergence from the smaller model: the exact frontier, and ${landings.length} students on or below it. ` +
    `${RECIPES.map(({ objective, label: name }) => `${name} is at most ${formatNumber(largestGap(landings, objective), 2)} nats from its optimum`).join(", ")}.`;
  return curvesFigure({
    id: "frontier-landings",
    title: "Where each objective lands",
    label,
    series: RECIPES.map(({ objective, label: name, look }) => ({
      label: name,
      ...look,
      places: placesOf(landings.filter(({ recipe }) => recipe.objective === objective)),
      line: false,
      every: 1,
    })),
    guides: [
      {
        label: "exact frontier",
        places: placesOf(small),
        at: small.findIndex(({ reward }) => reward > 0.5),
        dx: 10,
        dy: 10,
        anchor: "start",
      },
    ],
    x: X,
    y: Y,
    caption: html`A smaller model of names, whose frontier is dashed. Each objective once at ${formatNumber(new Set(landings.map(({ temperature }) => temperature)).size)} temperatures.`,
    table: landingTable(landings),
  });
};

const largestGap = (landings: readonly Landing[], objective: string): number =>
  Math.max(...landings.filter(({ recipe }) => recipe.objective === objective).map(({ gap }) => gap));

const landingTable = (landings: readonly Landing[]): DataTable => ({
  id: "frontier-landings",
  caption: "Short runs: where they ended",
  columns: [
    { key: "temperature", label: "temperature β", format: formatNumber },
    { key: "objective", label: "objective" },
    { key: "reward", label: "probability of the pattern", format: formatPercent },
    { key: "kl", label: "KL(student‖ρ), nats", format: formatNumber },
    { key: "gap", label: "KL(student‖p*), nats", format: formatNumber },
  ],
  rows: landings.map(({ recipe, ...landing }) => ({ objective: recipe.label, ...landing })),
});
