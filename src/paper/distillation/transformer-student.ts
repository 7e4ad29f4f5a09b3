import { createHash } from "node:crypto";
import { join } from "node:path";
import { toLogits } from "../../bellman/index.ts";
import { type Engine, transformerStudent } from "../../learn/index.ts";
import { makeFolder } from "../../space/files/index.ts";
import { type Table, tableOf } from "../../space/index.ts";
import { type NamedSpace, seedOf } from "../reward-laws.ts";
import type { Stage } from "../stage.ts";
import { zipfOf } from "./convergence.ts";
import { RECIPES, type Recipe } from "./recipes.ts";
import { readStudent, type SavedStudent, writeStudent } from "./student-file.ts";
import { followStudent, type StudentPoint } from "./student-run.ts";

/** How much is distilled into Transformers. */
export interface TransformerStudentPlan {
  readonly space: NamedSpace;
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly learningRate: number;
  readonly steps: number;
  /** Responses for each step. */
  readonly batch: number;
}

/** Where trainings are kept, and by what they are made. */
export interface TransformerStudentOptions {
  readonly folder: string;
  readonly seed: number;
  readonly engine: Engine;
  readonly version: string;
}

/** A Transformer's distillation. */
export interface TransformerRun {
  readonly recipe: Recipe;
  readonly points: readonly StudentPoint[];
  /** The student in the end. */
  readonly table: Table;
  readonly seconds: number;
}

/** Objectives that Transformers are distilled by: those whose data need nothing but draws. */
const OBJECTIVES = ["forward-kl", "reverse-kl"];
/** Numbers of these runs change with it. */
const FORMAT_VERSION = 1;
/** Seconds between saved states. */
const SAVE_EVERY = 10;

/** Distils the Zipf target into Transformers, each kept in a file of the folder: what is there is not done again. */
export const transformerStages = (
  plan: TransformerStudentPlan,
  options: TransformerStudentOptions,
  into: TransformerRun[],
): Stage[] =>
  RECIPES.filter(({ objective }) => OBJECTIVES.includes(objective)).map((recipe) => ({
    label: `distilling into a Transformer: ${recipe.label}`,
    weight: 2 + (plan.steps * MILLISECONDS[options.engine.name]) / 100,
    run: async function* (signal) {
      const saved = yield* distilled(recipe, plan, options, signal);
      const { points, seconds } = saved;
      into.push({ recipe, points, table: tableOfNumbers(plan, saved.table as Float32Array), seconds });
    },
  }));

/** Milliseconds of a step. */
const MILLISECONDS = { onnx: 4, jax: 40 } as const;

async function* distilled(
  recipe: Recipe,
  plan: TransformerStudentPlan,
  options: TransformerStudentOptions,
  signal?: AbortSignal,
): AsyncGenerator<number, SavedStudent, void> {
  const { path, run } = fileOf(recipe, plan, options);
  const begun = readStudent(path, run);
  if (begun?.table) return begun;
  makeFolder(options.folder);
  const points = [...(begun?.points ?? [])];
  const began = performance.now();
  const secondsSoFar = () => (begun?.seconds ?? 0) + (performance.now() - began) / 1000;
  const { engine, seed } = options;
  const { layers, width, heads, steps, learningRate, batch } = plan;
  const target = toLogits(zipfOf(plan, seed));
  let table: Float32Array = new Float32Array(0);
  const following = followStudent(
    {
      target,
      student: transformerStudent({ engine, layers, width, heads }),
      objective: recipe.objective,
      ...{ steps, learningRate, samplesPerStep: batch, behaviour: recipe.behaviour(target) },
      seed: seedOf(seed, `distilling into a Transformer ${recipe.objective}`),
      keep: ({ step }, student) => {
        if (step === steps) table = numbersOf(student);
      },
      checkpoint: {
        seconds: SAVE_EVERY,
        save: (state) => writeStudent(path, run, { state, points, seconds: secondsSoFar() }),
      },
      ...(begun?.state ? { resume: begun.state } : {}),
      ...(signal ? { signal } : {}),
    },
    points,
  );
  for await (const step of following) yield step / steps;
  const saved = { table, points, seconds: secondsSoFar() };
  writeStudent(path, run, saved);
  return saved;
}

/** The file that a run is kept in, and what decides its numbers. */
const fileOf = (
  { objective }: Recipe,
  { space, ...plan }: TransformerStudentPlan,
  { folder, seed, engine, version }: TransformerStudentOptions,
) => {
  const decisive = {
    formatVersion: FORMAT_VERSION,
    version,
    engine: engine.name,
    seed,
    objective,
    space: space.id,
    ...plan,
  };
  const run = JSON.stringify(decisive);
  const hash = createHash("sha256").update(run).digest("hex").slice(0, 8);
  const name = `distilled-${objective}-${space.id}-l${plan.layers}-d${plan.width}-${plan.steps}-steps-${hash}.safetensors`;
  return { path: join(folder, name), run };
};

const numbersOf = ({ levels }: Table): Float32Array => Float32Array.from(levels.flatMap((level) => Array.from(level)));

const tableOfNumbers = ({ space: { space } }: TransformerStudentPlan, numbers: Float32Array): Table => {
  let offset = 0;
  const levels = Array.from({ length: space.horizon }, (_, depth) => {
    offset += space.layer(depth).arcs;
    return Float64Array.from(numbers.subarray(offset - space.layer(depth).arcs, offset));
  });
  return tableOf(space, "logits", levels);
};
