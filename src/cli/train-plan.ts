import { parseMasses } from "../learn/files/index.ts";
import {
  type Architecture,
  adamw,
  architecture,
  type Corpus,
  checkText,
  corpusOf,
  dirichletTarget,
  type Engine,
  EXACT_RESPONSES_LIMIT,
  noisyTarget,
  parseTokenizer,
  sampledTask,
  spaceTask,
  splitText,
  type Task,
  type Tokenizer,
  teacherTarget,
  textTask,
  trainTokenizer,
  zipfTarget,
} from "../learn/index.ts";
import { readTable, readText, refuseFrom } from "../space/files/index.ts";
import { countResponses, differenceOf, InputError, type Table, type Tree, tree } from "../space/index.ts";
import { readModel } from "./model.ts";
import { flagOf } from "./run-options.ts";
import type { Decisive } from "./train-options.ts";

/** A run whose input is read and checked; nothing is made yet. */
export interface Plan {
  readonly architecture: Architecture;
  /** Texts of the tokens, without EOS. */
  readonly tokens: readonly string[];
  /** Of a run on text. */
  readonly corpus?: Corpus;
  /** Options of the optimiser. */
  readonly optimiser: { readonly steps: number; readonly learningRate: number; readonly warmUp: number };
  readonly task: (engine: Engine) => Promise<Task>;
}

/** Reads and checks what a run needs. @throws InputError naming the option or file, and the repair */
export const planOf = (options: Decisive): Plan => (options.text ? textPlan(options) : spacePlan(options));

const optimiserOf = (options: Decisive, learningRate: number): Plan["optimiser"] => {
  const { steps, weightDecay, clip } = options;
  const optimiser = {
    steps,
    learningRate: options.learningRate ?? learningRate,
    warmUp: options.warmUp ?? Math.floor(steps / 20),
    ...(weightDecay === undefined ? {} : { weightDecay }),
    ...(clip === undefined ? {} : { clip }),
  };
  refuseFrom("the options", () => adamw({}, optimiser));
  return optimiser;
};

const spacePlan = (options: Decisive): Plan => {
  refuseOptions(options, ["heldOut", "tokenizer", "context"], "is for --text");
  const space = spaceOf(options);
  const model = architectureOf(options, { ...space, kind: options.model });
  const { seed, batch, target = "zipf" } = options;
  checkSize(countResponses(space), batch, target);
  const table = target === "teacher" ? undefined : targetOf(target, space, seed);
  return {
    architecture: model,
    tokens: space.tokens,
    optimiser: optimiserOf(options, 1e-3),
    task: async (engine) => {
      const learned = table ?? (await teacherTarget(engine, space, { seed }));
      return batch === undefined
        ? spaceTask(engine, model, space, { target: learned, seed })
        : sampledTask(engine, model, { target: learned, seed, batch });
    },
  };
};

/** Refuses an exact risk over too many responses, and a target of so many that is not read from a file. */
const checkSize = (responses: bigint | string, batch: number | undefined, target: string): void => {
  if (typeof responses === "bigint" && responses <= BigInt(EXACT_RESPONSES_LIMIT)) return;
  const fromFile = isTableName(target);
  if (fromFile && batch !== undefined) return;
  const many = `the space has ${responses} responses, an exact risk takes at most ${EXACT_RESPONSES_LIMIT}`;
  throw new InputError(
    fromFile
      ? `${many}: lower --horizon or --tokens, or add --batch 256 for the sampled risk`
      : `${many}, and so does --target ${target}: lower --horizon or --tokens, or sample a table: --target FILE --batch 256`,
  );
};

/** How many responses a tree of these sizes has, or about how many where it takes long to write. */
const responsesOf = (tokens: number, horizon: number, eos: boolean): bigint | string => {
  const digits = horizon * Math.log10(Math.max(2, tokens));
  if (digits > 300) return `about 10^${Math.floor(digits)}`;
  const longest = eos ? horizon - 1 : horizon;
  const count = BigInt(tokens);
  if (!eos) return count ** BigInt(longest);
  let sum = 0n;
  for (let length = 0; length <= longest; length++) sum += count ** BigInt(length);
  return sum;
};

const refuseOptions = (options: Decisive, names: readonly (keyof Decisive)[], why: string): void => {
  const given = names.find((name) => options[name] !== undefined);
  if (given === undefined) return;
  throw new InputError(`${flagOf(given)} ${why}: leave it out`);
};

const architectureOf = (
  { layers, width, heads }: Decisive,
  of: Pick<Architecture, "kind" | "actions" | "horizon" | "eos">,
): Architecture => {
  const { kind, actions, horizon, eos } = of;
  return refuseFrom("the options", () => architecture({ kind, actions, horizon, eos, layers, width, heads }));
};

