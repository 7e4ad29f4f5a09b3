import { mkdtemp, readdir, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Engine, jaxEngine } from "../../learn/index.ts";
import type { Section } from "../exhibit.ts";
import { tablesOf } from "../exhibit.ts";
import { firstNames, nameModel } from "../first-names.ts";
import { convergenceSection } from "./convergence-section.ts";
import { type DistillationStudy, planDistillation } from "./distillation.ts";
import { momentSection } from "./moments-section.ts";
import { DISTILLATION_PLANS, type DistillationPlan } from "./plan.ts";
import { RECIPES } from "./recipes.ts";
import { inBreaths } from "./stage.ts";
import { momentsOf } from "./student-run.ts";
import { TINY_DISTILLATION } from "./testing/tiny-distillation.ts";
import { tradeOffSection } from "./trade-off-section.ts";
import { type TransformerRun, transformerStages } from "./transformer-student.ts";

let engine: Engine;
let folder = "";
beforeAll(async () => {
  engine = await jaxEngine();
  folder = await mkdtemp(join(tmpdir(), "arbel-distillation-"));
});
afterAll(async () => {
  await engine.dispose();
  await rm(folder, { recursive: true, force: true });
});

const model = nameModel(firstNames(), { order: 2, minimumCount: 20 });

const study = async (plan: DistillationPlan, seed: number): Promise<DistillationStudy> => {
  const planned = planDistillation(plan, {
    folder: await mkdtemp(join(folder, "study-")),
    seed,
    engine,
    version: "1",
    model,
  });
  for (const { run } of planned.stages) {
    for await (const share of run()) {
      expect(share).toBeGreaterThanOrEqual(0);
      expect(share).toBeLessThanOrEqual(1);
    }
  }
  return planned;
};

describe("a tiny study", () => {
  let sections: Section[] = [];
  beforeAll(async () => {
    sections = (await study(TINY_DISTILLATION, 3)).sections();
  }, 60_000);

  test("has every section, each with what it found", () => {
    expect(sections.map(({ id }) => id)).toEqual([
      "distillation",
      "distillation-names",
      "distillation-transformer",
      "certificates",
      "coverage",
      "moments",
      "frontier",
      "kl-estimators",
    ]);
    for (const { findings, prose, exhibits } of sections) {
      expect(findings.length).toBeGreaterThan(0);
      expect(prose.length).toBeGreaterThan(0);
      expect(exhibits.length).toBeGreaterThan(0);
    }
  });

  test("finds what does not hang on how long it runs", () => {
    for (const id of ["moments", "frontier", "kl-estimators", "coverage"]) {
      const section = sections.find((one) => one.id === id) as Section;
      expect(section.findings.filter(({ holds }) => !holds)).toEqual([]);
    }
    const exact = sections[0]?.findings.filter(({ label }) => label.includes("exact expectations")) ?? [];
    expect(exact).toHaveLength(4);
    expect(exact.filter(({ holds }) => !holds)).toEqual([]);
  });

  test("gives the same numbers for the same seed, and names every table once", async () => {
    const again = (await study(TINY_DISTILLATION, 3)).sections();
    expect(again.map(({ numbers }) => numbers)).toEqual(sections.map(({ numbers }) => numbers));
    const ids = sections.flatMap(tablesOf).map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  }, 60_000);
});

