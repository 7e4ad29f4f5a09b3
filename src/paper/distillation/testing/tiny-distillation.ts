import { tree } from "../../../space/index.ts";
import type { DistillationPlan } from "../plan.ts";

/** A plan with something of everything, done in seconds. */
export const TINY_DISTILLATION: DistillationPlan = {
  zipf: {
    space: { id: "v3-t2", label: "V = 3, T = 2", space: tree({ tokens: 3, horizon: 2, eos: false }) },
    exactSteps: 500,
    sampledSteps: [100, 200, 400],
    batch: 32,
  },
  bias: { runs: 4, steps: 200 },
  names: { model: { order: 1, minimumCount: 1 }, temperature: 0.2, exactSteps: 60, sampledSteps: 60, batch: 32 },
  transformer: { layers: 1, width: 8, heads: 1, learningRate: 0.01, steps: 8, batch: 16 },
  along: { steps: 100, batch: 16, moments: 8, samples: 1_000 },
  coverage: { pairs: 5, samples: 10_000 },
  moments: { model: { order: 1, minimumCount: 1 }, repetitions: 2, samples: 2_000 },
  tradeOff: { temperatures: [0.5], steps: 20, batch: 32 },
  estimatorDraws: 50,
};
