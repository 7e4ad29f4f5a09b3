/**
 * What a call of a language model costs: 32 particles that grow by a token a step, as steering grows them.
 *
 * node bench/models.mjs [--model folder|file]… [--particles 32] [--steps 64]
 *
 * "together" asks for all particles at once, "one by one" for one at a time; "forgetful" does not keep keys and values. Milliseconds a
 * step by the clock and of the processor, medians, without the first step; the contestants take turns.
 */
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { generator, uniform } from "arbel";
import { openModel, shippedModel } from "arbel/steer/node";

const { values } = parseArgs({
  options: {
    model: { type: "string", multiple: true },
    particles: { type: "string", default: "32" },
    steps: { type: "string", default: "64" },
  },
});
const [particles, steps] = [Number(values.particles), Number(values.steps)];
const known = [
  shippedModel(),
  "../shared/models/stories260K-onnx",
  "../shared/models/stories260K/stories260K.gguf",
].filter((path) => existsSync(path));

/** @typedef {import("arbel/steer").LanguageModel} LanguageModel */

/** A token of a row, by chance. @param {{ logProbabilities: Float64Array }} row @param {number} chance */
const draw = ({ logProbabilities }, chance) => {
  let rest = chance;
  for (const [token, value] of logProbabilities.entries()) {
    rest -= Math.exp(value);
    if (rest < 0) return token;
  }
  return logProbabilities.length - 1;
};

/**
 * Particles that grow; every eighth step half of them become copies of the others, as resampling makes them.
 *
 * @param {LanguageModel} model
 * @param {boolean} together
 */
const grown = async function* (model, together) {
  const random = generator(1);
  const prompt = await model.vocabulary.encode("Once there was ");
  let contexts = Array.from({ length: particles }, () => prompt);
  for (let step = 0; ; step++) {
    const [began, before] = [performance.now(), process.cpuUsage()];
    const rows = together ? await model.next(contexts) : [];
    if (!together) for (const context of contexts) rows.push(...(await model.next([context])));
    const { user, system } = process.cpuUsage(before);
    yield { clock: performance.now() - began, processor: (user + system) / 1000 };
    contexts = contexts.map((context, index) => [...context, draw(rows[index], uniform(random))]);
    if (step % 8 === 7) contexts = contexts.map((_, index) => contexts[index - (index % 2)]);
  }
};

/** @param {readonly number[]} times */
const median = (times) => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;

for (const path of values.model ?? known) {
  const ways = [
    { name: "together", together: true, options: {} },
    { name: "one by one", together: false, options: {} },
    ...(path.endsWith(".gguf") ? [] : [{ name: "together, forgetful", together: true, options: { cacheBytes: 0 } }]),
  ];
  const contestants = [];
  for (const way of ways) {
    const model = await openModel(path, way.options);
    contestants.push({
      ...way,
      model,
      steps: grown(model, way.together),
      times: /** @type {{ clock: number, processor: number }[]} */ ([]),
    });
  }
  for (let step = 0; step < steps; step++) {
    for (const contestant of contestants) {
      const { value } = await contestant.steps.next();
      if (step > 0) contestant.times.push(value);
    }
  }
  console.log(`\n${path}, ${particles} particles, ${steps} steps`);
  for (const { name, times, model } of contestants) {
    const { calls, tokens } = model.usage();
    const [clock, processor] = ["clock", "processor"].map((which) =>
      median(times.map((time) => time[which]))
        .toFixed(2)
        .padStart(7),
    );
    console.log(
      `${name.padEnd(20)} ${clock} ms a step, processor ${processor} ms, ${calls} calls, ${tokens} tokens read`,
    );
    await model.dispose();
  }
}
