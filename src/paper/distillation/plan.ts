import { tree } from "../../space/index.ts";
import { NAME_MODEL } from "../first-names.ts";
import type { NamedSpace } from "../reward-laws.ts";
import type { PlanName } from "../transformers/index.ts";
import type { AlongRunPlan } from "./along-run.ts";
import type { BiasPlan } from "./bias.ts";
import type { ConvergencePlan } from "./convergence.ts";
import type { CoveragePlan } from "./coverage.ts";
import type { MomentPlan } from "./moments.ts";
import type { NamesPlan } from "./names-distillation.ts";
import type { TradeOffPlan } from "./trade-off.ts";
import type { TransformerStudentPlan } from "./transformer-student.ts";

/** How much of distillation a report tries. */
export interface DistillationPlan {
  readonly zipf: ConvergencePlan;
  readonly bias: BiasPlan;
  readonly names: NamesPlan;
  readonly transformer: Omit<TransformerStudentPlan, "space">;
  readonly along: Omit<AlongRunPlan, "space">;
  readonly coverage: CoveragePlan;
  readonly moments: MomentPlan;
  readonly tradeOff: TradeOffPlan;
  /** Batches that each estimator of a divergence sees. */
  readonly estimatorDraws: number;
}

const FIXED: NamedSpace = { id: "v8-t4", label: "V = 8, T = 4", space: tree({ tokens: 8, horizon: 4, eos: false }) };

const SMALL = { layers: 1, width: 32, heads: 2, learningRate: 3e-3 };
const BIGRAMS = { order: 2, minimumCount: 8 };

/** What each plan of a report tries. */
export const DISTILLATION_PLANS: Readonly<Record<PlanName, DistillationPlan>> = {
  quick: {
    zipf: { space: FIXED, exactSteps: 900, sampledSteps: [100, 200, 400], batch: 64 },
    bias: { runs: 6, steps: 200 },
    names: { model: BIGRAMS, temperature: 0.2, exactSteps: 80, sampledSteps: 100, batch: 128 },
    transformer: { ...SMALL, steps: 100, batch: 128 },
    along: { steps: 500, batch: 64, moments: 12, samples: 5_000 },
    coverage: { pairs: 16, samples: 10_000 },
    moments: { model: { order: 3, minimumCount: 20 }, repetitions: 1, samples: 5_000 },
    tradeOff: { temperatures: [0.5, 0.2], steps: 50, batch: 128 },
    estimatorDraws: 300,
  },
  default: {
    zipf: { space: FIXED, exactSteps: 3000, sampledSteps: [250, 500, 1000, 2000, 4000], batch: 64 },
    bias: { runs: 8, steps: 1000 },
    names: { model: BIGRAMS, temperature: 0.2, exactSteps: 400, sampledSteps: 700, batch: 256 },
    transformer: { ...SMALL, steps: 2000, batch: 256 },
    along: { steps: 4000, batch: 64, moments: 24, samples: 10_000 },
    coverage: { pairs: 200, samples: 10_000 },
    moments: { model: NAME_MODEL, repetitions: 6, samples: 5_000 },
    tradeOff: { temperatures: [1, 0.5, 0.3, 0.2, 0.15], steps: 200, batch: 256 },
    estimatorDraws: 2000,
  },
  paper: {
    zipf: { space: FIXED, exactSteps: 3000, sampledSteps: [250, 500, 1000, 2000, 4000, 8000, 16_000], batch: 64 },
    bias: { runs: 32, steps: 4000 },
    names: { model: BIGRAMS, temperature: 0.2, exactSteps: 1000, sampledSteps: 4000, batch: 256 },
    transformer: { ...SMALL, steps: 10_000, batch: 256 },
    along: { steps: 8000, batch: 64, moments: 40, samples: 10_000 },
    coverage: { pairs: 1000, samples: 10_000 },
    moments: { model: NAME_MODEL, repetitions: 40, samples: 5_000 },
    tradeOff: { temperatures: [1, 0.5, 0.3, 0.2, 0.15], steps: 1000, batch: 256 },
    estimatorDraws: 20_000,
  },
};
