// node bench/steer.mjs: what steering gives and costs. Samplers against exact answers, on names and on the model of prose that comes along;
// the spread of log Z on longer wishes; and what the loop adds to the time of the model's own calls, on real models (those of
// ../shared/models, where they are).
import { existsSync } from "node:fs";
import { condition, regex, toLogits } from "../dist/index.js";
import { firstNames, LETTERS, nameModel } from "../dist/paper/first-names.js";
import { NAME_PATTERNS } from "../dist/paper/name-patterns.js";
import { countedModel } from "../dist/paper/steering/counted-model.js";
import { LONG_WISHES, studyLong } from "../dist/paper/steering/long-wishes.js";
import { NAME_WISHES } from "../dist/paper/steering/name-wishes.js";
import { steeredNamesSection } from "../dist/paper/steering/names-section.js";
import { steeredProseSection } from "../dist/paper/steering/prose-section.js";
import { PROSE_WISHES } from "../dist/paper/steering/prose-wishes.js";
import { prepareNames, studyName } from "../dist/paper/steering/steered-names.js";
import { studyProse } from "../dist/paper/steering/steered-prose.js";
import {
  constrain,
  containing,
  DeadEndError,
  fitSurrogate,
  matches,
  steer,
  stopAt,
  surrogateLookahead,
} from "../dist/steer/index.js";
import { openModel, shippedModel } from "../dist/steer/models/node/index.js";

const SEED = 7;

/** Runs to the end. */
const finish = async (run) => {
  let step = await run.next();
  while (!step.done) step = await run.next();
  return step.value;
};

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const percent = (x) => `${(100 * x).toFixed(1)} %`.padStart(8);

const SIZE = { seed: SEED, budgets: [8, 32, 128, 512], repeats: 12 };

const BOUND = { about: "", "at least": "≥ ", "at most": "≤ " };

/** A line of a table of wishes. */
const told = ({ wish, logPartition, effectiveMasking, effectiveLookahead, saved }, more = "") => {
  const times = `${BOUND[saved.bound]}${saved.times.toFixed(1)}×`.padStart(11);
  const price = logPartition.toFixed(2).padStart(6);
  console.log(`${percent(effectiveMasking)}   ${percent(effectiveLookahead)}   ${times}   ${price}${more}    ${wish}`);
};

const shortWishes = async (names) => {
  console.log(`Masking with weights, and with a surrogate's lookahead (fitted once, ${names.fitCalls} model calls)`);
  console.log("effective   lookahead   calls saved   log Z    a name that");
  const cases = [];
  for (const wish of NAME_WISHES) cases.push(await studyName(names, wish, SIZE));
  for (const verdict of steeredNamesSection(cases).numbers.verdicts) told(verdict);
};

/** Wishes about the model of prose: of finitely many texts, beside the exact answer; and of sentences. */
const proseWishes = async () => {
  console.log("\nThe same on the model of prose that comes along, a surrogate for each wish");
  console.log("effective   lookahead   calls saved   log Z   texts   calls, exact   surrogate    what is wished");
  const model = await openModel(shippedModel());
  const cases = [];
  for (const wish of PROSE_WISHES) cases.push(await studyProse(model, wish, SIZE));
  for (const [i, verdict] of steeredProseSection(cases, []).numbers.verdicts.entries()) {
    const { texts, exactCalls, fitCalls } = cases[i];
    const columns = [
      [texts, 8],
      [exactCalls, 15],
      [fitCalls, 12],
    ];
    told(verdict, columns.map(([count, width]) => String(count).padStart(width)).join(""));
  }
  console.log("\nSentences, 128 particles, 8 runs: log Z ± standard deviation, effective, calls of a run, dead");
  for (const wish of LONG_WISHES) {
    console.log(`  ${wish.label}`);
    for (const row of await studyLong(model, wish, { seed: SEED })) {
      const estimate = `${row.logPartition?.toFixed(2)} ± ${row.spread?.toFixed(2)}`.padStart(14);
      const calls = `${Math.round(row.calls)} calls${row.fitCalls > 0 ? `, surrogate ${row.fitCalls}` : ""}`;
      console.log(`  ${estimate} ${percent(row.effective)} ${percent(row.failed)} dead   ${row.method}, ${calls}`);
    }
  }
  await model.dispose();
};

/** Names of up to 13 letters: the spread of log Z over runs of 64 particles, effective particles, and time. */
const longWishes = async (names) => {
  console.log(
    "\nNames of up to 13 letters, 64 particles, 40 runs: spread of log Z (exact less estimate), effective, dead, ms a run",
  );
  for (const { label, pattern } of NAME_PATTERNS) {
    const exact = toLogits(condition({ ...names.table, kind: "reward" }, regex(pattern, LETTERS))).logPartition;
    const masked = constrain(matches(pattern), names.model.vocabulary, { maximumTokens: 13 });
    for (const [lookahead, potential] of [
      ["none", masked],
      ["surrogate", surrogateLookahead(masked, names.surrogate, [])],
    ]) {
      const [errors, effective, times] = [[], [], []];
      let dead = 0;
      for (let seed = 0; seed < 40; seed++) {
        const begin = performance.now();
        try {
          const wish = { potential, maximumTokens: 13 };
          const result = await finish(steer(countedModel(names.model), [], wish, { particles: 64, seed }));
          errors.push(result.logPartition.estimate - exact);
          effective.push(result.effectiveSampleSize / 64);
        } catch (error) {
          if (!(error instanceof DeadEndError)) throw error;
          dead++;
        }
        times.push(performance.now() - begin);
      }
      const spread = Math.sqrt(errors.reduce((sum, x) => sum + x * x, 0) / errors.length);
      console.log(
        `  ${spread.toFixed(3).padStart(7)} ${percent(median(effective))} ${String(dead).padStart(4)} ${median(times).toFixed(1).padStart(7)}   ${lookahead.padEnd(9)}  ${label}`,
      );
    }
  }
};

