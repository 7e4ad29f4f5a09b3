import { createRequire } from "node:module";
import { cpus } from "node:os";
import { join } from "node:path";
import { type Engine, jaxEngine } from "../learn/index.ts";
import { bellmanErrors, bellmanSection } from "./claim-bellman.ts";
import { bijectionErrors, bijectionSection } from "./claim-bijection.ts";
import { randomTrials, worstTrials } from "./claim-bounds.ts";
import { boundsSection } from "./claim-bounds-section.ts";
import { COST_METHODS, type Cost, costsOf } from "./claim-cost.ts";
import { costSection } from "./claim-cost-section.ts";
import { lossGaps, STEPS, TARGET_LAWS, type Training, trainOne } from "./claim-minima.ts";
import { minimaSection } from "./claim-minima-section.ts";
import { DISTILLATION_PLANS, type DistillationPlan, planDistillation } from "./distillation/index.ts";
import { firstNames, NAME_MODEL, nameModel, orderSearch } from "./first-names.ts";
import { type Conditioning, conditionNames, NAME_PATTERNS, type NamePattern } from "./name-patterns.ts";
import { spell } from "./name-spelling.ts";
import { conditioningSection, nameModelSection } from "./names-section.ts";
import { studyNames } from "./names-study.ts";
import { writeReport } from "./report-files.ts";
import type { Report } from "./report-html.ts";
import { type NamedSpace, PAPER_SPACES } from "./reward-laws.ts";
import { spellingSection } from "./spelling-section.ts";
import { FULL_STEERING, planSteering, QUICK_STEERING, type SteeringSize } from "./steering/index.ts";
import {
  type Pair,
  PLANS,
  type PlanName,
  studyStages,
  type TransformerPlan,
  transformerSections,
} from "./transformers/index.ts";

/** How far a report is. */
export interface ReportProgress {
  /** Work done, in units of about a tenth of a second. */
  readonly done: number;
  /** All work, in the same units. */
  readonly total: number;
  /** What comes next. */
  readonly label: string;
  /** Seconds left, by the pace so far; absent until something was measured. */
  readonly secondsLeft?: number;
}

/**
 * One piece of the work: what it is, how long it takes, in tenths of a second, and the work, which may tell the share of itself
 * that is done.
 */
type Stage = readonly [
  label: string,
  weight: number,
  run: (signal?: AbortSignal) => AsyncGenerator<number, void, void> | unknown,
];

/** How much work a report is. */
export interface ReportSize {
  /** Random rewards for each space and law. */
  readonly draws: number;
  /** Students for each space and scale. */
  readonly trials: number;
  readonly spaces: readonly NamedSpace[];
  readonly model: { readonly order: number; readonly minimumCount: number };
  readonly patterns: readonly NamePattern[];
  readonly steering: SteeringSize;
  readonly transformers: TransformerPlan;
  readonly distillation: DistillationPlan;
}

const FULL: Omit<ReportSize, "transformers" | "distillation"> = {
  draws: 3,
  trials: 10,
  spaces: PAPER_SPACES,
  model: NAME_MODEL,
  patterns: NAME_PATTERNS,
  steering: FULL_STEERING,
};

/** What a report is made with. */
export interface ReportOptions {
  /** Folder for the files, made if need be (default `arbel-report`). */
  readonly out?: string;
  /** A whole number from 0 to 2³² − 1 (default 7). */
  readonly seed?: number;
  /** Stops the work; its reason is thrown once a training's state is saved. */
  readonly signal?: AbortSignal;
  /** What trains the Transformers (default: jax-js, for the time of the report). */
  readonly engine?: Engine;
}

/**
 * Recomputes the paper's claims and figures, how distillation ends beside the exact answer, and the study of first names, and writes
 * `report.html`, `report.json` and one CSV a table.
 *
 * Yields before every piece of work, while Transformers are trained, and at the end; the report's files appear at the end only, each
 * whole. Trainings are kept in the folder's `runs/`: a report that was stopped, by whatever, goes on from there when it is
 * begun again, and ends with the same numbers. The same seed, plan and engine give the same numbers, except those that are times.
 *
 * @param options.plan how much is trained: `"quick"`, `"default"` or `"paper"`; without it `"quick"` on jax-js, which is some eight times
 * slower, and `"default"` elsewhere
 * @throws the signal's reason where it is aborted; RangeError where the plan is not known
 */