/** The tree that the options name: by its sizes, or that of a table file. */
const spaceOf = (options: Decisive): Tree => {
  const { tokens, horizon, eos, space, target } = options;
  const file = space ?? (target !== undefined && isTableName(target) ? target : undefined);
  if (file !== undefined && tokens === undefined && horizon === undefined) {
    const read = readTable(file).space;
    if (read.kind !== "tree") {
      throw new InputError(
        `${file}: holds an automaton, which merges prefixes that a Transformer tells apart: use a tree`,
      );
    }
    if (eos !== undefined)
      throw new InputError(`--eos: ${file} says already whether responses end with EOS: leave it out`);
    return read as Tree;
  }
  if (space !== undefined) throw new InputError("--space: leave --tokens and --horizon out, the file names them");
  if (tokens === undefined || horizon === undefined) {
    const missing = tokens === undefined ? "--tokens" : "--horizon";
    throw new InputError(`${missing} is missing: give --tokens and --horizon, a --space, or a --text to learn`);
  }
  // before the tree is made, whose names alone would fill the memory
  if (tokens >= 1 && horizon >= 1)
    checkSize(responsesOf(tokens, horizon, eos ?? false), options.batch, target ?? "zipf");
  return refuseFrom("the options", () => tree({ tokens, horizon, eos: eos ?? false }));
};

const isTableName = (target: string): boolean => /\.(json|safetensors)$/.test(target);

const targetOf = (target: string, space: Tree, seed: number): Table => {
  if (target === "zipf") return zipfTarget(space, { seed });
  if (target === "dirichlet") return dirichletTarget(space, { seed });
  if (target === "uniform-plus-noise") return noisyTarget(space, { seed });
  if (target.endsWith(".csv")) return parseMasses(readText(target), space, target);
  if (!isTableName(target)) {
    throw new InputError(
      `--target ${target}: is not known: use zipf, dirichlet, uniform-plus-noise, teacher, or a .json, .safetensors or .csv file`,
    );
  }
  const { table } = readModel(target);
  const difference = differenceOf(space, table.space);
  if (difference !== undefined) {
    throw new InputError(`${target}: the target lives on another space than the options name: ${difference}`);
  }
  return table;
};

/** Tokens that a text model sees. */
const CONTEXT = 64;
/** Windows in a step. */
const BATCH = 32;

const textPlan = (options: Decisive): Plan => {
  refuseOptions(options, ["tokens", "horizon", "eos", "space", "target"], "is not for --text");
  if (options.model !== "arm") throw new InputError("--model ebm: text is learned by an ARM: leave --model out");
  const { seed, batch = BATCH, context = CONTEXT } = options;
  const corpus = readCorpus(options);
  const { tokens } = corpus.tokenizer;
  const model = architectureOf(options, { kind: "arm", actions: tokens.length, horizon: context, eos: false });
  refuseFrom("--text", () => checkText(model, corpus, batch));
  return {
    architecture: model,
    tokens,
    corpus,
    optimiser: optimiserOf(options, 4e-3),
    task: (engine) => textTask(engine, model, corpus, { batch, seed }),
  };
};

const HELD_OUT = 0.1;

const readCorpus = ({ text = [], heldOut = [String(HELD_OUT)], tokenizer = "char" }: Decisive): Corpus => {
  const share = heldOut.length === 1 && heldOut[0]?.trim() !== "" ? Number(heldOut[0]) : Number.NaN;
  const files = Number.isNaN(share) ? heldOut : [];
  const learnedFiles = text.filter((file) => !files.includes(file));
  if (learnedFiles.length === 0)
    throw new InputError("--held-out: all of the --text is held out: leave some to learn from");
  const [learned, judged] = [learnedFiles, files].map((names) => names.map(readText)) as [string[], string[]];
  const parts = files.length > 0 ? ([learned, judged] as const) : splitOff(learned, share);
  const made = tokenizerFor(tokenizer, [...parts[0], ...parts[1]]);
  // a file at a time, so that an error names the file
  for (const [index, file] of [...learnedFiles, ...files].entries()) {
    refuseFrom(file, () => made.encode([...learned, ...judged][index] as string));
  }
  return refuseFrom("--text", () => corpusOf(made, ...parts));
};

const splitOff = (texts: readonly string[], share: number): readonly [readonly string[], readonly string[]] => {
  const [learned, judged] = refuseFrom("--held-out", () => splitText(texts.join(""), share));
  return [[learned], [judged]];
};

const tokenizerFor = (what: string, texts: readonly string[]): Tokenizer => {
  if (what === "char") return refuseFrom("--text", () => trainTokenizer(texts, "char"));
  const size = /^bpe:(\d+)$/.exec(what)?.[1];
  if (size !== undefined)
    return refuseFrom(`--tokenizer ${what}`, () => trainTokenizer(texts, { tokens: Number(size) }));
  if (what.endsWith(".json")) return parseTokenizer(readText(what), what);
  throw new InputError(`--tokenizer ${what}: is not known: use char, bpe:N, or a tokenizer.json that arbel wrote`);
};

/** Files that decide a run's numbers. */
export const filesOf = (options: Decisive): readonly string[] => {
  const named = [options.space, options.target, options.tokenizer].filter(
    (name) => name !== undefined && /\.\w+$/.test(name),
  );
  const heldOut = (options.heldOut ?? []).filter((name) => Number.isNaN(Number(name)));
  return [...new Set([...(named as string[]), ...(options.text ?? []), ...heldOut])];
};