const MODELS = [
  ["ONNX Runtime", "../shared/models/stories260K-onnx"],
  ["llama.cpp", "../shared/models/stories260K/stories260K.gguf"],
];

/** Wishes about the first sentence of a story, as far as words that the surrogate cannot foresee. */
const SENTENCES = [
  ["contains “dog”", { must: ["dog"] }],
  ["contains “dog” and “ball”", { must: ["dog", "ball"] }],
  ["contains “happy” and ends in “park.”", { must: ["happy"], endsWith: "park." }],
];

/** Effective particles on a real model, by importance sampling: masking with weights, and with a surrogate fitted to this prompt and these wishes. */
const sentences = async () => {
  const [[name, path]] = MODELS;
  if (!existsSync(path)) return console.log(`\n${path} is not there: sentences of a real model are left out`);
  console.log(
    `\nThe first sentence after “Once upon a time”, ${name}, at most 24 tokens, 256 particles: effective, log Z`,
  );
  const whole = await openModel(path);
  const prompt = await whole.vocabulary.encode("Once upon a time");
  const maximumTokens = 24;
  const model = stopAt(whole, prompt, { when: containing({ endsWith: "." }) });
  const wishes = SENTENCES.map(([, text]) =>
    constrain(containing({ endsWith: ".", ...text }), model.vocabulary, { maximumTokens }),
  );
  const surrogate = await finish(
    fitSurrogate(model, { prompts: [prompt], wishes, samples: 512, maximumTokens, seed: SEED }),
  );
  console.log(`  the surrogate took ${model.usage().calls} model calls`);
  for (const [i, masked] of wishes.entries()) {
    for (const [lookahead, potential] of [
      ["none", masked],
      ["surrogate", surrogateLookahead(masked, surrogate, prompt)],
    ]) {
      const options = { sampler: "importance", particles: 256, seed: SEED };
      const { effectiveSampleSize, logPartition } = await finish(
        steer(model, prompt, { potential, maximumTokens }, options),
      );
      const { estimate, standardError } = logPartition;
      console.log(
        `  ${percent(effectiveSampleSize / 256)}   ${estimate.toFixed(2)} ± ${standardError.toFixed(2)}   ${lookahead.padEnd(9)}  ${SENTENCES[i][0]}`,
      );
    }
  }
  await whole.dispose();
};

/** Prompts that begin differently, so that no run finds another one's rows in the model's cache. */
const PROMPTS = ["Once upon a time", "Lily and Tom", "The little dog", "One day, a boy", "There was a big tree"];

const WISHES = [
  ["no constraint", "[^]*"],
  ["two words and a full stop", "[^]*(dog[^]*ball|ball[^]*dog)[^]*\\."],
];

/** The same model, which notes how long each call takes, and how long it is between calls. */
const timed = (model) => {
  const notes = { calls: [], gaps: [] };
  let last;
  const next = async (...call) => {
    const begin = performance.now();
    if (last !== undefined) notes.gaps.push(begin - last);
    try {
      return await model.next(...call);
    } finally {
      last = performance.now();
      notes.calls.push(last - begin);
    }
  };
  return { notes, model: { ...model, next } };
};

const loops = async () => {
  console.log("\nThe loop at 32 particles and 40 tokens: time of a run over that of its model calls");
  for (const [name, path] of MODELS) {
    if (!existsSync(path)) {
      console.log(`  ${name}: ${path} is not there, left out`);
      continue;
    }
    for (const [label, pattern] of WISHES) {
      const model = await openModel(path);
      const potential = constrain(matches(pattern), model.vocabulary, { maximumTokens: 40 });
      const [ratios, calls, gaps] = [[], [], []];
      for (const [seed, text] of PROMPTS.entries()) {
        const prompt = await model.vocabulary.encode(text);
        const { notes, model: watched } = timed(model);
        const begin = performance.now();
        try {
          await finish(steer(watched, prompt, { potential, maximumTokens: 40 }, { particles: 32, seed }));
        } catch (error) {
          if (!(error instanceof DeadEndError)) throw error;
        }
        ratios.push((performance.now() - begin) / notes.calls.reduce((sum, x) => sum + x, 0));
        calls.push(...notes.calls);
        gaps.push(...notes.gaps);
      }
      const [call, gap] = [median(calls), median(gaps)];
      console.log(
        `  ${(1 + gap / call).toFixed(3)} by medians of ${calls.length} steps (${call.toFixed(2)} ms in the model, ${gap.toFixed(2)} ms outside); whole runs ${median(ratios).toFixed(3)}: ${name}, ${label}`,
      );
      await model.dispose();
    }
  }
};

const names = await prepareNames(nameModel(firstNames()), NAME_WISHES, { seed: SEED });
await shortWishes(names);
await longWishes(names);
await proseWishes();
await sentences();
await loops();
