import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../src/cli/run.ts";

/** What a run of the command line gave. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line in this process. */
export const arbel = async (...argv: string[]): Promise<Ran> => {
  const [out, err]: [string[], string[]] = [[], []];
  const into = (pieces: string[]) => ({
    write: (text: string, done: () => void) => {
      pieces.push(text);
      done();
    },
  });
  const code = await run(argv, { stdout: into(out), stderr: into(err) });
  return { code, stdout: out.join(""), stderr: err.join("") };
};

/** What a run prints with `--json`. */
export const arbelJson = async (...argv: string[]) => {
  const { code, stdout, stderr } = await arbel(...argv, "--json");
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
};

/** A folder for a test's files. */
export interface Folder {
  /** Full name of a file in it. */
  readonly path: (name: string) => string;
  /** Writes a file, JSON unless it is text or bytes, and gives its full name. */
  readonly write: (name: string, content: unknown) => string;
  /** Names of what is in it. */
  readonly list: () => string[];
  readonly remove: () => void;
}

/** A new folder among the system's temporary ones. */
export const temporaryFolder = (): Folder => {
  const folder = mkdtempSync(join(tmpdir(), "arbel-test-"));
  const path = (name: string) => join(folder, name);
  return {
    path,
    write: (name, content) => {
      const raw = typeof content === "string" || content instanceof Uint8Array;
      writeFileSync(path(name), raw ? content : JSON.stringify(content));
      return path(name);
    },
    list: () => readdirSync(folder).sort(),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
};
