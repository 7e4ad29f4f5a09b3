import type { Command } from "commander";
import { type Arm, condition, EmptyModelError, sample, sampleWithoutReplacement, toLogits } from "../bellman/index.ts";
import { InputError, regex, type Space } from "../space/index.ts";
import { jsonOption, seedOption, whole } from "./arguments.ts";
import { samplerOf } from "./certified.ts";
import { checkMemory } from "./memory.ts";
import type { FileModel } from "./model.ts";
import { type Output, printLines } from "./output.ts";
import { count, nats, percent, printable, toJson } from "./text.ts";
import { type Told, told } from "./told.ts";
import { ANY_MODEL, type EngineMaker, type LargeModel, readAnyModel, tooManyFor, withEngine } from "./trained.ts";

interface Options {
  readonly count: number;
  readonly seed: number;
  readonly withoutReplacement?: true;
  readonly given?: string;
  readonly json?: true;
}

const EXAMPLES = `
Prints a line per response: its log-probability in nats, a tab, and its text with control characters escaped;
with --json a line { tokens, text, logProbability }.

Examples:
  arbel sample reward.json --count 10 --seed 7
  arbel sample names.json --count 5 --given ".*ette" --without-replacement`;

/** `arbel sample`: exact samples of a model. */
export const addSample = (program: Command, output: Output): void => {
  program
    .command("sample")
    .description("draw exact samples of a model")
    .argument("<in>", `${ANY_MODEL}; rewards go through M`)
    .requiredOption("--count <n>", "how many responses to draw", whole(0))
    .addOption(seedOption())
    .option("--without-replacement", "draw distinct responses")
    .option("--given <regex>", "only responses whose whole text matches, by the exact conditional distribution")
    .addOption(jsonOption())
    .addHelpText("after", EXAMPLES)
    .action(async (path: string, options: Options) => {
      const { space, responses } = await withEngine(output, { engine: "onnx" }, async (engine) => {
        const model = await readAnyModel(path, engine);
        checkMemory("--count", options.count, model.space);
        return model.kind === "table"
          ? ofTable(model, options, output)
          : { space: model.space, responses: await ofTransformer(path, model, options, engine) };
      });
      await output.log(`seed ${options.seed}`);
      await printLines(output, linesOf(space, responses, options.json ?? false));
    });
};

const ofTable = async (model: FileModel, options: Options, output: Output) => {
  const arm = options.given === undefined ? model.arm : await conditioned(model, options.given, output);
  const responses = options.withoutReplacement ? await distinct(arm, options, output) : independent(arm, options);
  return { space: arm.logits.space, responses };
};

/** Responses that go through a Transformer at a time. */
const BATCH = 256;

/** Independent responses of a Transformer on a space too large for its table. */
const ofTransformer = async (
  path: string,
  model: LargeModel,
  { count, seed, given, withoutReplacement }: Options,
  engine: EngineMaker,
): Promise<Drawn[]> => {
  const why = await tooManyFor(model.space);
  if (given !== undefined) throw new InputError(`--given: ${path}: ${why}, which the exact conditional needs`);
  if (withoutReplacement) throw new InputError(`--without-replacement: ${path}: ${why}, which it needs`);
  if (model.architecture.kind === "ebm") throw new InputError(`${path}: is an EBM: ${why}, which samples of it need`);
  const { rowSums, tokensOf } = await import("../learn/index.ts");
  const sampler = await samplerOf(model, engine);
  const drawn: Drawn[] = [];
  try {
    while (drawn.length < count) {
      const size = Math.min(BATCH, count - drawn.length);
      const { rows, logPolicy } = await sampler.draw(size, { seed, step: drawn.length });
      const sums = rowSums(logPolicy, rows.horizon);
      drawn.push(...tokensOf(model.space, rows).map((tokens, row): Drawn => [tokens, sums[row] as number]));
    }
  } finally {
    await sampler.dispose();
  }
  return drawn;
};

/** The model given that the text matches; its probability goes to stderr. */
const conditioned = async ({ table, arm }: FileModel, pattern: string, output: Output): Promise<Arm> => {
  const source = `--given ${JSON.stringify(pattern)}`;
  const machine = refusePattern(source, () => regex(pattern, table.space.tokens));
  const given = refuseNone(source, () => toLogits(condition(table, machine)));
  const probability = Math.exp(given.logPartition - arm.logPartition);
  await output.log(`a response matches ${pattern} with probability ${percent(probability)}`);
  return given;
};

const refuseNone = <T>(source: string, work: () => T): T => {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof EmptyModelError)) throw error;
    throw new InputError(`${source}: no response of positive probability matches: loosen the pattern`, {
      cause: error,
    });
  }
};

const refusePattern = <T>(source: string, work: () => T): T => {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
    throw new InputError(`${source}: ${error.message}`, { cause: error });
  }
};

/** Tokens of a response with its log-probability. */
type Drawn = readonly [tokens: ArrayLike<number>, logProbability: number];

function* independent(arm: Arm, options: Options): Generator<Drawn> {
  const samples = sample(arm, options.count, { seed: options.seed });
  for (let i = 0; i < samples.count; i++) yield [samples.response(i), samples.logProbabilities[i] as number];
}

/** Distinct responses; that there are fewer than asked for goes to stderr. */
const distinct = async (arm: Arm, options: Options, output: Output): Promise<Drawn[]> => {
  const drawn = sampleWithoutReplacement(arm, options.count, { seed: options.seed });
  if (drawn.length < options.count) {
    await output.log(`only ${count(drawn.length)} responses have positive probability: all of them follow`);
  }
  return drawn.map(({ tokens, logProbability }) => [tokens, logProbability]);
};

function* linesOf(space: Space, responses: Iterable<Drawn>, json: boolean): Generator<string> {
  for (const [tokens, logProbability] of responses) {
    const response: Told = told(space, tokens, logProbability);
    yield json ? toJson(response) : `${nats(logProbability)}\t${printable(response.text)}`;
  }
}
