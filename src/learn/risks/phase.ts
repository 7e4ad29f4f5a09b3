import type { RandomGenerator } from "../../bellman/index.ts";
import type { Resident } from "../engine/engine.ts";
import type { Tensors } from "../engine/tensor.ts";
import type { Proposal } from "./proposal.ts";
import type { Rows } from "./rows.ts";
import type { RowScorer } from "./scorer.ts";

/** One draw's weights of scores, and what they say about the log-partition. */
export interface Phase {
  /** Responses of the model's side. */
  readonly samples: Rows;
  /** Weight of each sample's score in the gradient, `[samples]`. */
  readonly sampleWeights: Float64Array;
  /** Weight of each data score in the gradient, `[data]`. */
  readonly dataWeights: Float64Array;
  /** Estimate of `log Z`, in nats. */
  readonly logPartition: number;
}

/** What a phase has to work with. */
export interface PhaseInputs {
  readonly scorer: RowScorer;
  readonly proposal: Proposal;
  readonly weights: Resident;
  readonly random: RandomGenerator;
  /** Number of samples. */
  readonly count: number;
  readonly data: Rows;
  /** Scores of the data, `[data]`. */
  readonly dataScores: Float64Array;
}

/** A way to estimate; what it remembers between draws can be read and written. */
export interface PhaseEstimator {
  run(inputs: PhaseInputs): Promise<Phase>;
  readonly memory?: { read(): Tensors; write(tensors: Tensors): void };
}
