import type { Figure } from "../exhibit.ts";
import { formatNumber } from "../format.ts";
import { html } from "../html.ts";
import { LOOKS } from "../plot.ts";
import type { Group } from "./groups.ts";
import { lastPoint, type Pair, type PairPoint } from "./pair.ts";
import { distanceColumns, GAP_COLUMNS, pairTable } from "./pair-table.ts";
import { median, type Series, seriesFigure } from "./series-figure.ts";

/** The least gap drawn: risks in 32-bit floats are no nearer to the entropy. */
const GAP_FLOOR = 1e-7;
/** The least distance drawn. */
const DISTANCE_FLOOR = 1e-4;

const startsOf = ({ pairs }: Group): string =>
  pairs.length === 1
    ? "One start."
    : `Lines are medians of ${pairs.length} starts, bands reach from the least to the largest.`;

/** Risks of both models of a group against steps, down to the entropy: figure 2, left. */
export const riskFigure = (group: Group, id: string): Figure => {
  const { space, size } = group.goal;
  const entropy = (group.pairs[0] as Pair).entropy;
  const finals = (kind: "arm" | "ebm") => median(group.pairs.map((pair) => lastPoint(pair).gap[kind]));
  const label =
    `Risk of ARM and EBM against Adam steps, ${space.label}, ${size.label}. Both fall towards the entropy, ${formatNumber(entropy)} nats; ` +
    `the ARM ends ${formatNumber(finals("arm"))} nats above it, the EBM ${formatNumber(finals("ebm"))}.`;
  return seriesFigure({
    id: `${id}-risk`,
    title: `Risk: ${space.label}, ${size.label}`,
    label,
    axis: "↑ risk, nats",
    rule: { at: entropy, label: `entropy ${formatNumber(entropy)}` },
    series: (["ebm", "arm"] as const).map((kind, index) => ({
      label: kind.toUpperCase(),
      pairs: group.pairs,
      value: ({ gap }: PairPoint, pair: Pair) => pair.entropy + gap[kind],
      ...(LOOKS[index] as (typeof LOOKS)[number]),
    })),
    caption: html`Exact risk over all responses. ${startsOf(group)} Medians left at the end: ARM ${formatNumber(finals("arm"))}, EBM
      ${formatNumber(finals("ebm"))} nats.`,
    table: pairTable({
      id: `${id}-risk`,
      caption: `Gap between risk and entropy (${formatNumber(entropy, 6)} nats), ${space.label}, ${size.label}`,
      pairs: group.pairs,
      columns: GAP_COLUMNS,
    }),
  });
};

const MEASURES = {
  rms: { title: "Root-mean-square distance", words: "Root of the mean square over responses of the target" },
  max: { title: "Largest distance", words: "Largest over all states" },
} as const;

/** Distances of the ARM's logits from the EBM's reward before and after M, where M acts: figure 2, right. */
export const distanceFigure = (group: Group, id: string, measure: "rms" | "max"): Figure => {
  const { space, size } = group.goal;
  const { title, words } = MEASURES[measure];
  const finals = (side: "before" | "after") =>
    median(group.pairs.map((pair) => lastPoint(pair)[side].lookahead.gaugeFree[measure]));
  const label =
    `${title} between the ARM's logits and the EBM's reward, before and after M, against Adam steps, ${space.label}, ${size.label}. ` +
    `At the end it is ${formatNumber(finals("before"))} nats before M and ${formatNumber(finals("after"))} after, gauge-free.`;
  const sides = [
    { side: "before", gauge: "gaugeFree", label: "before M", look: 1 },
    { side: "after", gauge: "gaugeFree", label: "after M", look: 0 },
    { side: "before", gauge: "raw", label: "before M, raw", look: 3 },
    { side: "after", gauge: "raw", label: "after M, raw", look: 2 },
  ] as const;
  return seriesFigure({
    id: `${id}-distance-${measure}`,
    title: `${title}: ${space.label}, ${size.label}`,
    label,
    axis: "↑ distance of logits, nats",
    floor: DISTANCE_FLOOR,
    series: sides.map(({ side, gauge, label: name, look }) => ({
      label: name,
      pairs: group.pairs,
      value: (point: PairPoint) => point[side].lookahead[gauge][measure],
      ...(LOOKS[look] as (typeof LOOKS)[number]),
      ...(gauge === "raw" ? { dash: "4 3" } : {}),
    })),
    caption: html`${words}, over all levels but the last, where <i>M</i> changes nothing. ${startsOf(group)}
      Raw distances (dashed) hold the constants of states, which no training decides.`,
    table: pairTable({
      id: `${id}-distance-${measure}`,
      caption: `${title} of logits in nats, ${space.label}, ${size.label}; over the levels where M acts, and over all`,
      pairs: group.pairs,
      columns: [...distanceColumns("lookahead", measure), ...distanceColumns("all", measure)],
    }),
  });
};

