import type { ExactLookahead, ExplainedStep, SteerResult } from "../steer/index.ts";
import type { SteerFlags } from "./steer-options.ts";
import { columns, count, nats, percent, printable, responseText } from "./text.ts";

/** Different responses that the text shows; JSON has them all. */
const SHOWN = 20;

/** What a run was prepared by. */
interface Prepared {
  readonly lookahead: string;
  /** Model calls to look ahead. */
  readonly prepared: number;
  readonly exact?: ExactLookahead;
}

/** What a run found, for people. */
export const resultText = (
  flags: SteerFlags,
  { lookahead, prepared, exact }: Prepared,
  result: SteerResult,
): string => {
  const { logPartition, effectiveSampleSize, modelCalls, modelTokens } = result;
  const facts = columns(
    [
      ["log-partition", partitionText(logPartition)],
      ["effective sample size", effectiveSampleSize.toFixed(1)],
      [
        "model calls",
        `${count(modelCalls)}, of ${count(modelTokens)} tokens${prepared > 0 ? `; ${count(prepared)} of them to look ahead` : ""}`,
      ],
      ["sampler", `${flags.sampler}, ${count(flags.particles)} particles, lookahead ${lookahead}, seed ${flags.seed}`],
    ],
    [0, 1],
  );
  const holds = result.guarantees.map((text) => `* ${text}\n`).join("");
  return `${exact ? exactTable(exact, result) : sampledTable(result)}\n${facts}\n${holds}`;
};

/** An estimate with its error, or what is known. */
const partitionText = ({ estimate, standardError, interval, exact }: SteerResult["logPartition"]): string =>
  exact
    ? `${nats(estimate)} nats, exact`
    : `${nats(estimate)} ± ${nats(standardError)} nats, between ${nats(interval[0])} and ${nats(interval[1])}`;

const sampledTable = (result: SteerResult): string => {
  const merged = mergedOf(result);
  const rows = merged
    .slice(0, SHOWN)
    .map(({ text, share, logModel }) => [percent(share), nats(logModel), responseText(text)]);
  return `${columns([["share", "model's log", "response"], ...rows], [2])}${moreOf(merged.length)}`;
};

/** All responses that are possible, also those that were not drawn. */
const exactTable = ({ responses, logPartition }: ExactLookahead, result: SteerResult): string => {
  const drawn = new Map(mergedOf(result).map(({ text, share }) => [text, share]));
  const possible = responses.filter(({ logProbability }) => logProbability > -Infinity);
  const rows = possible
    .slice(0, SHOWN)
    .map(({ text, logProbability }) => [
      percent(Math.exp(logProbability - logPartition)),
      percent(drawn.get(text) ?? 0),
      nats(logProbability),
      responseText(text),
    ]);
  const table = columns([["exact", "drawn", "model's log", "response"], ...rows], [3]);
  return `${table}${moreOf(possible.length)}`;
};

const moreOf = (length: number): string => (length > SHOWN ? `… ${count(length - SHOWN)} more\n` : "");

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
