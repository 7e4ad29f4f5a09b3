import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Folder } from "./command-line.ts";

/** The built program: `npm test` builds it first. */
export const built = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** Runs of a command in processes of their own, each in a folder of its own. */
export const longRuns = (folder: () => Folder, command: string) => ({
  begin: (out: string, ...argv: string[]): ChildProcess =>
    spawn(process.execPath, [built, command, ...argv, "--out", folder().path(out)], {
      stdio: ["ignore", "pipe", "pipe"],
    }),
  /** Waits until a run has written some lines of its log. */
  underWay: async (out: string): Promise<void> => {
    const log = folder().path(`${out}/log.jsonl`);
    for (let i = 0; i < 600; i++) {
      if (existsSync(log) && readFileSync(log).length > 500) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error("the run did not begin");
  },
});

/** How a process ends. */
export const ended = (child: ChildProcess): Promise<{ code: number | null; stderr: string }> =>
  new Promise((resolve) => {
    let stderr = "";
    child.stderr?.on("data", (part) => {
      stderr += part;
    });
    child.on("close", (code) => resolve({ code, stderr }));
  });
