import { nn, numpy as np, valueAndGrad } from "@jax-js/jax";
import type { Tree } from "../../space/index.ts";
import type { Arrays, Engine, Step } from "../engine/engine.ts";
import { type Tensors, tensor } from "../engine/tensor.ts";
import type { Architecture } from "../models/architecture.ts";
import { armStateLogits } from "../models/arm.ts";
import { initialWeights } from "../models/initialise.ts";
import { checkModel, prefixesPerChunk } from "./chunks.ts";
import { type PrefixChunk, prefixChunks } from "./prefixes.ts";
import type { ExactRisk } from "./risk.ts";
import { allResponses } from "./rows.ts";
import { logitsTable } from "./tables.ts";
import { armTable, logitsStep, prefixLogits } from "./tabulate.ts";
import { checkedTargets, meanEntropy, type Targets } from "./target.ts";

/** A step that gives the risk `−Σ w(s,a)·log π(a|s)` `[1]`, in nats, of `weights` `[S, actions]` beside a chunk's prefixes, and its gradient. */
const riskStep = (model: Architecture): Step => {
  const logits = armStateLogits(model);
  const loss = (parameters: Arrays, { weights, ...chunk }: Arrays) =>
    np.negative(np.sum(nn.logSoftmax(logits(parameters, chunk), -1).mul(weights as np.Array)));
  return (parameters, chunk) => {
    const [risk, gradient] = valueAndGrad(loss)(parameters, chunk);
    return { ...(gradient as Arrays), risk: risk.reshape([1]) };
  };
};

/**
 * Exact risk of a causal Transformer over all responses of a tree under teacher forcing, in nats:
 * `L = E_target[Σ_t V_q(s_t) − q(s_t,y_t)] = Σ_{s,a} μ(s,a)·(V_q(s) − q(s,a))`.
 *
 * `μ(s,a)` is the probability that the target's responses take action `a` after prefix `s`. Each distinct prefix is computed
 * once, in chunks of whole subtrees with their ancestors; where only EOS is allowed nothing is at risk. With
 * prompts, the mean over them. Source: theory §5.
 *
 * @param options.target probability of every response in the order of `responses(space)`, one array for each prompt where
 * there are prompts
 * @param options.rows prefixes in a chunk (default: as many as stay in a core's cache, and at most 512 from width 64 on, for two threads to share)
 * @throws RangeError where the space has too many responses, or model, space and target do not fit each other
 */
export const exactArmRisk = async (options: {
  readonly engine: Engine;
  readonly model: Architecture;
  readonly space: Tree;
  readonly target: Targets;
  readonly rows?: number;
}): Promise<ExactRisk> => {
  const { engine, model, space, rows = prefixesPerChunk(options.model) } = options;
  checkModel(model, "arm", space);
  const prompts = Math.max(1, model.prompts);
  const { count } = allResponses(space, prompts);
  const targets = checkedTargets(options.target, model.prompts, count);
  // after horizon − 1 tokens only EOS is left
  const depths = space.eos ? Math.max(1, space.horizon - 1) : space.horizon;
  const vocabulary = space.tokens.length;
  const perPrompt = targets.map((target, prompt) => {
    const prefixes = prefixChunks(model, vocabulary, depths, rows, prompt);
    const marginals = marginalsOf(space, depths, target);
    return { prefixes, chunks: prefixes.chunks.map((chunk) => weighted(chunk, marginals, space.actions, prompts)) };
  });
  const chunks = perPrompt.flatMap((each) => each.chunks);
  const resident = initialWeights(model, 0);
  const first = chunks[0] as Tensors;
  const [teller, grader] = await Promise.all([
    engine.compile(logitsStep(model), { resident, chunk: withoutWeights(first) }),
    engine.compile(riskStep(model), { resident, chunk: first }),
  ]);
  return {
    entropy: meanEntropy(targets),
    gradient: async (weights) => {
      const { risk, ...gradient } = await grader.sum(weights, chunks);
      return { risk: (risk as Tensors[string]).data[0] as number, gradient };
    },
    evaluate: async (weights) => {
      const outputs = await teller.map(weights, chunks.map(withoutWeights));
      return outputs.reduce((sum, { logits }, index) => {
        const { data } = (chunks[index] as Tensors).weights as Tensors[string];
        return sum + riskOf((logits as Tensors[string]).data, data, space.actions);
      }, 0);
    },
    table: async (weights, prompt = 0) => {
      const known = perPrompt[prompt]?.prefixes;
      // with EOS the deepest prefixes are not among those at risk
      if (!known || depths < space.horizon) return armTable({ engine, model, space, weights, prompt, rows });
      return logitsTable(space, await prefixLogits(teller, weights, known, space.actions));
    },
    dispose: async () => {
      await Promise.all([teller.dispose(), grader.dispose()]);
    },
  };
};

const withoutWeights = ({ weights: _, ...inputs }: Tensors): Tensors => inputs;

/** A chunk with the marginals of the prefixes it owns, divided by the number of prompts. */
const weighted = (chunk: PrefixChunk, marginals: Float64Array, actions: number, prompts: number): Tensors => {
  const weights = new Float32Array(chunk.owned.length * actions);
  chunk.owned.forEach((prefix, row) => {
    if (prefix < 0) return;
    for (let a = 0; a < actions; a++)
      weights[row * actions + a] = (marginals[prefix * actions + a] as number) / prompts;
  });
  return { ...chunk.inputs, weights: tensor([chunk.owned.length, actions], weights) };
};

/** Probability `μ(s,a)` `[prefixes × actions]` that the target's responses take each action after each prefix. */
const marginalsOf = (space: Tree, depths: number, target: Float64Array): Float64Array => {
  const { actions, horizon, eos } = space;
  const vocabulary = space.tokens.length;
  const offsets = [0];
  for (let depth = 0; depth < depths; depth++) offsets.push((offsets[depth] as number) + vocabulary ** depth);
  const marginals = new Float64Array((offsets[depths] as number) * actions);
  let next = 0;
  const visit = (depth: number, state: number): number => {
    // below the last depth that is computed there is one response: its EOS
    if (depth >= depths && eos) return target[next++] as number;
    const row = ((offsets[depth] as number) + state) * actions;
    const last = depth === horizon - 1;
    let mass = 0;
    const put = (action: number, probability: number) => {
      marginals[row + action] = probability;
      mass += probability;
    };
    if (!(last && eos)) {
      for (let token = 0; token < vocabulary; token++) {
        put(token, last ? (target[next++] as number) : visit(depth + 1, state * vocabulary + token));
      }
      if (eos) put(vocabulary, target[next++] as number);
    } else {
      // the only response: nothing to choose, so nothing is at risk
      mass = target[next++] as number;
    }
    return mass;
  };
  visit(0, 0);
  return marginals;
};

/** `−Σ w(s,a)·log π(a|s)` in float64, of logits and weights `[S × actions]`. */
const riskOf = (logits: ArrayLike<number>, weights: ArrayLike<number>, actions: number): number => {
  let risk = 0;
  for (let row = 0; row < logits.length; row += actions) {
    let max = -Infinity;
    for (let a = 0; a < actions; a++) max = Math.max(max, logits[row + a] as number);
    let sum = 0;
    for (let a = 0; a < actions; a++) sum += Math.exp((logits[row + a] as number) - max);
    const value = max + Math.log(sum);
    for (let a = 0; a < actions; a++) {
      const weight = weights[row + a] as number;
      if (weight > 0) risk += weight * (value - (logits[row + a] as number));
    }
  }
  return risk;
};
