import { numpy as np, valueAndGrad } from "@jax-js/jax";
import type { Arrays, Compiled, Engine, Resident, Step } from "../../engine/engine.ts";
import { type Tensor, type Tensors, tensor } from "../../engine/tensor.ts";
import type { Architecture } from "../../models/architecture.ts";
import { armFirstLogits, armNextLogits, armStateLogits, pastName, presentName } from "../../models/arm.ts";
import { initialWeights } from "../../models/initialise.ts";
import { evenChunks } from "../../risks/chunks.ts";
import { type PrefixChunk, type Prefixes, prefixChunks } from "../../risks/prefixes.ts";
import { logitsStep, prefixLogits } from "../../risks/tabulate.ts";
import { chunkSize } from "./chunk-sizes.ts";
import type { PrefixTrie } from "./prefix-trie.ts";
import { trieChunks, withCotangents } from "./trie-chunks.ts";

/** A Transformer's steps, compiled for the sizes that come up. */
export interface TransformerSteps {
  /** Logits of all of a tree's prefixes, `[prefixes × actions]`. */
  logits(weights: Resident, prefixes: Prefixes): Promise<Float32Array>;
  /** Logits of all prefixes of a trie, `[prefixes × actions]`. */
  trieLogits(weights: Resident, trie: PrefixTrie): Promise<Float32Array>;
  /** `Σ_{s,a} g(s,a)·∂q(s,a)/∂θ` by parameter name, for a cotangent `g` `[prefixes × actions]` of all of a tree's prefixes. */
  pull(weights: Resident, prefixes: Prefixes, cotangent: Float64Array): Promise<Tensors>;
  /** The same of all prefixes of a trie. */
  pullTrie(weights: Resident, trie: PrefixTrie, cotangent: Float64Array): Promise<Tensors>;
  /** Logits after all prefixes of the first depths, in the order of tables; as many depths as cost little. */
  first(weights: Resident, rows: number): Promise<FirstLogits>;
  /** Logits after prefixes given the keys and values of what they begin with; as `armNextLogits`, rows of any number. */
  next(weights: Resident, prefixes: NextPrefixes): Promise<NextLogits>;
  dispose(): Promise<void>;
}

/** Prefixes of one depth. */
export interface NextPrefixes {
  readonly count: number;
  readonly depth: number;
  /** Embedding row of each one's last token, `[count]`. */
  readonly token: Int32Array;
  /** Copies keys and values of a prefix's first `depth` tokens of a layer, `[depth × 2d]`, to a place of an array. */
  copyPast(layer: number, prefix: number, out: Float32Array, offset: number): void;
}

/** What is known of prefixes. */
export interface NextLogits {
  /** `[count × actions]`, in nats. */
  readonly logits: Float32Array;
  /** Keys and values of each, one array `[count × 2d]` a layer. */
  readonly present: readonly Float32Array[];
}

/** What is known of all prefixes of fewer than `depths` tokens. */
export interface FirstLogits extends NextLogits {
  readonly depths: number;
}

/** A step that gives the gradient of `Σ g·q` of a chunk's prefixes by parameter. */
const pullStep = (model: Architecture): Step => {
  const logits = armStateLogits(model);
  const product = (parameters: Arrays, { cotangent, ...chunk }: Arrays) =>
    np.sum(logits(parameters, chunk).mul(cotangent as np.Array));
  return (parameters, chunk) => {
    const [value, gradient] = valueAndGrad(product)(parameters, chunk);
    value.dispose();
    return gradient as Arrays;
  };
};

/**
 * Compiles steps when they are first needed.
 *
 * @param most rows of activations in a chunk
 */
