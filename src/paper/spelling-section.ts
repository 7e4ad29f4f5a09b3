import type { Figure, Section } from "./exhibit.ts";
import { formatNumber, formatPercent } from "./format.ts";
import { html } from "./html.ts";
import type { SpelledPosition } from "./name-spelling.ts";
import { COLOURS } from "./plot.ts";
import { drawLookahead, drawProbabilities, gridTable, LOWEST, spellingTable } from "./spelling-figure.ts";

/** One name being spelled, with the value of every next letter. */
export const spellingSection = (spelled: readonly SpelledPosition[], name: string, label: string): Section => {
  const gap = largestGap(spelled);
  const turn = turningPoint(spelled);
  const at = (row: "before" | "after" | "masked") => turn[row][turn.action] as number;
  return {
    id: "spelling",
    heading: `Spelling “${name}”`,
    prose: [
      html`One name that ${label}, letter by letter. Each column is a position with the letter that is taken there on top; each row a letter that
        could be taken. After “${turn.prefix}” the model gives the letter that “${name}” needs ${formatPercent(at("before"))}, masking
        ${formatPercent(at("masked"))}. Looking ahead, it gets ${formatPercent(at("after"))}.`,
      html`The three are tied by Doob’s transform (theory §3): <i>π</i>*(<i>a</i>|<i>s</i>) = <i>π</i>(<i>a</i>|<i>s</i>) · exp(<i>U</i>(<i>s</i>⊕<i>a</i>) −
        <i>U</i>(<i>s</i>)), with <i>U</i> the log-probability that the name will fit. <i>U</i> does not depend on the gauge of the logits.`,
    ],
    findings: [
      {
        label: "largest violation of Doob’s transform, all letters of all positions",
        value: `${formatNumber(gap)} nats`,
        holds: gap <= 1e-12,
      },
    ],
    exhibits: [...panels(spelled, name), spellingTable(spelled, name)],
    numbers: { name, largestGap: gap },
  };
};

/** Largest violation of Doob's transform over all letters of all positions, in nats. */
const largestGap = (spelled: readonly SpelledPosition[]): number =>
  Math.max(
    ...spelled.map(({ before, lookahead, after }) => {
      const terms = before.map((p, action) => p * Math.exp(lookahead[action] as number));
      const total = terms.reduce((a, b) => a + b, 0);
      return terms.reduce((max, term, action) => {
        const exact = after[action] as number;
        return term === 0 && exact === 0 ? max : Math.max(max, Math.abs(Math.log(term / total) - Math.log(exact)));
      }, 0);
    }),
  );

/** The position where lookahead raises the letter taken most. */
const turningPoint = (spelled: readonly SpelledPosition[]): SpelledPosition => {
  const gain = ({ action, before, after }: SpelledPosition) => (after[action] as number) - (before[action] as number);
  return spelled.reduce((a, b) => (gain(b) > gain(a) ? b : a));
};

const AREA = html`The area of a disc is the probability of the letter; outlined is the letter taken.`;

const panels = (spelled: readonly SpelledPosition[], name: string): Figure[] => [
  probabilityPanel(spelled, name, "before", "The model", COLOURS.muted),
  lookaheadPanel(spelled, name),
  probabilityPanel(spelled, name, "after", "Exact conditional", COLOURS.first),
  probabilityPanel(spelled, name, "masked", "Masking", COLOURS.second),
];

const probabilityPanel = (
  spelled: readonly SpelledPosition[],
  name: string,
  row: "before" | "after" | "masked",
  title: string,
  colour: string,
): Figure => {
  const taken = spelled.map((at) => formatPercent(at[row][at.action] as number)).join(", ");
  const label = `${title}, while spelling ${name}: the probabilities of its letters are ${taken}.`;
  const rowOf = (at: SpelledPosition) => at[row];
  const id = `spelling-${row}`;
  return {
    id,
    title,
    label,
    svg: drawProbabilities(label, spelled, rowOf, colour),
    caption: AREA,
    table: gridTable(spelled, rowOf, {
      id,
      caption: `${title}: probability of every next letter`,
      format: formatPercent,
    }),
  };
};

const lookaheadPanel = (spelled: readonly SpelledPosition[], name: string): Figure => {
  const values = spelled.map((at) => formatNumber(at.lookahead[at.action] as number)).join(", ");
  const label = `Lookahead while spelling ${name}: after its letters, ${values} nats.`;
  const id = "spelling-lookahead";
  return {
    id,
    title: "Lookahead U",
    label,
    svg: drawLookahead(label, spelled),
    caption: html`Log-probability that the name will fit after the letter: full colour is 0 nats, sure; none is ${formatNumber(LOWEST)} nats or less; × is never.`,
    table: gridTable(spelled, ({ lookahead }) => lookahead, {
      id,
      caption: "Lookahead U(s⊕a) after every next letter, nats",
      format: formatNumber,
    }),
  };
};
