import {
  type Architecture,
  architecture,
  initialWeights,
  type Tensors,
  type Tokenizer,
  tensor,
  tokenizerJson,
  trainTokenizer,
} from "../../../learn/index.ts";

/** A model of text as `arbel train` makes them, but for the training. */
export interface TinyTextModel {
  readonly architecture: Architecture;
  readonly tokens: readonly string[];
  readonly tokenizer: Tokenizer;
  readonly parameters: Tensors;
}

const TEXT = "the white whale 🐋 swam before the ship\nthe ship that swam was it, so it was\n";

/** A Transformer with random weights that are spread enough for its rows to differ. */
export const tinyTextModel = (horizon = 12, kind: "char" | { tokens: number } = { tokens: 40 }): TinyTextModel => {
  const tokenizer = trainTokenizer([TEXT], kind);
  const { tokens } = tokenizer;
  const model = architecture({
    kind: "arm",
    actions: tokens.length,
    horizon,
    eos: false,
    layers: 2,
    width: 16,
    heads: 2,
  });
  return { architecture: model, tokens, tokenizer, parameters: spread(initialWeights(model, 5)) };
};

/** The content of its `tokenizer.json`. */
export const tinyTokenizerJson = ({ tokenizer }: TinyTextModel): unknown =>
  JSON.parse(JSON.stringify(tokenizerJson(tokenizer)));

/** Larger embeddings, so that every part shows in the logits. */
export const spread = (parameters: Tensors): Tensors =>
  Object.fromEntries(
    Object.entries(parameters).map(([name, { shape, data }]) => [
      name,
      tensor(
        shape,
        Float32Array.from(data, (x) => (name.includes("embed") ? 12 * x : x)),
      ),
    ]),
  );
