import { createRequire } from "node:module";
import { cpus } from "node:os";
import { bellmanErrors, bellmanSection } from "./claim-bellman.ts";
import { bijectionErrors, bijectionSection } from "./claim-bijection.ts";
import { randomTrials, worstTrials } from "./claim-bounds.ts";
import { boundsSection } from "./claim-bounds-section.ts";
import { COST_METHODS, type Cost, costsOf } from "./claim-cost.ts";
import { costSection } from "./claim-cost-section.ts";
import { lossGaps, STEPS, TARGET_LAWS, type Training, trainOne } from "./claim-minima.ts";
import { minimaSection } from "./claim-minima-section.ts";
import { firstNames, NAME_MODEL, nameModel, orderSearch } from "./first-names.ts";
import { type Conditioning, conditionNames, NAME_PATTERNS, type NamePattern } from "./name-patterns.ts";
import { spell } from "./name-spelling.ts";
import { conditioningSection, nameModelSection } from "./names-section.ts";
import { studyNames } from "./names-study.ts";
import { writeReport } from "./report-files.ts";
import type { Report } from "./report-html.ts";
import { type NamedSpace, PAPER_SPACES } from "./reward-laws.ts";
import { spellingSection } from "./spelling-section.ts";

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

/** One piece of the work: what it is, how long it takes, in tenths of a second, and the work. */
type Stage = readonly [label: string, weight: number, run: () => unknown];

/** How much work a report is. */
export interface ReportSize {
  /** Random rewards for each space and law. */
  readonly draws: number;
  /** Students for each space and scale. */
  readonly trials: number;
  readonly spaces: readonly NamedSpace[];
  readonly model: { readonly order: number; readonly minimumCount: number };
  readonly patterns: readonly NamePattern[];
}

const FULL: ReportSize = { draws: 3, trials: 10, spaces: PAPER_SPACES, model: NAME_MODEL, patterns: NAME_PATTERNS };

/**
 * Recomputes the paper's claims and the study of first names, and writes `report.html`, `report.json` and one CSV a table.
 *
 * Yields before every piece of work and at the end; files appear at the end only, each whole. The same seed gives the same
 * numbers, except those that are times.
 *
 * @param options.out folder for the files, made if need be (default `arbel-report`)
 * @param options.seed a whole number from 0 to 2³² − 1 (default 7)
 * @param options.signal an AbortSignal, which stops the work between two pieces
 * @throws the signal's reason where it is aborted
 */
export const reproduce = (
  options: { readonly out?: string; readonly seed?: number; readonly signal?: { throwIfAborted(): void } } = {},
): AsyncGenerator<ReportProgress, void, void> => reproduceAt(FULL, options);

/** A report of another size than {@link reproduce}'s. */
export async function* reproduceAt(
  size: ReportSize,
  options: { readonly out?: string; readonly seed?: number; readonly signal?: { throwIfAborted(): void } } = {},
): AsyncGenerator<ReportProgress, void, void> {
  const { out = "arbel-report", seed = 7, signal } = options;
  const work = plan(seed, size);
  const total = work.stages.reduce((sum, [, weight]) => sum + weight, 0) + 1;
  const start = performance.now();
  const elapsed = () => (performance.now() - start) / 1000;
  let done = 0;
  for (const [label, weight, run] of work.stages) {
    yield { done, total, label, ...(done > 0 ? { secondsLeft: (elapsed() / done) * (total - done) } : {}) };
    // a macrotask between pieces, so that a page can paint and a signal be heard
    await new Promise((resolve) => setTimeout(resolve));
    signal?.throwIfAborted();
    run();
    done += weight;
  }
  yield { done, total, label: "files", secondsLeft: (elapsed() / done) * (total - done) };
  signal?.throwIfAborted();
  writeReport(out, work.report(elapsed()));
  yield { done: total, total, label: "done", secondsLeft: 0 };
}

/** The pieces of the work in order, and the report they end in. */
const plan = (seed: number, size: ReportSize) => {
  const claims = planClaims(seed, size);
  const names = planNames(seed, size);
  const report = (seconds: number): Report => ({
    version: VERSION,
    seed,
    claims: claims.sections(),
    further: names.sections(),
    measured: [["time of the whole run", `${seconds.toFixed(1)} s`], ...claims.measured(), ...MACHINE],
  });
  return { stages: [...claims.stages, ...names.stages], report };
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
  return { stages, sections };
};

const VERSION = (createRequire(import.meta.url)("../../package.json") as { version: string }).version;

const MACHINE: readonly [string, string][] = [
  ["Node.js", process.version],
  ["processor", `${cpus()[0]?.model ?? "unknown"}, ${cpus().length} cores`],
];
