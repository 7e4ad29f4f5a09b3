import { type Command, InvalidArgumentError, Option } from "commander";
import { InputError } from "../space/index.ts";
import type { SamplerName } from "../steer/index.ts";
import { jsonOption, seedOption, whole } from "./arguments.ts";

/** What `arbel steer` is given. */
export interface SteerFlags {
  readonly model?: string;
  readonly tokenizer?: string;
  readonly serverModel?: string;
  readonly top?: number;
  readonly contextSize?: number;
  readonly prompt: string;
  readonly regex?: string;
  readonly schema?: string;
  readonly keywords?: readonly string[];
  readonly endsWith?: string;
  readonly choices?: string;
  readonly reward?: string;
  readonly rewardTimeout: number;
  readonly temperature: number;
  readonly stop?: string;
  readonly stopComplete?: true;
  readonly maxTokens: number;
  readonly lookahead?: "none" | "exact" | "surrogate";
  readonly surrogate?: string;
  readonly sampler: SamplerName;
  readonly particles: number;
  readonly samples?: number;
  readonly attempts?: number;
  readonly moves?: number;
  readonly largest?: number;
  readonly seed: number;
  readonly explain?: true;
  readonly json?: true;
}

/** Names of the samplers; the library is loaded only by a run. */
const SAMPLER_NAMES: readonly SamplerName[] = [
  "smc",
  "adaptive-rejection",
  "importance",
  "metropolis-hastings",
  "block-metropolis-hastings",
  "rejection",
  "best-of-n",
  "masking",
];

/** Reads a finite number above 0. */
const positive = (text: string): number => {
  const number = Number(text);
  if (text.trim() !== "" && number > 0 && number < Infinity) return number;
  throw new InvalidArgumentError("It must be a finite number > 0.");
};

/** Reads a finite number. */
const finite = (text: string): number => {
  const number = Number(text);
  if (text.trim() !== "" && Number.isFinite(number)) return number;
  throw new InvalidArgumentError("It must be a finite number.");
};

/** Adds the options of `arbel steer`. */
export const addSteerOptions = (command: Command): Command =>
  command
    .option(
      "--model <path|url>",
      "a folder, a .gguf file, a table (.json, .safetensors) or a server's address (default: the model that comes along)",
    )
    .option("--tokenizer <path>", "of a server: the tokenizer.json of its model")
    .option("--server-model <name>", "of a server that has several models: the one to ask")
    .option("--top <n>", "of a server: how many of the likeliest tokens it reports", whole(1, 10_000_000))
    .option(
      "--context-size <n>",
      "of a .gguf file: tokens of the longest context (default: as it was trained, at most 1,024)",
      whole(1, 10_000_000),
    )
    .option("--prompt <text>", "what the response follows", "")
    .option("--regex <pattern>", "the whole response matches")
    .option("--schema <file>", "the response is JSON that a JSON Schema allows")
    .option("--keywords <texts...>", "the response contains all of them")
    .option("--ends-with <text>", "the response ends with it")
    .option("--choices <file>", "the response is a line of the file")
    .option("--reward <module>", "log-weights of responses from a module's export `reward`, or its default")
    .option("--reward-timeout <seconds>", "time that it may take to load, and for a batch", positive, 60)
    .option("--temperature <β>", "the reward is divided by it", positive, 1)
    .addOption(
      new Option("--stop <text>", "the response ends with this text, where the model goes on too").conflicts(
        "stopComplete",
      ),
    )
    .option("--stop-complete", "the response ends as soon as it meets the constraints, where the model goes on too")
    .option("--max-tokens <n>", "most tokens of a response", whole(0, 100_000), 32)
    .addOption(
      new Option(
        "--lookahead <kind>",
        "none; exact, for few allowed texts; surrogate, an n-gram model fitted to samples of the model " +
          "(default: exact with --choices, but for rejection, best-of-n and masking; else none)",
      ).choices(["none", "exact", "surrogate"]),
    )
    .option("--surrogate <file>", "where the surrogate is kept: read if it is there, else fitted and written")
    .addOption(new Option("--sampler <name>", "how to sample").choices([...SAMPLER_NAMES]).default("smc"))
    .option("--particles <n>", "particles, attempts or chains side by side", whole(1, 1_000_000), 64)
    .option(
      "--samples <n>",
      "how many responses to return (default: all particles, with their weights)",
      whole(1, 1_000_000),
    )
    .option("--attempts <n>", "of rejection: most attempts (default: 100,000)", whole(1, 1_000_000_000))
    .option(
      "--moves <n>",
      "of chains: moves of each, of which the first half is thrown away (default: 50)",
      whole(1, 1_000_000),
    )
    .option("--largest <nats>", "of rejection with a reward: its largest value over the temperature", finite)
    .addOption(seedOption())
    .option("--explain", "go along the heaviest response, and tell what every next token is worth")
    .addOption(jsonOption());

/** What an option needs to be of any use. */
const NEEDS: readonly [option: string, isMet: (flags: SteerFlags) => boolean, repair: string][] = [
  ["tokenizer", ({ model }) => isAddress(model), "is for a server: leave it out"],
  ["serverModel", ({ model }) => isAddress(model), "is for a server: leave it out"],
  ["top", ({ model }) => isAddress(model), "is for a server: leave it out"],
  [
    "contextSize",
    ({ model }) => model?.endsWith(".gguf") === true && !isAddress(model),
    "is for a .gguf file: leave it out",
  ],
  [
    "surrogate",
    ({ lookahead }) => lookahead === "surrogate",
    "is where a surrogate is kept: give --lookahead surrogate too",
  ],
  ["largest", ({ sampler }) => sampler === "rejection", "is for --sampler rejection: leave it out"],
  ["attempts", ({ sampler }) => sampler === "rejection", "is for --sampler rejection: leave it out"],
  ["moves", ({ sampler }) => sampler.endsWith("metropolis-hastings"), "is for chains: leave it out"],
  ["temperature", ({ reward }) => reward !== undefined, "divides the reward: give --reward too"],
  ["rewardTimeout", ({ reward }) => reward !== undefined, "is for a reward: give --reward too"],
];

/** Samplers that follow the model alone, and ask the wish about what it said; and the one that is there to show what lookahead adds. */
const WITHOUT_LOOKAHEAD: readonly SamplerName[] = ["rejection", "best-of-n", "masking"];

/** What to look ahead by, where the options do not say. */
export const lookaheadOf = ({ lookahead, choices, sampler }: SteerFlags): NonNullable<SteerFlags["lookahead"]> =>
  lookahead ?? (choices === undefined || WITHOUT_LOOKAHEAD.includes(sampler) ? "none" : "exact");

const isAddress = (model: string | undefined): boolean => model !== undefined && /^[a-z][a-z0-9+.-]*:\/\//i.test(model);

/** @throws InputError where an option was given that would change nothing */
export const refuseUnused = (flags: SteerFlags, command: Command): void => {
  for (const [option, isMet, repair] of NEEDS) {
    if (command.getOptionValueSource(option) !== "cli" || isMet(flags)) continue;
    const name = command.options.find((each) => each.attributeName() === option)?.long;
    throw new InputError(`${name}: ${repair}`);
  }
};