/** How groups are told apart in a figure. */
export interface Comparing {
  readonly id: string;
  /** What they differ in, such as “sizes”. */
  readonly what: string;
  readonly trait: "size" | "target" | "learningRate";
  readonly nameOf: (group: Group) => string;
}

/** Gaps of one kind of model by group. */
export const gapFigure = (groups: readonly Group[], kind: "arm" | "ebm", comparing: Comparing): Figure => {
  const { id, what, trait, nameOf } = comparing;
  const name = kind.toUpperCase();
  const finals = groups
    .map((group) => `${nameOf(group)}: ${formatNumber(median(group.pairs.map((pair) => lastPoint(pair).gap[kind])))}`)
    .join("; ");
  const label = `Gap between the ${name}'s risk and the entropy against Adam steps, by ${what}. At the end, in nats: ${finals}.`;
  return seriesFigure({
    id: `${id}-${kind}`,
    title: `${name} by ${what}`,
    label,
    axis: "↑ risk − entropy, nats",
    floor: GAP_FLOOR,
    series: seriesBy(groups, nameOf, ({ gap }) => gap[kind]),
    caption: html`Medians and bands over starts. At the end, in nats: ${finals}.`,
    table: pairTable({
      id: `${id}-${kind}`,
      caption: `Gap between the ${name}’s risk and the entropy, by ${what}`,
      pairs: groups.flatMap(({ pairs }) => pairs),
      traits: [trait],
      columns: GAP_COLUMNS.filter(({ key }) => key === `${kind}Gap`),
    }),
  });
};

/** Distances after M by group. */
export const lookaheadFigure = (groups: readonly Group[], comparing: Comparing): Figure => {
  const { id, what, trait, nameOf } = comparing;
  const value = ({ after }: PairPoint) => after.lookahead.gaugeFree.rms;
  const finals = groups
    .map((group) => `${nameOf(group)}: ${formatNumber(median(group.pairs.map((pair) => value(lastPoint(pair)))))}`)
    .join("; ");
  const label = `Root-mean-square gauge-free distance between the ARM's logits and M of the EBM's reward, by ${what}. At the end: ${finals}.`;
  return seriesFigure({
    id: `${id}-lookahead`,
    title: `Distance after M by ${what}`,
    label,
    axis: "↑ distance after M, nats",
    floor: DISTANCE_FLOOR,
    series: seriesBy(groups, nameOf, value),
    caption: html`Gauge-free, weighted by the target, over the levels where <i>M</i> acts. At the end, in nats: ${finals}.`,
    table: pairTable({
      id: `${id}-lookahead`,
      caption: `Root-mean-square gauge-free distance before and after M in nats, by ${what}`,
      pairs: groups.flatMap(({ pairs }) => pairs),
      traits: [trait],
      columns: distanceColumns("lookahead", "rms").filter(({ key }) => key.startsWith("gaugeFree")),
    }),
  });
};

const seriesBy = (groups: readonly Group[], nameOf: Comparing["nameOf"], value: Series["value"]): Series[] =>
  groups.map((group, index) => ({
    label: nameOf(group),
    pairs: group.pairs,
    value,
    ...(LOOKS[index % LOOKS.length] as (typeof LOOKS)[number]),
  }));
