import { join } from "node:path";
import type { RunFolder, RunOptions } from "../learn/files/index.ts";
import { readBytes } from "../space/files/index.ts";
import { InputError } from "../space/index.ts";
import { decisiveOf, type RunFlags, resumedOptions } from "./run-options.ts";

/** A run whose input is read and checked, and its folder. */
export interface OpenedRun<Decisive, Plan> {
  readonly options: Decisive;
  readonly plan: Plan;
  readonly folder: RunFolder;
}

/** What a command that runs long is, beside its flags. */
export interface RunCommand<Decisive, Plan> {
  readonly name: "train" | "distill";
  /** Names of the options that stand on the command line. */
  readonly given: readonly string[];
  /** Reads and checks all input. @throws InputError */
  readonly plan: (options: Decisive) => Plan | Promise<Plan>;
  /** Files that decide the run's numbers. */
  readonly files: (options: Decisive) => readonly string[];
}

/**
 * Reads and checks all input, then opens the folder to resume the run in it, or makes it.
 *
 * @throws InputError where input is bad, an option or file is not what the run was begun with, or the folder holds another run
 */
export const openedRun = async <Decisive extends object, Plan>(
  flags: Decisive & RunFlags,
  command: RunCommand<Decisive, Plan>,
): Promise<OpenedRun<Decisive, Plan>> => {
  const { beginRun, checkNewRun, openRun, sha256 } = await import("../learn/files/index.ts");
  const opened = flags.resume ? openRun(flags.out) : undefined;
  if (!opened) checkNewRun(flags.out);
  const begun = opened && begunOf<Decisive>(flags.out, opened.options, command.name);
  const options = begun ? resumedOptions<Decisive>(flags, begun.given, command.given) : decisiveOf<Decisive>(flags);
  const prints = () => Object.fromEntries(command.files(options).map((file) => [file, sha256(readBytes(file))]));
  if (begun) checkUnchanged(prints(), begun.files);
  const plan = await command.plan(options);
  const own = command.name === "train" ? {} : { command: command.name };
  return { options, plan, folder: opened ?? beginRun(flags.out, { ...own, given: options, files: prints() }) };
};

/** What `run.json` keeps of how a run was begun. */
interface Begun<Decisive> {
  readonly given: Decisive;
  /** Fingerprints of the files that the options name. */
  readonly files: Readonly<Record<string, string>>;
}

const begunOf = <Decisive>(folder: string, options: RunOptions, name: string): Begun<Decisive> => {
  const { command = "train", given, files } = options;
  if (command !== name) {
    throw new InputError(`${folder}: holds a run of arbel ${command}: go on with arbel ${command} --resume`);
  }
  if (typeof given === "object" && given !== null && typeof files === "object" && files !== null) {
    return { given: given as Decisive, files: files as Begun<Decisive>["files"] };
  }
  throw new InputError(
    `${join(folder, "run.json")}: does not say how the run was begun: begin again in another folder`,
  );
};

const checkUnchanged = (now: Begun<unknown>["files"], then: Begun<unknown>["files"]): void => {
  const changed = Object.keys(then).find((file) => now[file] !== then[file]);
  if (changed === undefined) return;
  throw new InputError(`${changed}: has changed since the run began: bring it back, or begin again in another folder`);
};