export async function* reproduce(
  options: ReportOptions & { readonly plan?: PlanName } = {},
): AsyncGenerator<ReportProgress, void, void> {
  const engine = options.engine ?? (await jaxEngine());
  const { plan = engine.name === "jax" ? "quick" : "default" } = options;
  if (!Object.hasOwn(PLANS, plan)) throw new RangeError(`"plan" must be quick, default or paper, got ${plan}`);
  try {
    const steering = plan === "quick" ? QUICK_STEERING : FULL.steering;
    const size = { ...FULL, steering, transformers: PLANS[plan], distillation: DISTILLATION_PLANS[plan] };
    yield* reproduceAt(size, { ...options, engine });
  } finally {
    if (!options.engine) await engine.dispose();
  }
}

/** A report of another size than {@link reproduce}'s. */
export async function* reproduceAt(
  size: ReportSize,
  options: ReportOptions & { readonly engine: Engine },
): AsyncGenerator<ReportProgress, void, void> {
  const { out = "arbel-report", seed = 7, signal, engine } = options;
  const work = planReport(size, { out, seed, engine });
  const total = work.stages.reduce((sum, [, weight]) => sum + weight, 0) + 1;
  const start = performance.now();
  const elapsed = () => (performance.now() - start) / 1000;
  let done = 0;
  const progress = (share: number, label: string, weight = 0): ReportProgress => {
    const made = done + share * weight;
    return { done: made, total, label, ...(made > 0 ? { secondsLeft: (elapsed() / made) * (total - made) } : {}) };
  };
  for (const [label, weight, run] of work.stages) {
    yield progress(0, label);
    // a macrotask between pieces, so that a page can paint and a signal be heard
    await new Promise((resolve) => setTimeout(resolve));
    signal?.throwIfAborted();
    const running = run(signal);
    if (isGenerator(running)) {
      let begun: number | undefined;
      for await (const share of running) {
        // what an earlier run has done is not part of this one's work
        begun ??= share;
        yield progress(begun < 1 ? (share - begun) / (1 - begun) : 1, label, weight);
      }
    }
    done += weight;
  }
  yield progress(0, "files");
  signal?.throwIfAborted();
  writeReport(out, work.report(elapsed()));
  yield { done: total, total, label: "done", secondsLeft: 0 };
}

const isGenerator = (value: unknown): value is AsyncGenerator<number, void, void> =>
  typeof value === "object" && value !== null && Symbol.asyncIterator in value;

/** What the pieces of a report have in common. */
interface Common {
  readonly out: string;
  readonly seed: number;
  readonly engine: Engine;
}

const stageOf = ({ label, weight, run }: { label: string; weight: number; run: Stage[2] }): Stage => [
  label,
  weight,
  run,
];

/** The pieces of the work in order, and the report they end in. */
const planReport = (size: ReportSize, common: Common) => {
  const { seed, engine } = common;
  const claims = planClaims(seed, size);
  const names = planNames(seed, size);
  const steering = planSteering(size.steering, names.model, seed);
  const transformers = planTransformers(size.transformers, common);
  const distillation = planDistillation(size.distillation, {
    ...{ folder: join(common.out, "runs"), seed, engine, version: VERSION },
    model: names.model,
  });
  const report = (seconds: number): Report => ({
    version: VERSION,
    seed,
    plan: size.transformers.name,
    engine: engine.name,
    claims: claims.sections(),
    figures: transformers.sections(),
    distillation: distillation.sections(),
    further: [...names.sections(), ...steering.sections()],
    measured: [
      ["time of the last run, which may have gone on from an earlier one", `${seconds.toFixed(1)} s`],
      ...claims.measured(),
      ...transformers.measured(),
      ...distillation.measured(),
      ...MACHINE,
    ],
  });
  const distilling = distillation.stages.map(stageOf);
  const stages = [
    ...claims.stages,
    ...names.stages,
    ...steering.stages.map(stageOf),
    ...distilling,
    ...transformers.stages,
  ];
  return { stages, report };
};

const planTransformers = (plan: TransformerPlan, { out, seed, engine }: Common) => {
  const pairs: Pair[] = [];
  const stages = studyStages(plan, { folder: join(out, "runs"), seed, engine, version: VERSION, pairs }).map(stageOf);
  const trained = (): readonly [string, string] => {
    const seconds = pairs.reduce((sum, pair) => sum + pair.seconds, 0);
    const threads = engine.threads === 1 ? "one thread" : `${engine.threads} threads`;
    return [
      `training of ${2 * pairs.length} Transformers, plan “${plan.name}”`,
      `${seconds.toFixed(0)} s (${engine.name}, ${threads})`,
    ];
  };
  return { stages, sections: () => transformerSections(plan, pairs, engine.name), measured: () => [trained()] };
};

