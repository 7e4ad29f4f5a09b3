/** What decides a Transformer's parameters and what it computes. */
export interface Architecture {
  /** `"arm"`: causal, next-action logits; `"ebm"`: bidirectional, one score for a response. */
  readonly kind: "arm" | "ebm";
  /** Number of actions: the tokens, and EOS last if there is one. */
  readonly actions: number;
  /** Largest number of actions in a response, EOS included. */
  readonly horizon: number;
  /** Whether responses end with EOS. */
  readonly eos: boolean;
  /** Number of prompts; 0 where the model is not conditional. */
  readonly prompts: number;
  readonly layers: number;
  /** Width `d` of the residual stream. */
  readonly width: number;
  readonly heads: number;
  /** Width of the SwiGLU. */
  readonly hidden: number;
}

/** Added to the mean square in every RMSNorm. */
export const RMS_EPSILON = 1e-5;

/** Base `θ` of the rotary angles. */
export const ROTARY_BASE = 10_000;

/** Hidden widths are rounded up to a multiple of this. */
const HIDDEN_STEP = 16;

/**
 * A checked architecture.
 *
 * @param options.prompts default 0: not conditional
 * @param options.hidden default `8/3 · width`, rounded up to a multiple of 16, which gives the SwiGLU's three matrices about
 * the parameters of a plain two-matrix MLP of hidden width `4 · width`
 * @throws RangeError where a number is not whole or too small, or the heads do not divide the width into even parts
 * @example
 * ```ts
 * import { architecture, parameterCount } from "arbel/learn";
 * const small = architecture({ kind: "ebm", actions: 8, horizon: 4, eos: false, layers: 1, width: 32, heads: 2 });
 * console.log(small.hidden, parameterCount(small)); // 96, 13696
 * ```
 */
export const architecture = (
  options: Omit<Architecture, "prompts" | "hidden"> & { readonly prompts?: number; readonly hidden?: number },
): Architecture => {
  const { kind, actions, horizon, eos, prompts = 0, layers, width, heads } = options;
  if (kind !== "arm" && kind !== "ebm") {
    throw new RangeError(`"kind" must be "arm" or "ebm", got ${JSON.stringify(kind)}`);
  }
  if (typeof eos !== "boolean") throw new TypeError(`"eos" must be true or false, got ${String(eos)}`);
  const counts = { actions, horizon, layers, width, heads };
  for (const [name, value] of Object.entries(counts)) checkWhole(name, value, 1);
  checkWhole("prompts", prompts, 0);
  if (eos && actions < 2) throw new RangeError(`"actions" must be ≥ 2 with EOS: a token and EOS, got ${actions}`);
  if (width % heads !== 0 || (width / heads) % 2 !== 0) {
    throw new RangeError(
      `"width" must be an even multiple of "heads", since rotary positions turn pairs, got width ${width} and ${heads} heads`,
    );
  }
  const hidden = options.hidden ?? HIDDEN_STEP * Math.ceil((8 * width) / 3 / HIDDEN_STEP);
  checkWhole("hidden", hidden, 1);
  return { kind, actions, horizon, eos, prompts, layers, width, heads, hidden };
};

const checkWhole = (name: string, value: number, least: number): void => {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new RangeError(`"${name}" must be a whole number ≥ ${least}, got ${String(value)}`);
  }
};

/** Width of one attention head. */
export const headWidth = ({ width, heads }: Architecture): number => width / heads;

/** Rows of the embedding: the actions, then the prompts, or for an ARM without prompts the beginning of the response. */
export const embeddingRows = ({ kind, actions, prompts }: Architecture): number =>
  actions + (kind === "arm" ? Math.max(1, prompts) : prompts);

/** The embedding row that stands before a response: the prompt's, or an unconditional ARM's beginning. */
export const firstToken = ({ actions }: Architecture, prompt = 0): number => actions + prompt;

/**
 * Positions of a sequence that the model sees: an ARM's begins with the prompt or beginning and lacks the last action; an
 * EBM's has all actions, after the prompt if there are prompts.
 */
export const positionsOf = ({ kind, horizon, prompts }: Architecture): number =>
  kind === "ebm" && prompts > 0 ? horizon + 1 : horizon;

/** Matrices of a layer, by what they are called after `model.layers.{i}.`. */
export const LAYER_WEIGHTS = {
  query: "self_attn.q_proj.weight",
  key: "self_attn.k_proj.weight",
  value: "self_attn.v_proj.weight",
  output: "self_attn.o_proj.weight",
  gate: "mlp.gate_proj.weight",
  up: "mlp.up_proj.weight",
  down: "mlp.down_proj.weight",
  attentionGain: "input_layernorm.weight",
  feedForwardGain: "post_attention_layernorm.weight",
} as const;

/** One of a layer's parameters. */
export type LayerWeight = keyof typeof LAYER_WEIGHTS;

/** Name of one of a layer's parameters, as Hugging Face's `LlamaForCausalLM` calls it. */
export const layerParameter = (layer: number, weight: LayerWeight): string =>
  `model.layers.${layer}.${LAYER_WEIGHTS[weight]}`;

export const EMBEDDING = "model.embed_tokens.weight";
export const FINAL_GAIN = "model.norm.weight";
/** The EBM's direction that scores are read along. */
export const SCORE = "score.weight";

/** Shapes of all parameters by name, matrices as `[out, in]`, in the order of the computation. */
export const parameterShapes = (model: Architecture): Readonly<Record<string, readonly number[]>> => {
  const { layers, width, hidden } = model;
  const square = [width, width];
  const ofLayer: Record<LayerWeight, readonly number[]> = {
    attentionGain: [width],
    query: square,
    key: square,
    value: square,
    output: square,
    feedForwardGain: [width],
    gate: [hidden, width],
    up: [hidden, width],
    down: [width, hidden],
  };
  const shapes: Record<string, readonly number[]> = { [EMBEDDING]: [embeddingRows(model), width] };
  for (let layer = 0; layer < layers; layer++) {
    for (const [weight, shape] of Object.entries(ofLayer)) shapes[layerParameter(layer, weight as LayerWeight)] = shape;
  }
  shapes[FINAL_GAIN] = [width];
  if (model.kind === "ebm") shapes[SCORE] = [1, width];
  return shapes;
};

/** Number of parameters. */
export const parameterCount = (model: Architecture): number =>
  Object.values(parameterShapes(model)).reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0);
