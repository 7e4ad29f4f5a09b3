import { type Command, Option } from "commander";
import { InputError } from "../space/index.ts";
import { atLeastZero, jsonOption, seedOption, whole } from "./arguments.ts";

/** Options of a long run that do not decide its numbers: they may change when it is resumed. */
export interface RunFlags {
  readonly threads?: number;
  readonly engine: "onnx" | "jax";
  readonly saveEvery: number;
  readonly out: string;
  readonly resume?: true;
  readonly json?: true;
}

const PASSING = ["threads", "engine", "saveEvery", "out", "resume", "json"] satisfies (keyof RunFlags)[];

const isPassing = (name: string): boolean => (PASSING as readonly string[]).includes(name);

/** A Transformer's size. */
export interface SizeOptions {
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
}

/** Adds the options of {@link SizeOptions}. */
export const addSizeOptions = (command: Command): Command =>
  command
    .option("--layers <l>", "number of blocks", whole(1), 2)
    .option("--width <d>", "width of the residual stream", whole(2), 64)
    .option("--heads <h>", "attention heads; they divide the width into even parts", whole(1), 4);

/** Adds the options of {@link RunFlags}, and the seed. @param holds what the folder is for, and its default name */
export const addRunOptions = (command: Command, holds: { readonly what: string; readonly folder?: string }): Command =>
  command
    .option("--threads <k>", "threads of ONNX Runtime (default: one a core)", whole(1, 1024))
    .addOption(
      new Option("--engine <name>", "onnx: ONNX Runtime, jax: jax-js, which is slower and needs nothing else")
        .choices(["onnx", "jax"])
        .default("onnx"),
    )
    .addOption(seedOption())
    .option("--save-every <seconds>", "time between saved states", atLeastZero, 30)
    .option(
      "--out <folder>",
      `folder for ${holds.what}, its checkpoint and log, made where there is none`,
      holds.folder,
    )
    .option("--resume", "go on with the run in that folder; its other options may be left out")
    .addOption(jsonOption());

/** Of what a command was given, what decides the numbers. */
export const decisiveOf = <Decisive extends object>(flags: Decisive & RunFlags): Decisive =>
  Object.fromEntries(Object.entries(flags).filter(([name]) => !isPassing(name))) as Decisive;

/** An option as it stands on the command line. */
export const flagOf = (name: string): string =>
  `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/**
 * The options of a run that is resumed: those it was begun with.
 *
 * @param given names of the options that stand on the command line
 * @throws InputError where one of them says something else
 */
export const resumedOptions = <Decisive extends object>(
  flags: Decisive & RunFlags,
  begun: Decisive,
  given: readonly string[],
): Decisive => {
  for (const name of given.filter((each) => !isPassing(each))) {
    const [now, then] = [flags, begun].map((options) => (options as Record<string, unknown>)[name]);
    if (JSON.stringify(now) === JSON.stringify(then)) continue;
    const flag = flagOf(name);
    const was = then === undefined ? `without ${flag}` : `with ${flag} ${[then].flat().join(" ")}`;
    throw new InputError(
      `${flag} ${[now].flat().join(" ")}: the run in ${flags.out} was begun ${was}: leave it out, or begin again in another folder`,
    );
  }
  return begun;
};
