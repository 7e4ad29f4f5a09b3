import { spawn } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** @typedef {import("./collect.mjs").Snippet} Snippet */
/** @typedef {import("./compile.mjs").Compiled} Compiled */

const TIMEOUT_MILLISECONDS = 120_000;

/**
 * Runs a TypeScript or JavaScript snippet in a process of its own, in a folder with the examples.
 *
 * @param {string} root
 * @param {Compiled} compiled
 * @returns {Promise<string | undefined>} what went wrong
 */
export const runScript = (root, { snippet, script, promises }) =>
  inFolder(root, async (folder) => {
    const preload = new URL("./promises.mjs", import.meta.url).href;
    const environment = { ...process.env, SNIPPET_PROMISES: JSON.stringify(promises) };
    const result = await run(
      [process.execPath, "--enable-source-maps", "--import", preload, script],
      folder,
      environment,
    );
    return judge(snippet, result);
  });

/**
 * Runs the shell blocks of one document one after another in one folder with the examples: a block may read what an
 * earlier one wrote. `arbel` and `npx arbel` are the built command.
 *
 * @param {string} root
 * @param {readonly Snippet[]} snippets
 * @returns {Promise<string[]>} what went wrong
 */
export const runShell = (root, snippets) =>
  inFolder(root, async (folder) => {
    writeCommands(root, folder);
    const environment = { ...process.env, PATH: `${folder}/.bin:${process.env.PATH}` };
    const mistakes = [];
    for (const snippet of snippets) {
      const command = commandsOf(snippet).join("\n");
      const result = await run(["bash", "-euo", "pipefail", "-c", command], folder, environment);
      mistakes.push(await judge(snippet, result));
    }
    return mistakes.filter((mistake) => mistake !== undefined);
  });

/**
 * Whether a shell block is run: its first command is `arbel`, `npx arbel` or `node`.
 *
 * @param {Snippet} snippet
 */
export const isRunnable = (snippet) => /^(arbel|npx arbel|node)\b/.test(commandsOf(snippet)[0] ?? "");

/** @param {Snippet} snippet */
const commandsOf = (snippet) =>
  snippet.lines.map((line) => line.replace(/^\s*\$ /, "")).filter((line) => !/^\s*(#|$)/.test(line));

/**
 * @template T
 * @param {string} root
 * @param {(folder: string) => Promise<T>} work
 */
const inFolder = async (root, work) => {
  const folder = mkdtempSync(join(tmpdir(), "arbel-snippet-"));
  try {
    if (existsSync(join(root, "examples")))
      cpSync(join(root, "examples"), join(folder, "examples"), { recursive: true });
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

/**
 * @param {string} root
 * @param {string} folder
 */
const writeCommands = (root, folder) => {
  symlinkSync(join(root, "dist"), join(folder, "dist"));
  mkdirSync(join(folder, ".bin"));
  const arbel = `exec '${process.execPath}' '${root}/dist/cli/main.js' "$@"`;
  const commands = { arbel, npx: `[ "$1" = arbel ] || { echo "only npx arbel" >&2; exit 2; }\nshift\n${arbel}` };
  for (const [name, text] of Object.entries(commands)) {
    writeFileSync(join(folder, ".bin", name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(folder, ".bin", name), 0o755);
  }
};

/**
 * @param {string[]} command
 * @param {string} cwd
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<{ code: number | null, stdout: string, stderr: string }>}
 */
const run = ([file = "", ...args], cwd, env) =>
  new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], timeout: TIMEOUT_MILLISECONDS });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text) => {
      stderr += text;
    });
    child.on("error", reject).on("close", (code) => resolve({ code, stdout, stderr }));
  });

/**
 * @param {Snippet} snippet
 * @param {Awaited<ReturnType<typeof run>>} result
 */
const judge = ({ file, line, prints }, { code, stdout, stderr }) => {
  const place = `${file}:${line}`;
  if (code !== 0) {
    const how = code === null ? `was stopped after ${TIMEOUT_MILLISECONDS / 1000} s` : `ended with exit code ${code}`;
    // The script stands on the lines of its document: name that in stack traces.
    const output = stderr.replace(/(?:file:\/\/)?\/\S*\/out\/snippets\/source\/\S+\.line-\d+\.\w+/g, file);
    const lines = output.split("\n").filter((text) => !/^\s*$|^ +at .*node:internal|^Node\.js v/.test(text));
    return [`${place}: the block ${how}`, ...lines].join("\n  ");
  }
  if (prints === undefined || matches(prints, stdout)) return undefined;
  return `${place}: the block does not print what the document shows; it prints\n${stdout.replace(/^/gm, "  ")}`;
};

/**
 * Whether a text is as shown, line by line; `…` stands for anything.
 *
 * @param {string} shown
 * @param {string} text
 */
const matches = (shown, text) => {
  const parts = shown.trim().split("…");
  const pattern = parts.map((part) => part.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&").replace(/[ \t]+$/gm, ""));
  return new RegExp(`^${pattern.join("[^]*?")}$`, "u").test(text.trim().replace(/[ \t]+$/gm, ""));
};