const planClaims = (seed: number, { draws, trials: count, spaces }: ReportSize) => {
  let errors: ReturnType<typeof bijectionErrors> = [];
  let residuals: ReturnType<typeof bellmanErrors> = [];
  let gaps: ReturnType<typeof lossGaps> = [];
  let trials: ReturnType<typeof randomTrials> = [];
  const trainings: Training[] = [];
  const costs: Cost[] = [];
  const stages: Stage[] = [
    ["bijection", 8, () => (errors = bijectionErrors({ seed, draws, spaces }))],
    ["soft Bellman equation", 8, () => (residuals = bellmanErrors({ seed, draws, spaces }))],
    ["minima", 4, () => (gaps = lossGaps({ seed, spaces }))],
    ...trainingGoals().map(
      ([space, target, kind]): Stage => [
        `training: ${kind.toUpperCase()}, ${target.label}, ${space.label}`,
        4,
        () => trainings.push(trainOne(space, target, kind, { seed })),
      ],
    ),
    ["bounds", 3, () => (trials = randomTrials({ seed, trials: count }))],
    ...COST_METHODS.map(
      (method): Stage => [`cost: ${method.label}`, 4, () => costs.push(...costsOf(method, { seed }))],
    ),
  ];
  const sections = () => [
    bijectionSection(errors),
    bellmanSection(residuals),
    minimaSection(gaps, trainings),
    boundsSection(trials, worstTrials()),
    costSection(costs),
  ];
  return { stages, sections, measured: () => [trainingTime(trainings)] };
};

/** What is trained: on the variable-length space one target, on the paper's all; both models each. */
const trainingGoals = () => {
  const [variable, fixed] = PAPER_SPACES as [NamedSpace, NamedSpace, NamedSpace];
  return TARGET_LAWS.flatMap((target, index) =>
    (index === 0 ? [variable, fixed] : [fixed]).flatMap((space) =>
      (["ebm", "arm"] as const).map((kind) => [space, target, kind] as const),
    ),
  );
};

const trainingTime = (trainings: readonly Training[]): readonly [string, string] => {
  const both = trainings.filter(({ space, target }) => space === PAPER_SPACES[1] && target.id === "zipf");
  const seconds = both.reduce((sum, training) => sum + training.seconds, 0);
  return [
    `${STEPS.toLocaleString("en-US")} Adam steps of both models, V = 8, T = 4, 4,096 responses`,
    `${seconds.toFixed(2)} s (known reproduction: about 10 s)`,
  ];
};

const SPELLED = "annette";

const planNames = (seed: number, size: ReportSize) => {
  const names = firstNames();
  const model = nameModel(names, size.model);
  let search: ReturnType<typeof orderSearch> = [];
  let study: ReturnType<typeof studyNames> | undefined;
  let spelled: ReturnType<typeof spell> = [];
  const conditionings: Conditioning[] = [];
  const [ette] = NAME_PATTERNS as [(typeof NAME_PATTERNS)[0]];
  const stages: Stage[] = [
    ["names: orders", 10, () => (search = orderSearch(names, { seed, orders: [1, 2, 3, 4, 5, 6, 7] }))],
    ["names: M⁻¹ and M", 4, () => (study = studyNames(model, { seed }))],
    ["names: spelling", 3, () => (spelled = spell(model, ette.pattern, SPELLED))],
    ...size.patterns.map((pattern): Stage => {
      const weight = pattern.id === "same-letter" ? 80 : 8;
      return [`names: ${pattern.label}`, weight, () => conditionings.push(conditionNames(model, pattern, { seed }))];
    }),
  ];
  const sections = () => [
    nameModelSection(names, search, study as ReturnType<typeof studyNames>),
    conditioningSection(names, conditionings),
    spellingSection(spelled, SPELLED, ette.label),
  ];
  return { stages, sections, model };
};

const VERSION = (createRequire(import.meta.url)("../../package.json") as { version: string }).version;

const MACHINE: readonly [string, string][] = [
  ["Node.js", process.version],
  ["processor", `${cpus()[0]?.model ?? "unknown"}, ${cpus().length} cores`],
];
