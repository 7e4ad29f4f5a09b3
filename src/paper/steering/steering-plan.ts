import type { LanguageModel } from "../../steer/index.ts";
import { openModel, shippedModel } from "../../steer/models/node/index.ts";
import type { Section } from "../exhibit.ts";
import type { Stage } from "../stage.ts";
import type { ComparisonSize } from "./compare-methods.ts";
import { LONG_WISHES, type LongRow, type LongWish, studyLong } from "./long-wishes.ts";
import { NAME_WISHES, type NameWish } from "./name-wishes.ts";
import { steeredNamesSection } from "./names-section.ts";
import { steeredProseSection } from "./prose-section.ts";
import { PROSE_WISHES, type ProseWish } from "./prose-wishes.ts";
import { prepareNames, type SteeredNames, studyName } from "./steered-names.ts";
import { type ProseCase, studyProse } from "./steered-prose.ts";
import type { SteeringCase } from "./steering-case.ts";

/** How much work steering is. */
export interface SteeringSize {
  readonly names: ComparisonSize & { readonly wishes: readonly NameWish[] };
  readonly prose: ComparisonSize & { readonly wishes: readonly ProseWish[]; readonly long: readonly LongWish[] };
}

/** All wishes but the second sentence, which `bench/steer.mjs` has: each takes three quarters of a minute. */
export const FULL_STEERING: SteeringSize = {
  names: { wishes: NAME_WISHES, budgets: [8, 32, 128, 512], repeats: 4 },
  prose: { wishes: PROSE_WISHES, budgets: [8, 32, 128, 512], repeats: 4, long: LONG_WISHES.slice(0, 1) },
};

/** Fewer wishes and runs, for a quick report. */
export const QUICK_STEERING: SteeringSize = {
  names: { wishes: NAME_WISHES.slice(0, 4), budgets: [8, 32, 128], repeats: 3 },
  prose: { wishes: PROSE_WISHES.slice(0, 2), budgets: [8, 32, 128], repeats: 3, long: [] },
};

/** The pieces of the work in order, and what they end in. */
export interface PlannedSteering {
  readonly stages: readonly Stage[];
  readonly sections: () => readonly Section[];
}

/** Plans the sections on steering. @param table the model of names */
export const planSteering = (size: SteeringSize, table: SteeredNames["table"], seed: number): PlannedSteering => {
  const names: SteeringCase[] = [];
  const prose: ProseCase[] = [];
  const long: LongRow[] = [];
  let prepared: SteeredNames | undefined;
  const stages: Stage[] = [
    stage("steering: surrogate", 4, async (signal) => {
      prepared = await prepareNames(table, size.names.wishes, { seed, signal });
    }),
    ...size.names.wishes.map((wish) =>
      stage(`steering: ${wish.label}`, 12, async (signal) => {
        names.push(await studyName(prepared as SteeredNames, wish, { ...size.names, seed, signal }));
      }),
    ),
    ...size.prose.wishes.map((wish) =>
      stage(`steering: ${wish.label}`, 20, async (signal) => {
        prose.push(await withModel((model) => studyProse(model, wish, { ...size.prose, seed, signal })));
      }),
    ),
    ...size.prose.long.map((wish) =>
      stage(`steering: ${wish.label}`, 480, async (signal) => {
        long.push(...(await withModel((model) => studyLong(model, wish, { seed, signal }))));
      }),
    ),
  ];
  return { stages, sections: () => [steeredNamesSection(names), steeredProseSection(prose, long)] };
};

const stage = (label: string, weight: number, work: (signal?: AbortSignal) => Promise<void>): Stage => ({
  label,
  weight,
  run: async function* (signal) {
    await work(signal);
    yield 1;
  },
});

/** Opens the model that comes along for some work. */
const withModel = async <T>(work: (model: LanguageModel) => Promise<T>): Promise<T> => {
  const model = await openModel(shippedModel());
  try {
    return await work(model);
  } finally {
    await model.dispose();
  }
};
