import type { DataTable, Section } from "../exhibit.ts";
import { formatNumber } from "../format.ts";
import { html } from "../html.ts";
import { SURROGATE } from "./steered-names.ts";
import type { SteeringCase } from "./steering-case.ts";
import { steeringFigure } from "./steering-figure.ts";
import { methodTables, verdictTable } from "./steering-tables.ts";
import { isPoor, lastOf, lookaheadFindings, unbiasedFindings, verdictsOf } from "./verdicts.ts";

const NAMES = { id: "steering", wish: "a name that" };

const CAPTION = html`Means over runs. The exact answer is known by <i>M</i> over the automaton of the pattern; a run’s responses count by their weights.`;

/** Samplers against the exact conditional on names, wish by wish. */
export const steeredNamesSection = (cases: readonly SteeringCase[]): Section => {
  const verdicts = verdictsOf(cases);
  const fitCalls = cases[0]?.fitCalls ?? 0;
  const drawn = drawnOf(cases);
  return {
    id: "steering",
    heading: "Steering with a model that can only be asked",
    prose: [
      html`The sections before use the model of names as what it is, an automaton. Here the same model stands behind a port, as a language model
        does: it says what comes next, and each context it is asked about is a call. A name is wished for by a pattern and a limit of letters. Samplers spend
        calls; <i>M</i> knows the exact answer, ${cases.length} times.`,
      html`Masking allows only letters after which the pattern can still be met within the limit. Its own samples are biased, however many
        are drawn; with weights (theory §8) they are consistent, but few particles carry all the weight where the wish is rare. Lookahead by a surrogate, here an
        n-gram model of order ${SURROGATE.order} fitted to what the model says along ${formatNumber(SURROGATE.samples)} samples, some of which follow the wishes
        (${formatNumber(fitCalls)} calls, once for all wishes, and not counted below), tells what a letter leads to, and the same number of particles go further. Where
        a wish is nearly met by itself, or is only a beginning, lookahead has little to give. The surrogate’s size was chosen knowing what smaller ones give, which is less: docs/steering.md compares them.`,
      html`The total variation is that between a run’s responses, by their weights, and the exact conditional; that of independent exact samples is
        not 0 either, since a run returns finitely many.`,
    ],
    findings: [
      ...unbiasedFindings(cases, ["smc", "smcSurrogate", "importanceSurrogate"]),
      ...lookaheadFindings(verdicts),
    ],
    exhibits: [
      verdictTable(NAMES, cases),
      ...methodTables(NAMES, cases),
      ...drawn.map((one) => steeringFigure(one, CAPTION)),
      ...restOf(cases, drawn),
    ],
    numbers: { fitCalls, verdicts, cases },
  };
};

/** The wishes whose curves are drawn: of those where masking keeps little, the one where it comes nearest; and where it keeps most. */
const drawnOf = (cases: readonly SteeringCase[]): SteeringCase[] => {
  const masking = (one: SteeringCase) => lastOf(one, "importance");
  const easiest = cases.toSorted((a, b) => masking(b).effective - masking(a).effective).slice(0, 1);
  const poor = cases.filter((one) => isPoor(one) && !easiest.includes(one));
  return [...poor.toSorted((a, b) => masking(a).totalVariation - masking(b).totalVariation).slice(0, 1), ...easiest];
};

const restOf = (cases: readonly SteeringCase[], drawn: readonly SteeringCase[]): DataTable[] =>
  cases.filter((one) => !drawn.includes(one)).map((one) => steeringFigure(one, CAPTION).table);
