import { type Command, Option } from "commander";
import { atLeastZero, positive, whole } from "./arguments.ts";
import { addRunOptions, addSizeOptions, type RunFlags, type SizeOptions } from "./run-options.ts";

/** Options that decide a run's numbers, as `run.json` keeps them. */
export interface Decisive extends SizeOptions {
  readonly model: "arm" | "ebm";
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
export type TrainFlags = Decisive & RunFlags;

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
  addSizeOptions(command).option("--steps <n>", "number of optimiser steps", whole(1), 1000);
  option(
    "--batch <n>",
    "windows of text in a step (default: 32); on a space, samples in a step instead of the exact risk",
    whole(1, 2 ** 20),
  );
  option("--learning-rate <x>", "largest learning rate (default: 0.001, for text 0.004)", positive);
  option("--warm-up <n>", "steps until it is reached (default: a twentieth of all)", whole(0));
  option("--weight-decay <x>", "share of a matrix taken away by a step at learning rate 1 (default: 0)", atLeastZero);
  option("--clip <x>", "largest norm of the gradient (default: 1)", positive);
  return addRunOptions(command, { what: "the model", folder: "arbel-model" });
};
