import { InputError } from "../../space/index.ts";
import { type Tokenizer, tokenizerOf } from "./tokenizer.ts";

/** Stands before a text, where nothing is known yet; its id follows those of the tokens. */
export const BEGIN_TEXT = "<|begin|>";

/**
 * The content of a `tokenizer.json` in the layout of Hugging Face's `tokenizers`: a BPE model over characters, which starts
 * every text with {@link BEGIN_TEXT}. {@link parseTokenizer} reads it back.
 *
 * @throws RangeError where a token's text is that of the beginning
 */
export const tokenizerJson = ({ tokens, merges }: Tokenizer): Record<string, unknown> => {
  if (tokens.includes(BEGIN_TEXT)) throw new RangeError(`${BEGIN_TEXT} stands for the beginning: it can be no token`);
  const begin = { SpecialToken: { id: BEGIN_TEXT, type_id: 0 } };
  const sequence = (id: "A" | "B", type_id: 0 | 1) => ({ Sequence: { id, type_id } });
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [{ id: tokens.length, content: BEGIN_TEXT, ...flags }],
    normalizer: null,
    pre_tokenizer: {
      type: "Split",
      pattern: { Regex: merges.length === 0 ? CHARACTERS : PIECES },
      behavior: "Isolated",
      invert: false,
    },
    post_processor: {
      type: "TemplateProcessing",
      single: [begin, sequence("A", 0)],
      pair: [begin, sequence("A", 0), sequence("B", 1)],
      special_tokens: { [BEGIN_TEXT]: { id: BEGIN_TEXT, ids: [tokens.length], tokens: [BEGIN_TEXT] } },
    },
    // without a decoder, readers would put spaces between tokens
    decoder: { type: "Fuse" },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      // pairs, not texts with a space between, since tokens may hold spaces
      merges: merges.map(([left, right]) => [tokens[left], tokens[right]]),
    },
  };
};

/** The content of `tokenizer_config.json` beside it. */
export const tokenizerConfig = (context: number): Record<string, unknown> => ({
  tokenizer_class: "PreTrainedTokenizerFast",
  bos_token: BEGIN_TEXT,
  clean_up_tokenization_spaces: false,
  model_max_length: context,
});

/** The patterns of tokenizer.ts as `tokenizers` writes them: its `\s` is our `\p{White_Space}`. */
const PIECES = " ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
const CHARACTERS = "[\\s\\S]";

/**
 * The tokenizer of a `tokenizer.json` that {@link tokenizerJson} made.
 *
 * @param source what error messages call it: the file's name
 * @throws InputError where the text is not JSON, or describes another kind of tokenizer
 */
export const parseTokenizer = (text: string, source = "tokenizer.json"): Tokenizer => {
  const { vocab, merges } = modelOf(text, source);
  const tokens: string[] = [];
  for (const [token, id] of Object.entries(vocab)) {
    if (typeof id !== "number" || !Number.isSafeInteger(id) || id < 0)
      throw damaged(source, `the id of ${show(token)}`);
    tokens[id] = token;
  }
  if (tokens.length !== Object.keys(vocab).length) throw damaged(source, "the numbering of the vocabulary");
  const pairs = merges.map((pair, rank): [number, number] => {
    const ids = Array.isArray(pair) && pair.length === 2 ? pair.map((token) => vocab[String(token)]) : [];
    if (ids.length !== 2 || ids.includes(undefined)) throw damaged(source, `merge ${rank}`);
    return ids as [number, number];
  });
  try {
    return tokenizerOf(tokens, pairs);
  } catch (error) {
    throw new InputError(`${source}: ${(error as Error).message}`, { cause: error });
  }
};

interface Model {
  readonly vocab: Readonly<Record<string, unknown>>;
  readonly merges: readonly unknown[];
}

const modelOf = (text: string, source: string): Model => {
  let json: { readonly model?: unknown; readonly pre_tokenizer?: unknown } | null;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new InputError(`${source}: is not JSON (${(error as Error).message}): write it again`, { cause: error });
  }
  const model = json?.model as
    | (Partial<Model> & { readonly type?: unknown; readonly byte_fallback?: unknown })
    | undefined;
  const pattern = (json?.pre_tokenizer as { pattern?: { Regex?: unknown } } | null | undefined)?.pattern?.Regex;
  const isOurs =
    model?.type === "BPE" && model.byte_fallback === false && [PIECES, CHARACTERS].includes(String(pattern));
  if (!isOurs || typeof model.vocab !== "object" || !Array.isArray(model.merges)) {
    throw new InputError(`${source}: is not a tokenizer that arbel train made: name one, or train with char or bpe:N`);
  }
  return model as Model;
};

const damaged = (source: string, what: string): InputError =>
  new InputError(`${source}: ${what} is damaged: train the tokenizer again`);

const show = (token: string): string => JSON.stringify(token.slice(0, 40));
