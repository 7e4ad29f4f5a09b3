import { existsSync, statSync } from "node:fs";
import type { Command } from "commander";
import { InputError } from "../space/index.ts";
import type { ExplainedStep, LanguageModel, SteerOptions, SteerProgress, SteerResult, Usage } from "../steer/index.ts";
import { interruptible } from "./interrupted.ts";
import { readModel } from "./model.ts";
import type { Output } from "./output.ts";
import { type Progress, showProgress, withTimeLeft } from "./progress.ts";
import { retryLines } from "./retry-lines.ts";
import { addSteerOptions, refuseUnused, type SteerFlags } from "./steer-options.ts";
import { explanationText, resultText } from "./steer-text.ts";
import { type GivenWish, wishOf } from "./steer-wish.ts";
import { printable, toJson } from "./text.ts";

type Steering = typeof import("../steer/index.ts");

const EXAMPLES = `
Samples responses of a language model as wished, undistorted: the model's distribution given
the constraints, times the exponential of the reward. The model ends the response itself,
within --max-tokens, unless --stop or --stop-complete do. All constraints that are given must
hold together. What was found goes to stdout: the responses with their shares, log Z (of
constraints alone the log-probability that the model would have met them unasked), and what
holds of it all.

Samplers: smc, adaptive-rejection, importance, metropolis-hastings and
block-metropolis-hastings are undistorted as particles or moves are added; rejection is exact,
for likely wishes; best-of-n and masking (without --lookahead) are other distributions, to
compare with.

Examples:
  arbel steer --prompt "We live in " --regex "[A-Z][a-z]+[.,]" --stop-complete --samples 5
  arbel steer --prompt "We need " --choices examples/answers.txt --stop-complete --explain
  arbel steer --model model.gguf --prompt "Once" --keywords cat dog --ends-with "home." \\
    --stop . --max-tokens 40 --lookahead surrogate --surrogate cat-and-dog.json
  arbel steer --model http://127.0.0.1:8080 --schema examples/person.schema.json --json

A reward module exports "reward", a function (or async function) of a list of { text, tokens }
that returns a number of nats for each; "partial", if it is exported, guesses the reward of
unfinished responses. It runs in a thread of its own; what it prints goes to stderr.

Keys of --json: samples: [{ text, tokens, logWeight, modelLogProbability }],
logPartition: { estimate, standardError, interval; exact: true where it was computed },
effectiveSampleSize, modelCalls (those of the lookahead included), guarantees: [text]; with
--explain also explanation: [{ text, logWeight, logAllowed, chosen, tokens }], whose tokens are
{ token, text, end, value, before, after, masked }.`;

/** `arbel steer`: a language model's responses as wished. */
export const addSteer = (program: Command, output: Output): void => {
  const command = program
    .command("steer")
    .description("sample a language model's responses given constraints and rewards, undistorted");
  addSteerOptions(command)
    .addHelpText("after", EXAMPLES)
    .action((flags: SteerFlags, given: Command) => {
      refuseUnused(flags, given);
      return interruptible(
        () => "stopped",
        (signal) => steerCommand(flags, output, signal).catch(asOptions),
      );
    });
};

/** A number out of range comes from what was given, if only from a prompt that is too long: it is bad input, in the words of the options. */
const asOptions = (error: unknown): never => {
  if (!(error instanceof RangeError)) throw error;
  const message = error.message.replaceAll('"contextSize"', "--context-size").replaceAll('"largest"', "--largest");
  throw new InputError(message, { cause: error });
};

const steerCommand = async (flags: SteerFlags, output: Output, signal: AbortSignal): Promise<void> => {
  if (flags.sampler === "rejection" && flags.reward !== undefined && flags.largest === undefined) {
    throw new InputError("--sampler rejection: must know the largest reward over its temperature: give --largest");
  }
  const steering = await import("../steer/index.ts");
  const model = await opened(flags, steering, output, signal);
  try {
    const prompt = await promptOf(model, flags.prompt);
    const told = (line: string) => output.log(line);
    const shown = (run: AsyncIterable<Progress>) => showProgress(output, run);
    const given = await wishOf({ steering, model, prompt, flags, signal, told, shown });
    try {
      const run = steering.steer(given.model, prompt, given.wish, optionsOf(flags, signal));
      const prepared = model.usage();
      const result = withPreparation(prepared, await finished(steering, run, flags, output));
      for (const warning of result.warnings) await told(`warning: ${warning}`);
      const steps = flags.explain ? await explained(steering, prompt, given, result, signal) : undefined;
      await output.print(
        flags.json
          ? `${toJson(jsonOf(result, steps), 2)}\n`
          : `${resultText(flags, { ...given, prepared: prepared.calls }, result)}${steps ? `\n${explanationText(steps)}` : ""}`,
      );
    } finally {
      await given.dispose();
    }
  } finally {
    await model.dispose();
  }
};

