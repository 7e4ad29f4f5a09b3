import { readFileSync } from "node:fs";
import { Command } from "commander";
import { addCertify } from "./certify.ts";
import { addCompare } from "./compare.ts";
import { addConvert } from "./convert.ts";
import { addDescribe } from "./describe.ts";
import { addDistill } from "./distill.ts";
import type { Output } from "./output.ts";
import { addReproduce } from "./reproduce.ts";
import { addSample } from "./sample.ts";
import { addSteer } from "./steer.ts";
import { addTrain } from "./train.ts";

/** In the order of the help. */
const COMMANDS = [
  addConvert,
  addDescribe,
  addCompare,
  addCertify,
  addSample,
  addTrain,
  addDistill,
  addSteer,
  addReproduce,
];

/**
 * The command line's grammar.
 *
 * @param help takes help texts and the version
 */
export const programOf = (output: Output, help: (text: string) => void): Command => {
  const program = new Command("arbel")
    .description("Next-token models as energy-based models: exact lookahead logits from rewards, and back.")
    .version(versionOfPackage(), "--version", "print the version")
    .option("--debug", "print a stack trace with an error")
    .helpOption("--help", "print this help")
    .helpCommand(false)
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ writeOut: help, writeErr: () => {}, outputError: () => {} })
    .addHelpText("after", CLOSING);
  for (const add of COMMANDS) add(program, output);
  return program;
};

const CLOSING = `
Files are tables: .json to write by hand, .safetensors for large ones. All numbers are in nats.
Results go to stdout, everything else to stderr. Exit code 0: done, 1: failed, 2: bad arguments or input.

Example: arbel describe examples/reward.json --best 3`;

const versionOfPackage = (): string => {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
};
