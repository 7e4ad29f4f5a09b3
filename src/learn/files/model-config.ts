import { InputError } from "../../space/index.ts";
import {
  type Architecture,
  architecture,
  embeddingRows,
  firstToken,
  headWidth,
  positionsOf,
  RMS_EPSILON,
  ROTARY_BASE,
} from "../models/architecture.ts";

/** What a model is, without its weights. */
export interface ModelDescription {
  readonly architecture: Architecture;
  /** Texts of the tokens, without EOS. */
  readonly tokens: readonly string[];
}

/** Version of the block that is our own. */
const VERSION = 1;

/**
 * The content of a model's `config.json`: what Hugging Face's `LlamaForCausalLM` reads, and under `arbel` what it has no
 * words for. The bidirectional scorer has the same blocks and says so in `architectures`.
 */
export const modelConfig = ({ architecture: model, tokens }: ModelDescription): Record<string, unknown> => ({
  architectures: [model.kind === "arm" ? "LlamaForCausalLM" : SCORER],
  model_type: "llama",
  hidden_size: model.width,
  intermediate_size: model.hidden,
  num_hidden_layers: model.layers,
  num_attention_heads: model.heads,
  num_key_value_heads: model.heads,
  head_dim: headWidth(model),
  hidden_act: "silu",
  rms_norm_eps: RMS_EPSILON,
  rope_theta: ROTARY_BASE,
  rope_scaling: null,
  max_position_embeddings: positionsOf(model),
  vocab_size: embeddingRows(model),
  tie_word_embeddings: true,
  bos_token_id: model.kind === "arm" && model.prompts === 0 ? firstToken(model) : null,
  eos_token_id: model.eos ? model.actions - 1 : null,
  pad_token_id: null,
  torch_dtype: "float32",
  attention_bias: false,
  attention_dropout: 0,
  mlp_bias: false,
  initializer_range: 1 / Math.sqrt(model.width),
  use_cache: model.kind === "arm",
  arbel: {
    version: VERSION,
    kind: model.kind,
    actions: model.actions,
    horizon: model.horizon,
    eos: model.eos,
    prompts: model.prompts,
    tokens,
  },
});

const SCORER = "ArbelBidirectionalScorer";

/** The content of `generation_config.json`: what stands before a response is never generated. */
export const generationConfig = ({ architecture: model }: ModelDescription): Record<string, unknown> => ({
  ...(model.prompts === 0 ? { bos_token_id: firstToken(model) } : {}),
  ...(model.eos ? { eos_token_id: model.actions - 1 } : {}),
  suppress_tokens: Array.from({ length: embeddingRows(model) - model.actions }, (_, prompt) =>
    firstToken(model, prompt),
  ),
});

type Fields = Readonly<Record<string, unknown>>;

/**
 * What a `config.json` of ours describes.
 *
 * @param source what error messages call it: the file's name
 * @throws InputError where the text is not JSON, or describes anything that this library does not compute
 */
export const parseConfig = (text: string, source: string): ModelDescription => {
  const config = fieldsOf(text, source);
  const block = config.arbel;
  if (typeof block !== "object" || block === null) {
    throw new InputError(`${source}: "arbel" is missing: only folders that arbel train wrote can be read`);
  }
  const own = block as Fields;
  if (own.version !== VERSION) {
    const repair = typeof own.version === "number" && own.version > VERSION ? "update arbel" : `write ${VERSION}`;
    throw new InputError(
      `${source}: "version" is ${JSON.stringify(own.version) ?? "missing"}, but this arbel knows version ${VERSION} only: ${repair}`,
    );
  }
  const model = refused(source, () =>
    architecture({
      kind: own.kind as Architecture["kind"],
      actions: own.actions as number,
      horizon: own.horizon as number,
      eos: own.eos as boolean,
      prompts: own.prompts as number,
      layers: config.num_hidden_layers as number,
      width: config.hidden_size as number,
      heads: config.num_attention_heads as number,
      hidden: config.intermediate_size as number,
    }),
  );
  const description = { architecture: model, tokens: tokensOf(own.tokens, model, source) };
  checkAgreement(config, modelConfig(description), source);
  return description;
};

const fieldsOf = (text: string, source: string): Fields => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InputError(`${source}: is not JSON (${(error as Error).message}): write it again`, { cause: error });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InputError(`${source}: must hold one JSON object`);
  }
  return value as Fields;
};

const refused = <T>(source: string, work: () => T): T => {
  try {
    return work();
  } catch (error) {
    throw new InputError(`${source}: ${(error as Error).message}`, { cause: error });
  }
};

const tokensOf = (tokens: unknown, { actions, eos }: Architecture, source: string): readonly string[] => {
  const count = actions - (eos ? 1 : 0);
  const isList = Array.isArray(tokens) && tokens.every((token) => typeof token === "string");
  if (!isList || tokens.length !== count || new Set(tokens).size !== count) {
    throw new InputError(`${source}: "tokens" must list ${count} distinct texts`);
  }
  return tokens;
};

/** What decides the computation must be as this library computes it. */
const DECISIVE = [
  "architectures",
  "num_key_value_heads",
  "head_dim",
  "hidden_act",
  "rms_norm_eps",
  "rope_theta",
  "rope_scaling",
  "vocab_size",
  "tie_word_embeddings",
  "attention_bias",
  "mlp_bias",
];

const checkAgreement = (config: Fields, expected: Fields, source: string): void => {
  for (const name of DECISIVE) {
    const [is, should] = [JSON.stringify(config[name]), JSON.stringify(expected[name])];
    if (is !== should) {
      throw new InputError(`${source}: "${name}" is ${is ?? "missing"}, but this model needs ${should}: correct it`);
    }
  }
};