/** Looking ahead has asked the model too: the user pays for all. */
const withPreparation = ({ calls, tokens }: Usage, result: SteerResult): SteerResult => ({
  ...result,
  modelCalls: result.modelCalls + calls,
  modelTokens: result.modelTokens + tokens,
});

const optionsOf = (flags: SteerFlags, signal: AbortSignal): SteerOptions => {
  const { sampler, particles, samples, attempts, moves, largest, seed } = flags;
  return {
    ...{ sampler, particles, seed, signal },
    ...(samples === undefined ? {} : { samples }),
    ...(attempts === undefined ? {} : { attempts }),
    ...(moves === undefined ? {} : { moves }),
    ...(largest === undefined ? {} : { largest }),
  };
};

/** Goes along the heaviest response. */
const explained = (
  steering: Steering,
  prompt: readonly number[],
  { model, wish, masking }: GivenWish,
  { samples }: SteerResult,
  signal: AbortSignal,
): Promise<ExplainedStep[]> => {
  const { tokens } = samples.reduce((a, b) => (b.logWeight > a.logWeight ? b : a));
  return steering.explain(model, prompt, wish, tokens, { masking, signal });
};

const jsonOf = (result: SteerResult, explanation: readonly ExplainedStep[] | undefined) => {
  const { samples, logPartition, effectiveSampleSize, modelCalls, guarantees } = result;
  return {
    samples,
    logPartition,
    effectiveSampleSize,
    modelCalls,
    guarantees,
    ...(explanation ? { explanation } : {}),
  };
};

/** A table is a language model too: the exact one to try things on. */
const opened = async (
  { model, tokenizer, contextSize, serverModel, top }: SteerFlags,
  steering: Steering,
  output: Output,
  signal: AbortSignal,
): Promise<LanguageModel> => {
  if (model !== undefined && /\.(json|safetensors)$/.test(model) && existsSync(model) && statSync(model).isFile()) {
    return steering.tableModel(readModel(model).arm, { name: model });
  }
  const { openModel, shippedModel } = await import("../steer/models/node/index.ts");
  return openModel(model ?? shippedModel(), {
    ...(tokenizer === undefined ? {} : { tokenizer }),
    ...(contextSize === undefined ? {} : { contextSize }),
    server: { model: serverModel, top, signal, onRetry: retryLines(output) },
  });
};

const promptOf = async ({ vocabulary }: LanguageModel, prompt: string): Promise<number[]> => {
  try {
    return await vocabulary.encode(prompt);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new InputError(`--prompt: ${error.message}`, { cause: error });
  }
};

/** Shows a run's progress until it ends. That nothing can be said at all, or nothing was found, is told as bad input. */
const finished = async (
  steering: Steering,
  run: AsyncGenerator<SteerProgress, SteerResult, void>,
  { maxTokens }: SteerFlags,
  output: Output,
): Promise<SteerResult> => {
  let result: SteerResult | undefined;
  async function* progress(): AsyncGenerator<Progress, void, void> {
    for (;;) {
      const next = await run.next();
      if (next.done) {
        result = next.value;
        return;
      }
      const { step, share } = next.value;
      const [done, total] = share === undefined ? [step, maxTokens + 1] : [share, 1];
      yield { done, total, label: labelOf(next.value) };
    }
  }
  try {
    await showProgress(output, withTimeLeft(progress()));
  } catch (error) {
    if (!(error instanceof steering.DeadEndError)) throw error;
    const message = error.message.replace('("top")', "(--top)");
    throw error.step === 0 ? new InputError(message, { cause: error }) : new Error(message, { cause: error });
  }
  return result as SteerResult;
};

/** Longest text of a progress line. */
const LABEL = 60;

/** The heaviest response so far. */
const labelOf = ({ responses }: SteerProgress): string => {
  const heaviest = responses().reduce((a, b) => (b.logWeight > a.logWeight ? b : a));
  const text = printable(heaviest.text);
  return text.length > LABEL ? `…${text.slice(1 - LABEL)}` : text;
};
