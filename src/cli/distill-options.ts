import { type Command, InvalidArgumentError, Option } from "commander";
import type { ObjectiveName } from "../learn/index.ts";
import { finite, positive, whole } from "./arguments.ts";
import { addRunOptions, addSizeOptions, type RunFlags, type SizeOptions } from "./run-options.ts";
import { ANY_MODEL } from "./trained.ts";

/** What is wanted, as options say it. */
export interface TargetOptions {
  readonly target?: string;
  readonly reference?: string;
  readonly temperature: number;
  readonly given?: readonly string[];
  readonly patternReward?: readonly string[];
  readonly countReward?: readonly string[];
  readonly lengthReward?: number;
  readonly reward?: string;
  readonly rewardTimeout: number;
  readonly moment?: readonly string[];
  readonly meanLength?: number;
  readonly seed: number;
}

/** Options that decide a run's numbers, as `run.json` keeps them. */
export interface DistillOptions extends TargetOptions, SizeOptions {
  readonly student?: string;
  readonly objective?: ObjectiveName;
  readonly exact?: true;
  readonly samplesPerStep?: number;
  readonly behaviour?: string;
  readonly steps: number;
  readonly learningRate?: number;
  readonly certifySamples: number;
}

/** Everything that `arbel distill` is given. */
export type DistillFlags = DistillOptions & RunFlags;

/** Objectives, as the library names them; written out, so that help does not load it. */
const OBJECTIVES: readonly ObjectiveName[] = ["forward-kl", "reverse-kl", "bellman", "path-consistency"];

/** Adds the options of `arbel distill` to a command. */
export const addDistillOptions = (command: Command): Command => {
  addTargetOptions(command)
    .option("--student <what>", "tabular, ngram:N (the last N − 1 tokens decide), or transformer")
    .addOption(new Option("--objective <name>", "what is minimised").choices(OBJECTIVES))
    .option("--exact", "exact expectations over all responses")
    .option(
      "--samples-per-step <n>",
      "or: expectations over so many responses, drawn anew for every step",
      whole(1, 2 ** 20),
    )
    .option(
      "--behaviour <who>",
      `whose responses: student, uniform, or ${ANY_MODEL} (default: student, with --exact uniform)`,
    )
    .option("--steps <n>", "number of optimiser steps", whole(1), 1000)
    .option("--learning-rate <x>", "largest learning rate (default: 0.2, of a Transformer 0.001)", positive)
    .option("--certify-samples <n>", "samples of the certificate at the end, at least 2", whole(2), 10_000);
  addSizeOptions(command);
  return addRunOptions(command, { what: "the student", folder: "arbel-student" });
};

const addTargetOptions = (command: Command): Command =>
  command
    .option("--target <file>", `what to learn: ${ANY_MODEL}; beside --reference, a reward R`)
    .option("--reference <file>", "model ρ to stay near to, likewise: the target is ρ·exp(R/β)")
    .option("--temperature <beta>", "β > 0, in units of R a nat", positive, 1)
    .option("--pattern-reward <regex=x...>", "adds x to R where the whole text matches", numbered)
    .option("--count-reward <regex=x...>", "adds x to R for each beginning of the text that matches", numbered)
    .option("--length-reward <x>", "adds x to R for each token", finite)
    .option("--reward <module.js>", "adds to R what the module's function gives for whole responses")
    .option("--reward-timeout <seconds>", "time that it may take for a batch", positive, 60)
    .option("--given <regex...>", "only responses whose whole text matches")
    .option(
      "--moment <regex=p...>",
      "a share p of the responses shall match, by the least change that does it",
      numbered,
    )
    .option("--mean-length <x>", "mean number of tokens, EOS left out, that responses shall have, likewise", finite);

/** Checks `REGEX=NUMBER`, after those of the same option that came before; it is kept as text, as it was given. */
const numbered = (text: string, before: readonly string[] = []): readonly string[] => {
  if (Number.isFinite(numberedPattern(text).number)) return [...before, text];
  throw new InvalidArgumentError("It must be REGEX=NUMBER, as in '.*ann.*=0.5'.");
};

/** The parts of `REGEX=NUMBER`; the pattern may hold "=", too. */
export const numberedPattern = (text: string): { readonly pattern: string; readonly number: number } => {
  const at = text.lastIndexOf("=");
  const number = text.slice(at + 1);
  return {
    pattern: text.slice(0, Math.max(0, at)),
    number: at < 0 || number.trim() === "" ? Number.NaN : Number(number),
  };
};