describe("a section says so where something does not hold:", () => {
  const failing = ({ findings }: Section) => findings.filter(({ holds }) => !holds).length;

  test("an exact run that ends too far away, and a sampled one that does not fall", () => {
    const far = { step: 10, samples: 10, kl: { forward: 1, reverse: 1 } };
    const further = { ...far, samples: 1000 };
    const runs = RECIPES.map((recipe) => ({ recipe, exact: [far], sampled: [far, further] }));
    const { zipf, bias } = TINY_DISTILLATION;
    expect(failing(convergenceSection(zipf, runs, { plan: bias, rows: [] }))).toBe(8);
  });

  test("a moment that is missed, and one that is not refused", () => {
    const moment = { name: "m", wanted: 0.5, achieved: 0.6, multiplier: 1, range: [0, 1] as const };
    const estimate = { ...moment, standardError: 0.01, multiplierStandardError: 1 };
    const fit = { moments: [estimate], effectiveSampleSize: 1, samples: 1, warnings: [], truth: [0.7] };
    const sampled = [{ ...fit, score: async () => new Float64Array(0) }];
    const refused = [{ wanted: "nothing", sentence: "" }];
    expect(failing(momentSection({ exact: [moment], cost: 0, samples: 1, sampled, refused }))).toBe(4);
  });

  test("a student beyond the frontier, which there is no", () => {
    const points = [0, 1].map((i) => ({ temperature: 2 - i, reward: 0.2 + 0.1 * i, kl: 0.1 + i, logPartition: 0.05 }));
    const landing = { recipe: RECIPES[0] as (typeof RECIPES)[number], temperature: 1, reward: 0.9, kl: 0.1, gap: 0 };
    const tradeOff = { large: points, small: points, seconds: 0, landings: [landing] };
    expect(failing(tradeOffSection(TINY_DISTILLATION.tradeOff, tradeOff))).toBe(1);
  });
});

describe("Transformer students", () => {
  const plan = { ...TINY_DISTILLATION.transformer, space: TINY_DISTILLATION.zipf.space };

  const distil = async (out: string, stopAfter = Infinity) => {
    const runs: TransformerRun[] = [];
    const controller = new AbortController();
    let told = 0;
    try {
      for (const { run } of transformerStages(plan, { folder: out, seed: 3, engine, version: "1" }, runs)) {
        for await (const _ of run(controller.signal)) if (++told >= stopAfter) controller.abort("stop");
      }
    } catch (error) {
      expect(error).toBe("stop");
    }
    return { told, numbers: runs.map(({ points, table }) => ({ points, levels: table.levels })) };
  };

  test("stopped anywhere and begun again end with the same numbers", async () => {
    const whole = await distil(join(folder, "whole"));
    expect(whole.numbers).toHaveLength(2);
    for (const stopAfter of [1, 7, 11]) {
      const out = join(folder, `stopped-${stopAfter}`);
      const stopped = await distil(out, stopAfter);
      expect(stopped.numbers.length).toBeLessThan(2);
      const resumed = await distil(out);
      expect(resumed.numbers).toEqual(whole.numbers);
      expect(stopped.told + resumed.told).toBeLessThanOrEqual(whole.told + 1);
    }
    expect((await distil(join(folder, "whole"))).told).toBe(0);
  }, 60_000);

  test("a damaged file is not used", async () => {
    const out = join(folder, "damaged");
    const whole = await distil(out);
    const names = await readdir(out);
    expect(names).toHaveLength(2);
    for (const name of names) await truncate(join(out, name), 100);
    expect(await distil(out)).toEqual(whole);
  }, 60_000);
});

test("moments to look at begin at 0, end at the last step and never repeat", () => {
  for (const steps of [1, 7, 3000]) {
    const moments = momentsOf(steps);
    expect([moments[0], moments.at(-1)]).toEqual([0, steps]);
    expect(moments).toEqual([...new Set(moments)].toSorted((a, b) => a - b));
  }
});

test("work in breaths hears a signal", async () => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error("enough")));
  const endless = function* () {
    for (let i = 0; ; i++) yield i;
  };
  const run = async () => {
    for await (const share of inBreaths(1, endless(), controller.signal)) expect(share).toBeLessThanOrEqual(1);
  };
  await expect(run()).rejects.toThrow("enough");
});

test("plans run the exact objectives long enough, sampled ones longer and longer", () => {
  for (const { zipf, bias, coverage } of Object.values(DISTILLATION_PLANS)) {
    expect(zipf.sampledSteps).toEqual([...zipf.sampledSteps].sort((a, b) => a - b));
    expect(zipf.sampledSteps.length).toBeGreaterThanOrEqual(2);
    expect(bias.runs).toBeGreaterThanOrEqual(2);
    expect(coverage.samples).toBe(10_000);
  }
});
