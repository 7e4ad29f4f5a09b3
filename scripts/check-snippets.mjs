/**
 * Runs what the documents and the doc comments show: `npm run check:snippets`, after a build.
 *
 * CONTRIBUTING.md says which blocks are run and what is checked.
 */
import { fileURLToPath } from "node:url";
import { collectSnippets } from "./snippets/collect.mjs";
import { compileSnippets } from "./snippets/compile.mjs";
import { isRunnable, runScript, runShell } from "./snippets/run.mjs";

/** Processes at a time: as many as the smallest machine that checks has cores. */
const WORKERS = 2;

const root = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
const { snippets, skipped, mistakes } = collectSnippets(root);
const scripts = compileSnippets(
  root,
  snippets.filter(({ language }) => language !== "sh"),
);
mistakes.push(...scripts.mistakes);

const shell = snippets.filter((snippet) => snippet.language === "sh" && isRunnable(snippet));
const documents = [...new Set(shell.map(({ file }) => file))];
const jobs = [
  ...documents.map((document) => async () => {
    const found = await runShell(
      root,
      shell.filter(({ file }) => file === document),
    );
    mistakes.push(...found);
  }),
  ...scripts.compiled.map((compiled) => async () => {
    const mistake = await runScript(root, compiled);
    if (mistake !== undefined) mistakes.push(mistake);
  }),
];
const worker = async () => {
  for (let job = jobs.shift(); job; job = jobs.shift()) await job();
};
await Promise.all(Array.from({ length: WORKERS }, worker));

for (const line of skipped) console.log(line);
for (const mistake of mistakes) console.error(mistake);
const promises = scripts.compiled.reduce((sum, compiled) => sum + compiled.promises.length, 0);
console.log(
  `snippets: ${scripts.compiled.length} scripts with ${promises} printed values, ${shell.length} shell blocks, ` +
    `${skipped.length} not run, ${mistakes.length} mistakes`,
);
process.exitCode = mistakes.length > 0 ? 1 : 0;
