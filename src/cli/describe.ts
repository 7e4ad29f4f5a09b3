import type { Command } from "commander";
import { bestResponses, countSupport, entropy, expectedLength } from "../bellman/index.ts";
import { countArcs, countResponses, countStates, type Kind } from "../space/index.ts";
import { jsonOption, whole } from "./arguments.ts";
import type { FileModel } from "./model.ts";
import type { Output } from "./output.ts";
import { columns, count, exponential, nats, percent, responseText, toJson } from "./text.ts";
import { type Told, told } from "./told.ts";
import { ANY_MODEL, readTableModel } from "./trained.ts";

/** The keys of `arbel describe --json`. */
interface Description {
  readonly kind: Kind;
  readonly vocabulary: number;
  readonly horizon: number;
  readonly eos: boolean;
  readonly states: bigint;
  readonly arcs: bigint;
  readonly responses: bigint;
  readonly support: bigint;
  readonly logPartition: number;
  readonly entropy: number;
  readonly expectedLength: number;
  readonly best: readonly Told[];
}

const EXAMPLES = `
Example: arbel describe reward.json --best 10

Keys of --json: kind, vocabulary, horizon, eos, states, arcs, responses (of the space), support (responses of positive
probability), logPartition, entropy, expectedLength (actions, EOS included), best: [{ tokens, text, logProbability }].`;

/** `arbel describe`: what a table says, computed exactly. */
export const addDescribe = (program: Command, output: Output): void => {
  program
    .command("describe")
    .description("sizes, log-partition, entropy and best responses of a table")
    .argument("<in>", ANY_MODEL)
    .option("--best <k>", "how many of the most probable responses to list", whole(0, 1_000_000), 5)
    .addOption(jsonOption())
    .addHelpText("after", EXAMPLES)
    .action(async (path: string, options: { best: number; json?: true }) => {
      const model = await readTableModel(path, output, "describe a smaller one");
      const description = describe(model, options.best);
      return output.print(options.json ? `${toJson(description, 2)}\n` : textFor(path, model, description));
    });
};

const describe = ({ table: { space, kind }, arm }: FileModel, best: number): Description => ({
  kind,
  vocabulary: space.tokens.length,
  horizon: space.horizon,
  eos: space.eos,
  states: countStates(space),
  arcs: countArcs(space),
  responses: countResponses(space),
  support: countSupport(arm),
  logPartition: arm.logPartition,
  entropy: entropy(arm),
  // a response's length counts its EOS   theory §1
  expectedLength: expectedLength(arm),
  best: bestResponses(arm, best).map(({ tokens, logProbability }) => told(space, tokens, logProbability)),
});

const textFor = (path: string, { table: { space } }: FileModel, d: Description): string => {
  const lengths = d.eos ? "tokens and EOS" : "tokens, no EOS";
  const facts = columns(
    [
      ["vocabulary", count(d.vocabulary), "tokens"],
      ["horizon", count(d.horizon), lengths],
      ["states", count(d.states), ""],
      ["arcs", count(d.arcs), ""],
      ["responses", count(d.responses), ""],
      ["support", count(d.support), "responses of positive probability"],
      ["log-partition", nats(d.logPartition), "nats"],
      ["entropy", nats(d.entropy), `nats, as uncertain as ${exponential(d.entropy)} equal responses`],
      ["expected length", nats(d.expectedLength), lengths],
    ],
    [0, 2],
  );
  const best = d.best.map(({ text, logProbability }) => [
    percent(Math.exp(logProbability)),
    nats(logProbability),
    responseText(text),
  ]);
  const listed =
    best.length === 0 ? "" : `\n${columns([["probability", "log (nats)", "most probable responses"], ...best], [2])}`;
  return `${path}: ${d.kind} on ${space.kind === "tree" ? "a tree" : "an automaton"}\n\n${facts}${listed}`;
};
