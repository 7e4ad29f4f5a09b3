import type { ExplainedStep, SteerResult } from "../steer/index.ts";
import type { SteerFlags } from "./steer-options.ts";
import { columns, count, nats, percent, printable, responseText } from "./text.ts";

/** Different responses that the text shows; JSON has them all. */
const SHOWN = 20;

/** What a run found, for people. */
export const resultText = (
  flags: SteerFlags,
  { lookahead, prepared }: { readonly lookahead: string; readonly prepared: number },
  result: SteerResult,
): string => {
  const { logPartition, effectiveSampleSize, modelCalls, modelTokens } = result;
  const { estimate, standardError, interval } = logPartition;
  const merged = mergedOf(result);
  const rows = merged
    .slice(0, SHOWN)
    .map(({ text, share, logModel }) => [percent(share), nats(logModel), responseText(text)]);
  const more = merged.length > SHOWN ? `… ${count(merged.length - SHOWN)} more\n` : "";
  const facts = columns(
    [
      [
        "log-partition",
        `${nats(estimate)} ± ${nats(standardError)} nats, between ${nats(interval[0])} and ${nats(interval[1])}`,
      ],
      ["effective sample size", effectiveSampleSize.toFixed(1)],
      [
        "model calls",
        `${count(modelCalls)}, of ${count(modelTokens)} tokens${prepared > 0 ? `; ${count(prepared)} of them to look ahead` : ""}`,
      ],
      ["sampler", `${flags.sampler}, ${count(flags.particles)} particles, lookahead ${lookahead}, seed ${flags.seed}`],
    ],
    [0, 1],
  );
  const table = columns([["share", "model's log", "response"], ...rows], [2]);
  const holds = result.guarantees.map((text) => `* ${text}\n`).join("");
  return `${table}${more}\n${facts}\n${holds}`;
};

/** Responses of the same text together, the heaviest first. */
const mergedOf = ({ samples }: SteerResult) => {
  const byText = new Map<string, { text: string; share: number; logModel: number }>();
  for (const { text, logWeight, modelLogProbability } of samples) {
    const known = byText.get(text) ?? { text, share: 0, logModel: modelLogProbability };
    known.share += Math.exp(logWeight);
    byText.set(text, known);
  }
  return [...byText.values()].sort((a, b) => b.share - a.share);
};

/** An explanation, step by step, for people. */
export const explanationText = (steps: readonly ExplainedStep[]): string =>
  steps
    .map(({ text, tokens, chosen, logWeight, logAllowed }) => {
      const told = tokens.some(({ token }) => token === chosen.token) ? tokens : [chosen, ...tokens];
      const rows = told.map((token) => [
        `${token.token === chosen.token ? "→" : " "} ${token.end ? "(end)" : JSON.stringify(printable(token.text))}`,
        nats(token.value),
        percent(token.before),
        percent(token.after),
        percent(token.masked),
      ]);
      const heading = `after ${JSON.stringify(printable(text))}: weight ${nats(logWeight)} nats; masking allows ${percent(Math.exp(logAllowed))} of the model\n`;
      return `${heading}${columns([["  next", "value", "before", "after", "masked"], ...rows])}`;
    })
    .join("\n");
