import { type Command, InvalidArgumentError, Option } from "commander";
import { InputError } from "../space/index.ts";
import { jsonOption, seedOption, whole } from "./arguments.ts";

/** Options that decide a run's numbers, as `run.json` keeps them. */
export interface Decisive {
  readonly model: "arm" | "ebm";
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly steps: number;
  readonly seed: number;
  readonly learningRate?: number;
  readonly warmUp?: number;
  readonly weightDecay?: number;
  readonly clip?: number;
  readonly batch?: number;
  readonly tokens?: number;
  readonly horizon?: number;
  readonly eos?: true;
  readonly space?: string;
  readonly target?: string;
  readonly text?: readonly string[];
  readonly heldOut?: readonly string[];
  readonly tokenizer?: string;
  readonly context?: number;
}

/** Everything that `arbel train` is given. */
export interface TrainFlags extends Decisive {
  readonly threads?: number;
  readonly engine: "onnx" | "jax";
  readonly saveEvery: number;
  readonly out: string;
  readonly resume?: true;
  readonly json?: true;
}

/** Options that may change when a run is resumed. */
const PASSING = ["threads", "engine", "saveEvery", "out", "resume", "json"];

/** Adds the options of `arbel train` to a command. */
export const addTrainOptions = (command: Command): Command => {
  const option = (flags: string, description: string, parse?: (text: string) => number) => {
    const made = new Option(flags, description);
    command.addOption(parse ? made.argParser(parse) : made);
  };
  command.addOption(
    new Option("--model <kind>", "arm: next-token logits, ebm: one score a response")
      .choices(["arm", "ebm"])
      .default("arm"),
  );
  option("--tokens <v>", "responses over v tokens", whole(1));
  option("--horizon <t>", "largest number of actions in a response, EOS included", whole(1));
  option("--eos", "responses end with EOS (default: all have t tokens)");
  option("--space <file>", "responses of this table's tree, instead of --tokens, --horizon and --eos");
  option(
    "--target <what>",
    "what to learn: zipf, dirichlet, uniform-plus-noise, teacher, a table, or masses in a .csv file (default: zipf)",
  );
  option("--text <file...>", "learn text instead: UTF-8 files, one after the other");
  option("--held-out <file...>", "text to judge by, or the share of the text to hold out (default: 0.1)");
  option("--tokenizer <what>", "char, bpe:N for N tokens, or a tokenizer.json that arbel wrote (default: char)");
  option("--context <n>", "tokens that a text model sees (default: 64)", whole(1));
  command
    .option("--layers <l>", "number of blocks", whole(1), 2)
    .option("--width <d>", "width of the residual stream", whole(2), 64)
    .option("--heads <h>", "attention heads; they divide the width into even parts", whole(1), 4)
    .option("--steps <n>", "number of optimiser steps", whole(1), 1000);
  option(
    "--batch <n>",
    "windows of text in a step (default: 32); on a space, samples in a step instead of the exact risk",
    whole(1, 2 ** 20),
  );
  option("--learning-rate <x>", "largest learning rate (default: 0.001, for text 0.004)", positive);
  option("--warm-up <n>", "steps until it is reached (default: a twentieth of all)", whole(0));
  option("--weight-decay <x>", "share of a matrix taken away by a step at learning rate 1 (default: 0)", atLeastZero);
  option("--clip <x>", "largest norm of the gradient (default: 1)", positive);
  option("--threads <k>", "threads of ONNX Runtime (default: one a core)", whole(1, 1024));
  return command
    .addOption(
      new Option("--engine <name>", "onnx: ONNX Runtime, jax: jax-js, which is slower and needs nothing else")
        .choices(["onnx", "jax"])
        .default("onnx"),
    )
    .addOption(seedOption())
    .option("--save-every <seconds>", "time between saved states", atLeastZero, 30)
    .option("--out <folder>", "folder for the model, its checkpoint and log, made where there is none", "arbel-model")
    .option("--resume", "go on with the run in that folder; its other options may be left out")
    .addOption(jsonOption());
};

const positive = (text: string): number => {
  const number = Number(text);
  if (text.trim() !== "" && number > 0 && number < Infinity) return number;
  throw new InvalidArgumentError("It must be a number > 0.");
};

const atLeastZero = (text: string): number => {
  const number = Number(text);
  if (text.trim() !== "" && number >= 0 && number < Infinity) return number;
  throw new InvalidArgumentError("It must be a number ≥ 0.");
};

/** Of what the command was given, what decides the numbers. */
export const decisiveOf = (flags: TrainFlags): Decisive =>
  Object.fromEntries(Object.entries(flags).filter(([name]) => !PASSING.includes(name))) as unknown as Decisive;

/**
 * The options of a run that is resumed: those it was begun with.
 *
 * @param given names of the options that stand on the command line
 * @throws InputError where one of them says something else
 */
export const resumedOptions = (flags: TrainFlags, begun: Decisive, given: readonly string[]): Decisive => {
  for (const name of given.filter((each) => !PASSING.includes(each))) {
    const [now, then] = [flags, begun].map((options) => (options as unknown as Record<string, unknown>)[name]);
    if (JSON.stringify(now) === JSON.stringify(then)) continue;
    const flag = `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    const was = then === undefined ? `without ${flag}` : `with ${flag} ${[then].flat().join(" ")}`;
    throw new InputError(
      `${flag} ${[now].flat().join(" ")}: the run in ${flags.out} was begun ${was}: leave it out, or begin again in another folder`,
    );
  }
  return begun;
};
