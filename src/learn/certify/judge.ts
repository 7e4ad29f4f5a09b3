import { armOf, type Model } from "../../bellman/index.ts";
import type { Engine, Resident } from "../engine/engine.ts";
import type { Architecture } from "../models/architecture.ts";
import { evenChunks, responseChunks, rowsPerChunk } from "../risks/chunks.ts";
import { type Proposal, rowSums, tableProposal } from "../risks/proposal.ts";
import type { Rows } from "../risks/rows.ts";
import { scorer } from "../risks/scorer.ts";

/** A target that can be asked what it makes of given responses; it need not be enumerable. */
export interface Judge {
  /** `R(y)` `[count]`, in nats: `p(y) ∝ exp R(y)`; −∞ forbids. */
  scores(rows: Rows): Promise<Float64Array>;
  /** `log π(y_t|s_t)` `[count × horizon]`, in nats, 0 after the end, where the target's own policy is known: `R = log Z + Σ_t log π`. */
  steps?(rows: Rows): Promise<Float64Array>;
  /** `log Z`, in nats, where it is known. */
  readonly logPartition?: number;
  /** Frees what it holds on an engine. */
  dispose(): Promise<void>;
}

/**
 * A target that is a table, on any space of the responses' tokens and horizon: what it does not hold, it forbids.
 *
 * @throws EmptyModelError where no response has positive probability
 */
export const tableJudge = (model: Model): Judge => {
  const arm = armOf(model);
  return policyJudge(tableProposal(arm), arm.logPartition);
};

/**
 * A target with a policy, such as a causal Transformer.
 *
 * @param logPartition `log Z` of its rewards, in nats (default 0: those of normalised logits, theory §4)
 */
export const policyJudge = (policy: Proposal, logPartition = 0): Judge => ({
  scores: async (rows) => rowSums(await policy.logPolicy(rows), rows.horizon).map((sum) => logPartition + sum),
  steps: (rows) => policy.logPolicy(rows),
  logPartition,
  dispose: () => policy.dispose(),
});

/** A target that is a bidirectional Transformer: it scores whole responses. */
export const ebmJudge = async (options: {
  readonly engine: Engine;
  readonly model: Architecture;
  readonly weights: Resident;
}): Promise<Judge> => {
  const { engine, model, weights } = options;
  const { size } = evenChunks(2 ** 20, rowsPerChunk(model) / model.horizon);
  const score = await scorer({ engine, model, size });
  return {
    scores: async (rows) => {
      const chunks = responseChunks(model, rows, size);
      return (await score.scores(weights, chunks)).slice(0, rows.count);
    },
    dispose: () => score.dispose(),
  };
};