export const transformerSteps = (engine: Engine, model: Architecture, most: number): TransformerSteps => {
  const resident = initialWeights(model, 0);
  const compiled = new Map<string, Promise<Compiled>>();
  const once = (kind: string, size: number, step: (model: Architecture) => Step, chunk: Tensors): Promise<Compiled> => {
    const key = `${kind} ${size}`;
    const known = compiled.get(key) ?? engine.compile(step(model), { resident, chunk });
    compiled.set(key, known);
    return known;
  };
  /** Logits of `count` prefixes, `[count × actions]`, from the chunks that own them. */
  const logits = async (weights: Resident, chunks: readonly PrefixChunk[], count: number): Promise<Float32Array> => {
    const { inputs, owned } = chunks[0] as PrefixChunk;
    const step = await once("logits", owned.length, logitsStep, inputs);
    return prefixLogits(step, weights, { count, size: owned.length, chunks }, model.actions);
  };
  const pull = async (weights: Resident, chunks: readonly PrefixChunk[], cotangent: Float64Array): Promise<Tensors> => {
    const inputs = withCotangents(model, chunks, cotangent);
    const step = await once("pull", (chunks[0] as PrefixChunk).owned.length, pullStep, inputs[0] as Tensors);
    return step.sum(weights, inputs);
  };
  /** Chunks of the last trie asked for: it is drawn from, and pulled back along, as it is. */
  let last: { readonly trie: PrefixTrie; readonly size: number; readonly chunks: PrefixChunk[] } | undefined;
  const chunksOf = (trie: PrefixTrie): PrefixChunk[] => {
    if (last?.trie !== trie || last.size !== trie.size()) {
      last = { trie, size: trie.size(), chunks: trieChunks(model, trie, most) };
    }
    return last.chunks;
  };
  return {
    logits: (weights, { chunks, count }) => logits(weights, chunks, count),
    trieLogits: (weights, trie) => logits(weights, chunksOf(trie), trie.size()),
    pull: (weights, { chunks }, cotangent) => pull(weights, chunks, cotangent),
    pullTrie: (weights, trie, cotangent) => pull(weights, chunksOf(trie), cotangent),
    first: async (weights, rows) => {
      const vocabulary = model.actions - (model.eos ? 1 : 0);
      const depths = firstDepths(vocabulary, model.horizon, Math.min(rows, FIRST_ROWS));
      const { count, size, chunks } = prefixChunks(model, vocabulary, depths, Infinity);
      const { inputs } = chunks[0] as PrefixChunk;
      const step = await once("first", depths, armFirstLogits, inputs);
      return { depths, ...joined(model, count, size, await step.map(weights, [inputs])) };
    },
    next: async (weights, prefixes) => {
      const size = chunkSize(evenChunks(prefixes.count, most).size);
      const chunks = nextChunks(model, prefixes, size);
      const step = await once("next", size, armNextLogits, chunks[0] as Tensors);
      return joined(model, prefixes.count, size, await step.map(weights, chunks));
    },
    dispose: async () => {
      for (const step of compiled.values()) await (await step).dispose();
    },
  };
};

/** Prefixes that cost about as much as the calls that are spared by going through all of them at once. */
const FIRST_ROWS = 96;

/** Depths, one at least, all of whose prefixes are at most so many. */
const firstDepths = (vocabulary: number, horizon: number, rows: number): number => {
  let depths = 1;
  for (let count = 1 + vocabulary; depths < horizon && count <= rows; count += vocabulary ** depths) depths++;
  return depths;
};

const nextChunks = (model: Architecture, prefixes: NextPrefixes, size: number): Tensors[] => {
  const { layers, width, horizon } = model;
  return Array.from({ length: Math.ceil(prefixes.count / size) }, (_, chunk) => {
    const first = chunk * size;
    const used = Math.min(size, prefixes.count - first);
    const token = new Int32Array(size);
    token.set(prefixes.token.subarray(first, first + used));
    const inputs: Record<string, Tensor> = {
      token: tensor([size], token),
      depth: tensor([size], new Int32Array(size).fill(prefixes.depth)),
    };
    const row = horizon * 2 * width;
    for (let layer = 0; layer < layers; layer++) {
      const past = new Float32Array(size * row);
      for (let i = 0; i < used; i++) prefixes.copyPast(layer, first + i, past, i * row);
      inputs[pastName(layer)] = tensor([size, horizon, 2 * width], past);
    }
    return inputs;
  });
};

const joined = (model: Architecture, count: number, size: number, outputs: readonly Tensors[]): NextLogits => {
  const gather = (name: string, width: number): Float32Array => {
    const all = new Float32Array(count * width);
    outputs.forEach((output, chunk) => {
      const used = Math.min(size, count - chunk * size);
      all.set((output[name] as Tensor).data.subarray(0, used * width), chunk * size * width);
    });
    return all;
  };
  return {
    logits: gather("logits", model.actions),
    present: Array.from({ length: model.layers }, (_, layer) => gather(presentName(layer), 2 * model.width)),
  };
};
