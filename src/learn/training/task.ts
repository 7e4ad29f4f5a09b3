import { type Arm, armOf, entropy, type Samples, sample } from "../../bellman/index.ts";
import { countStates, type Table, type Tree, tableOf } from "../../space/index.ts";
import type { Engine } from "../engine/engine.ts";
import type { Tensors } from "../engine/tensor.ts";
import type { Architecture } from "../models/architecture.ts";
import { initialWeights } from "../models/initialise.ts";
import { type Batch, responseBatch } from "../risks/batches.ts";
import { drawGenerator } from "../risks/draw.ts";
import { exactArmRisk } from "../risks/exact-arm.ts";
import { exactEbmRisk } from "../risks/exact-ebm.ts";
import { minibatchArmRisk } from "../risks/minibatch-arm.ts";
import { tableProposal } from "../risks/proposal.ts";
import { modelSource } from "../risks/response-source.ts";
import type { Draw, Risk } from "../risks/risk.ts";
import { allResponses, type Rows } from "../risks/rows.ts";
import { sampledEbmRisk } from "../risks/sampled-ebm.ts";
import { targetProbabilities } from "../risks/target.ts";
import type { Corpus } from "../text/corpus.ts";
import { textRisk } from "../text/text-risk.ts";

/** What a run learns, ready to train. */
export interface Task {
  readonly risk: Risk;
  /** Parameters to begin with. */
  readonly parameters: Tensors;
  /** Least possible risk, in nats, where it is known. */
  readonly entropy?: number;
  /** Actions that a step learns from. */
  readonly tokensPerStep: number;
}

/**
 * The exact risk of a model over all responses of a tree.
 *
 * @param options.target a reward or logits table on that tree
 * @throws RangeError where the space has too many responses
 */
export const spaceTask = async (
  engine: Engine,
  model: Architecture,
  space: Tree,
  options: { readonly target: Table; readonly seed: number },
): Promise<Task> => {
  const target = targetProbabilities(options.target);
  const exactRisk = model.kind === "arm" ? exactArmRisk : exactEbmRisk;
  const risk = await exactRisk({ engine, model, space, target });
  const tokensPerStep =
    model.kind === "arm"
      ? Number(countStates(space))
      : allResponses(space).lengths.reduce((sum, length) => sum + length, 0);
  return { risk, parameters: initialWeights(model, options.seed), entropy: risk.entropy, tokensPerStep };
};

/**
 * The risk of a model over fresh samples of a target on a tree, which may be too large to enumerate.
 *
 * An ARM learns `batch` samples a step by teacher forcing; an EBM contrasts them with as many chains of persistent
 * Metropolis–Hastings, proposed by the target and uniformly by halves. Risks are estimates, the final one too; the entropy is exact.
 *
 * @param options.target a reward or logits table on that tree
 */
export const sampledTask = async (
  engine: Engine,
  model: Architecture,
  options: { readonly target: Table; readonly seed: number; readonly batch: number },
): Promise<Task> => {
  const { seed, batch } = options;
  const arm = armOf(options.target);
  const risk =
    model.kind === "arm" ? await sampledArmRisk(engine, model, arm, batch) : await chainRisk(engine, model, arm, batch);
  return {
    risk,
    parameters: initialWeights(model, seed),
    entropy: entropy(arm),
    tokensPerStep: batch * model.horizon,
  };
};

/** Samples that the final risk of an ARM is estimated from. */
const JUDGED = 8192;

const sampledArmRisk = (engine: Engine, model: Architecture, arm: Arm, batch: number): Promise<Risk> => {
  const drawn = (count: number, draw: Draw): Batch => {
    const samples = sample(arm, count, { seed: drawGenerator(draw).next() >>> 0 });
    return responseBatch(
      model,
      rowsOf(model, samples),
      Int32Array.from({ length: count }, (_, row) => row),
    );
  };
  const batches = { sequences: batch, length: model.horizon, draw: (draw: Draw) => drawn(batch, draw) };
  const held = Array.from({ length: Math.ceil(JUDGED / batch) }, (_, step) => drawn(batch, { seed: JUDGED, step }));
  return minibatchArmRisk({ engine, model, batches, held });
};

/** Samples side by side, EOS written out. */
const rowsOf = ({ actions, horizon, eos }: Architecture, samples: Samples): Rows => {
  const tokens = new Int32Array(samples.count * horizon);
  const lengths = new Int32Array(samples.count);
  for (let row = 0; row < samples.count; row++) {
    const response = samples.response(row);
    tokens.set(response, row * horizon);
    if (eos) tokens[row * horizon + response.length] = actions - 1;
    lengths[row] = response.length + (eos ? 1 : 0);
  }
  return { count: samples.count, horizon, tokens, lengths };
};

const chainRisk = (engine: Engine, model: Architecture, arm: Arm, batch: number): Promise<Risk> =>
  sampledEbmRisk({
    engine,
    model,
    data: modelSource(arm),
    proposal: tableProposal(mixedWithUniform(arm)),
    estimator: "metropolis",
    batch,
    samples: Math.max(batch, model.horizon),
  });

/**
 * A policy that proposes what the target likes half of the time, and any action otherwise.
 *
 * The model to learn comes close to the target, so most proposals are accepted; and no place is out of reach, so that a chain finds what
 * the model likes and the target does not. Uniform proposals alone mix so slowly that the chains lose the model.
 */
const mixedWithUniform = (arm: Arm): Table => {
  const { space, levels } = arm.logits;
  const { actions, horizon, eos } = space;
  return tableOf(
    space,
    "logits",
    levels.map((level, depth) => {
      const last = eos && depth === horizon - 1;
      return level.map((logit, arc) => {
        if (last) return arc % actions === actions - 1 ? 0 : -Infinity;
        const first = arc - (arc % actions);
        const value = logSumExp(level.subarray(first, first + actions));
        const target = value === -Infinity ? 0 : Math.exp(logit - value);
        return Math.log(target + 1 / actions);
      });
    }),
  );
};

/** `log Σ exp`, −∞ where nothing is allowed. */
const logSumExp = (row: Float64Array): number => {
  const max = row.reduce((most, x) => Math.max(most, x), -Infinity);
  return max === -Infinity ? max : max + Math.log(row.reduce((sum, x) => sum + Math.exp(x - max), 0));
};

/** The risk of a model on text. */
export const textTask = async (
  engine: Engine,
  model: Architecture,
  corpus: Corpus,
  { batch, seed }: { readonly batch: number; readonly seed: number },
): Promise<Task> => ({
  risk: await textRisk({ engine, model, corpus, batch }),
  parameters: initialWeights(model, seed),
  tokensPerStep: batch * model.horizon,
});
