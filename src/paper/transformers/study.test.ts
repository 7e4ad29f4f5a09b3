import { mkdtemp, readdir, readFile, rm, stat, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Engine, jaxEngine } from "../../learn/index.ts";
import type { Pair } from "./pair.ts";
import { goalsOf, PLANS, type TransformerPlan } from "./plan.ts";
import { transformerSections } from "./sections.ts";
import { studyStages } from "./study.ts";
import { TINY_PLAN } from "./testing/tiny-plan.ts";
import { runOf, snapshotSteps } from "./train-run.ts";

let engine: Engine;
let folder = "";
beforeAll(async () => {
  engine = await jaxEngine();
  folder = await mkdtemp(join(tmpdir(), "arbel-study-"));
});
afterAll(async () => {
  await engine.dispose();
  await rm(folder, { recursive: true, force: true });
});

const PLAN: TransformerPlan = { ...TINY_PLAN, wide: TINY_PLAN.wide.slice(0, 1), long: [], targets: [], rates: [] };

/** Runs a study, as far as `stopAfter` shares of work; gives what was compared, and how many shares were told. */
const study = async (out: string, options: { seed?: number; plan?: TransformerPlan; stopAfter?: number } = {}) => {
  const { seed = 3, plan = PLAN, stopAfter = Infinity } = options;
  const controller = new AbortController();
  const pairs: Pair[] = [];
  let told = 0;
  try {
    for (const { run } of studyStages(plan, { folder: out, seed, engine, version: "1", pairs })) {
      for await (const share of run(controller.signal)) {
        expect(share).toBeGreaterThanOrEqual(0);
        expect(share).toBeLessThanOrEqual(1);
        if (++told >= stopAfter) controller.abort("stop");
      }
    }
  } catch (error) {
    expect(error).toBe("stop");
  }
  return { pairs, told };
};

/** What of pairs is no time. */
const numbersOf = (pairs: readonly Pair[]) => JSON.parse(JSON.stringify(pairs.map(({ seconds: _, ...pair }) => pair)));

describe("a study", () => {
  let whole: Awaited<ReturnType<typeof study>>;
  beforeAll(async () => {
    whole = await study(join(folder, "whole"));
  }, 60_000);

  test("looks at both models from the beginning to the end, and they learn", () => {
    const [pair] = whole.pairs as [Pair];
    expect(pair.points.map(({ step }) => step)).toEqual(snapshotSteps(12));
    const [first, last] = [pair.points[0], pair.points.at(-1)];
    for (const kind of ["arm", "ebm"] as const) {
      expect(last?.gap[kind]).toBeLessThan(first?.gap[kind] as number);
      expect(last?.gap[kind]).toBeGreaterThan(0);
    }
  });

  test("stopped anywhere and begun again gives the same numbers, and does not repeat what is done", async () => {
    for (const stopAfter of [1, 5, 12, 17]) {
      const out = join(folder, `stopped-${stopAfter}`);
      const stopped = await study(out, { stopAfter });
      expect(stopped.told).toBe(stopAfter);
      const resumed = await study(out);
      expect(numbersOf(resumed.pairs)).toEqual(numbersOf(whole.pairs));
      expect(stopped.told + resumed.told).toBeLessThanOrEqual(whole.told + 1);
    }
    expect((await study(join(folder, "whole"))).told).toBe(1);
  }, 120_000);

  test("a file that is damaged, or of other options, is not used", async () => {
    const out = join(folder, "damaged");
    await study(out);
    const names = await readdir(out);
    expect(names).toHaveLength(2);
    for (const name of names) await truncate(join(out, name), Math.floor((await stat(join(out, name))).size / 2));
    const again = await study(out);
    expect(again.told).toBe(whole.told);
    expect(numbersOf(again.pairs)).toEqual(numbersOf(whole.pairs));
    const other = await study(out, { seed: 4 });
    expect(other.told).toBe(whole.told);
    expect(numbersOf(other.pairs)).not.toEqual(numbersOf(whole.pairs));
    for (const name of names) expect((await readFile(join(out, name))).length).toBeGreaterThan(0);
  }, 60_000);
});

test("plans name every training once, and begin with the largest model's space", () => {
  for (const plan of Object.values(PLANS)) {
    const options = { folder: "", seed: 7, engine, version: "1" };
    const paths = goalsOf(plan).flatMap((goal) =>
      (["arm", "ebm"] as const).map((kind) => runOf(goal, kind, options).path),
    );
    expect(new Set(paths).size).toBe(paths.length);
    expect(plan.wide.length).toBeGreaterThan(0);
    expect(plan.long.every(({ space: { space } }) => space.horizon > space.tokens.length)).toBe(true);
  }
});

test("a teacher's target and sizes too small for figure 2 make sections that say so", async () => {
  const plan = { ...TINY_PLAN, targets: TINY_PLAN.targets.slice(-1), rates: [] };
  const { pairs } = await study(join(folder, "sections"), { plan });
  const sections = transformerSections(plan, pairs, "jax");
  expect(sections.map(({ id }) => id)).toEqual([
    "transformers",
    "transformers-sizes",
    "transformers-long",
    "transformers-divergence",
    "transformers-targets",
  ]);
  expect(sections[0]?.findings.map(({ label }) => label).join()).toContain("short run");
  expect(sections[3]?.findings.every(({ holds }) => holds)).toBe(true);
}, 60_000);
