import { CommanderError } from "commander";
import { InputError } from "../space/index.ts";
import { Interrupted } from "./interrupted.ts";
import { type Output, outputTo, type TextStream } from "./output.ts";
import { programOf } from "./program.ts";
import { printable } from "./text.ts";

/** Exit codes of the command line. */
const EXIT = { done: 0, failed: 1, badInput: 2 } as const;

/**
 * Runs the command line.
 *
 * @param argv the arguments after the program's name
 * @returns the exit code: 0, 1 where the work failed, 2 where arguments or input are bad, 130 where Ctrl-C stopped it
 */
export const run = async (
  argv: readonly string[],
  streams: { readonly stdout: TextStream; readonly stderr: TextStream },
): Promise<number> => {
  const output = outputTo(streams);
  const helpText: string[] = [];
  try {
    await programOf(output, (text) => helpText.push(text)).parseAsync(argv, { from: "user" });
    return EXIT.done;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return printHelp(output, helpText);
    return report(error, output, argv.includes("--debug"));
  }
};

const printHelp = async (output: Output, helpText: readonly string[]): Promise<number> => {
  // a reader that has seen enough of the help is no failure
  await output.print(helpText.join("")).catch(() => {});
  return EXIT.done;
};

const report = async (error: unknown, output: Output, debug: boolean): Promise<number> => {
  if ((error as NodeJS.ErrnoException).code === "EPIPE") return EXIT.done;
  const code = codeOf(error);
  const lines = [`arbel: ${sentenceOf(error)}`];
  if (debug && error instanceof Error) lines.push(stackOf(error));
  await output.log(lines.join("\n"));
  return code;
};

const codeOf = (error: unknown): number => {
  if (error instanceof Interrupted) return error.exitCode;
  return error instanceof InputError || error instanceof CommanderError ? EXIT.badInput : EXIT.failed;
};

const sentenceOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof CommanderError && error.code === "commander.help") {
    return "a command is missing: arbel --help lists them";
  }
  const text = error.message.replace(/^error: /, "");
  const advice = error instanceof CommanderError && !text.includes("Did you mean") ? ": see arbel --help" : "";
  // a damaged file may be quoted, and a server's answer: neither acts on the terminal
  return printable(text.replaceAll(/\s*\n\s*/g, " ").trim()).replace(/\.?$/, advice);
};

const stackOf = (error: Error): string =>
  error.cause instanceof Error ? `${error.stack}\ncaused by ${stackOf(error.cause)}` : `${error.stack}`;
