import type { Table } from "../../space/index.ts";
import type { Section } from "../exhibit.ts";
import { firstNames, nameModel } from "../first-names.ts";
import { type KlEstimatorStudy, klEstimatorStudy } from "../kl-estimators/index.ts";
import { seedOf } from "../reward-laws.ts";
import type { Stage } from "../stage.ts";
import { alongRunStages, type CertifiedMoment } from "./along-run.ts";
import { alongRunSection } from "./along-run-section.ts";
import { type BiasRow, biasStages } from "./bias.ts";
import { type Convergence, convergenceStages, zipfOf } from "./convergence.ts";
import { convergenceSection } from "./convergence-section.ts";
import { type CertificateTrial, coverageStages } from "./coverage.ts";
import { coverageSection } from "./coverage-section.ts";
import { estimatorSection } from "./estimators-section.ts";
import { type MomentStudy, momentStages } from "./moments.ts";
import { momentSection } from "./moments-section.ts";
import { type NamesDistillation, namesStages } from "./names-distillation.ts";
import { namesSection } from "./names-section.ts";
import type { DistillationPlan } from "./plan.ts";
import { atOnce } from "./stage.ts";
import { type TradeOff, tradeOffStages } from "./trade-off.ts";
import { tradeOffSection } from "./trade-off-section.ts";
import { transformerSection } from "./transformer-section.ts";
import { type TransformerRun, type TransformerStudentOptions, transformerStages } from "./transformer-student.ts";

/** The part of a report on distillation: its work, and what comes of it once that is done. */
export interface DistillationStudy {
  readonly stages: readonly Stage[];
  sections(): Section[];
  /** What differs from run to run, as name and value. */
  measured(): (readonly [string, string])[];
}

/**
 * Plans the part of a report on distillation.
 *
 * @param model of names, that moments and the frontier are of
 */
export const planDistillation = (
  plan: DistillationPlan,
  options: TransformerStudentOptions & { readonly model: Table },
): DistillationStudy => {
  const { seed, model, engine } = options;
  const small = nameModel(firstNames(), plan.names.model);
  const transformer = { ...plan.transformer, space: plan.zipf.space };
  const along = { ...plan.along, space: plan.zipf.space };
  const zipf: Convergence[] = [];
  const bias: BiasRow[] = [];
  const names: NamesDistillation = { arcs: 0, probability: { reference: 0, target: 0 }, runs: [] };
  const transformers: TransformerRun[] = [];
  const certified: CertifiedMoment[] = [];
  const trials: CertificateTrial[] = [];
  const moments: MomentStudy[] = [];
  const tradeOff: TradeOff = { large: [], small: [], seconds: 0, landings: [] };
  const estimators: KlEstimatorStudy[] = [];
  return {
    stages: [
      ...convergenceStages(plan.zipf, seed, zipf),
      ...biasStages(plan.bias, seed, bias),
      ...namesStages(small, plan.names, seed, names),
      ...transformerStages(transformer, options, transformers),
      ...alongRunStages(along, seed, certified),
      ...coverageStages(plan.coverage, seed, trials),
      ...momentStages(plan.moments, seed, moments),
      ...tradeOffStages({ large: model, small }, plan.tradeOff, seed, tradeOff),
      estimatorStage(plan.estimatorDraws, seed, estimators),
    ],
    sections: () => [
      convergenceSection(plan.zipf, zipf, { plan: plan.bias, rows: bias }),
      namesSection(plan.names, names),
      transformerSection(transformer, transformers, zipfOf(plan.zipf, seed), { seed, engine: engine.name }),
      alongRunSection(along, certified),
      coverageSection(plan.coverage, trials),
      momentSection(moments[0] as MomentStudy),
      tradeOffSection(plan.tradeOff, tradeOff),
      estimatorSection(estimators[0] as KlEstimatorStudy),
    ],
    measured: () => [
      [
        `distillation into ${transformers.length} Transformers`,
        `${transformers.reduce((sum, { seconds }) => sum + seconds, 0).toFixed(0)} s (${engine.name})`,
      ],
      [
        `exact frontier of reward against divergence at ${tradeOff.large.length} temperatures, model of names`,
        `${tradeOff.seconds.toFixed(2)} s of processor time (required: < 2 s)`,
      ],
    ],
  };
};

const estimatorStage = (draws: number, seed: number, into: KlEstimatorStudy[]): Stage => ({
  label: "estimators of the divergence",
  weight: 1 + draws / 100,
  run: atOnce(() => into.push(klEstimatorStudy({ seed: seedOf(seed, "KL estimators"), draws }))),
});
