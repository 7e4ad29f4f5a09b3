import { Tokenizer } from "@huggingface/tokenizers";
import { InputError } from "../../space/index.ts";
import { bytesOfAlphabet, bytesOfPiece, fallbackByte } from "./byte-alphabet.ts";
import type { Vocabulary } from "./vocabulary.ts";
import { vocabularyOf } from "./vocabulary-of.ts";

/** A tokenizer as Hugging Face's files describe it, parsed. */
export interface TokenizerFiles {
  /** The content of `tokenizer.json`. */
  readonly tokenizer: unknown;
  /** The content of `tokenizer_config.json`, if there is one. */
  readonly config?: unknown;
  /** What errors call them. Default: `"tokenizer.json"`. */
  readonly source?: string;
}

/** What the model beside a tokenizer says about its tokens. */
export interface ModelTokens {
  /** Length of the model's rows. Default: as many as the tokenizer has. */
  readonly size?: number;
  /** Tokens that end a text. Default: the tokenizer's `eos_token`. */
  readonly ends?: readonly number[];
  /** What to begin with where the prompt is empty and the tokenizer puts nothing before a text. */
  readonly begin?: number;
}

/** A share of a model's rows that may be more than its tokenizer has tokens: models are padded to round sizes. */
const PADDED = 0.05;

/**
 * The vocabulary of a `tokenizer.json`: byte-level BPE, SentencePiece with or without byte fallback, and plain texts.
 *
 * Texts come back from their tokens unless the tokenizer itself changes texts (some make letters small or compose accents). A
 * prompt may hold special tokens, written as the tokenizer writes them.
 *
 * @throws InputError where the file is of another kind, or the model's rows cannot be the tokenizer's tokens
 */
export const tokenizerVocabulary = (files: TokenizerFiles, model: ModelTokens = {}): Vocabulary => {
  const { source = "tokenizer.json" } = files;
  const json = tokenizerJsonOf(files.tokenizer, source);
  const config = (files.config ?? {}) as { readonly eos_token?: unknown };
  const tokens = tokensOf(json, source);
  checkSize(tokens.size, tokens.largest, model.size, source);
  const bytes = Array.from({ length: model.size ?? tokens.largest + 1 }, (_, id) => tokens.bytes.get(id) ?? null);
  const tokenizer = refused(source, () => new Tokenizer(json as object, (files.config ?? {}) as object));
  const encode = (text: string) => refused(source, () => tokenizer.encode(text, { add_special_tokens: false }).ids);
  const opening = openingOf(tokenizer, source);
  const eos = contentOf(config.eos_token);
  const ends = model.ends ?? [eos === undefined ? undefined : tokenizer.token_to_id(eos)].filter(isNumber);
  const vocabulary = vocabularyOf({ bytes, ends, encode, opening });
  const prefix = vocabulary.decode(encode(PROBE)).endsWith(` ${PROBE}`) ? " " : "";
  const begin = opening.length === 0 ? model.begin : undefined;
  return vocabularyOf({
    bytes,
    ends,
    opening,
    prefix,
    encode: (text) => (text === "" ? (begin === undefined ? [] : [begin]) : encode(text)),
  });
};

/**
 * Tokens of a `tokenizer.json` that have names instead of texts, by their names: those that stand for nothing, and those of
 * single bytes, `<0x2C>`, beside which there may be a token of the same text.
 */
export const namedTokens = (files: TokenizerFiles): ReadonlyMap<string, number> => {
  const json = tokenizerJsonOf(files.tokenizer, files.source ?? "tokenizer.json");
  const special = (json.added_tokens ?? []).filter((token) => token.special);
  const single = decoderNames(json).includes("ByteFallback")
    ? textsOf(json).filter(([text]) => typeof text === "string" && fallbackByte(text) !== undefined)
    : [];
  return new Map([...single, ...special.map(({ id, content }) => [content, id] as const)]);
};

/** A letter that every vocabulary has, to see what a tokenizer puts before a text. */
const PROBE = "a";

const isNumber = (value: number | undefined): value is number => value !== undefined;

/** Texts of special tokens stand in the configuration as texts, or as records. */
const contentOf = (token: unknown): string | undefined => {
  const text = typeof token === "object" && token !== null ? (token as { readonly content?: unknown }).content : token;
  return typeof text === "string" ? text : undefined;
};

const refused = <T>(source: string, work: () => T): T => {
  try {
    return work();
  } catch (error) {
    throw new InputError(`${source}: ${(error as Error).message}`, { cause: error });
  }
};

/** Tokens that the tokenizer puts before every text. */
const openingOf = (tokenizer: Tokenizer, source: string): readonly number[] => {
  const [bare, whole] = [false, true].map((add_special_tokens) =>
    refused(source, () => tokenizer.encode(PROBE, { add_special_tokens }).ids),
  ) as [number[], number[]];
  for (let length = 0; length + bare.length <= whole.length; length++) {
    if (bare.every((id, place) => whole[length + place] === id)) return whole.slice(0, length);
  }
  throw new InputError(`${source}: what it puts before a text changes the text's own tokens: use another tokenizer`);
};

interface TokenizerJson {
  readonly model: {
    readonly type?: unknown;
    readonly vocab: unknown;
    readonly unk_token?: unknown;
    readonly unk_id?: unknown;
  };
  readonly decoder: Decoder | null | undefined;
  readonly added_tokens?: readonly { readonly id: number; readonly content: string; readonly special?: boolean }[];
}

interface Decoder {
  readonly type: string;
  readonly decoders?: readonly Decoder[];
  readonly pattern?: { readonly String?: string };
  readonly content?: string;
}

const tokenizerJsonOf = (json: unknown, source: string): TokenizerJson => {
  const { model } = (json ?? {}) as { readonly model?: { readonly vocab?: unknown } };
  if (typeof model?.vocab !== "object" || model.vocab === null) {
    throw new InputError(
      `${source}: has no "model" with a "vocab": give a tokenizer.json of Hugging Face's tokenizers`,
    );
  }
  return json as TokenizerJson;
};

const decodersOf = ({ decoder }: TokenizerJson): readonly Decoder[] =>
  (decoder?.type === "Sequence" ? decoder.decoders : decoder ? [decoder] : []) ?? [];

const decoderNames = (json: TokenizerJson): readonly string[] => decodersOf(json).map(({ type }) => type);

/** How the texts of tokens become bytes, by the names of the decoders that a file lists. */
const bytesReader = (json: TokenizerJson, source: string): ((token: string) => Uint8Array) => {
  const { model } = json;
  const decoders = decodersOf(json);
  const names = decoderNames(json);
  const unknown = decoders.find((each) => !isKnown(each))?.type;
  if (unknown !== undefined || model.type === "WordPiece" || model.type === "WordLevel") {
    const what = unknown === undefined ? `a ${model.type} model` : `the decoder ${JSON.stringify(unknown)}`;
    throw new InputError(`${source}: ${what} is not supported: use byte-level BPE or SentencePiece`);
  }
  if (names.includes("ByteLevel")) {
    return (token) => {
      const bytes = bytesOfAlphabet(token);
      if (!bytes) throw new InputError(`${source}: the token ${JSON.stringify(token)} is no text of byte-level BPE`);
      return bytes;
    };
  }
  const hasFallback = names.includes("ByteFallback");
  const isPiece = names.includes("Metaspace") || names.includes("Replace");
  const plain = (token: string) => (isPiece ? bytesOfPiece(token) : new TextEncoder().encode(token));
  return (token) => (hasFallback ? (fallbackByte(token) ?? plain(token)) : plain(token));
};

/** What these do to a text's tokens is the same for each token by itself, the first perhaps excepted. */
const KNOWN_DECODERS: ReadonlySet<string> = new Set(["ByteLevel", "ByteFallback", "Fuse", "Metaspace", "Strip"]);

const isKnown = ({ type, pattern, content }: Decoder): boolean =>
  KNOWN_DECODERS.has(type) || (type === "Replace" && pattern?.String === "\u2581" && content === " ");

/** Texts of the tokens as the file writes them, with their ids. */
const textsOf = ({ model: { vocab } }: TokenizerJson): readonly (readonly [token: string, id: number])[] =>
  Array.isArray(vocab)
    ? vocab.map((entry: readonly [string, number], id) => [entry[0], id] as const)
    : Object.entries(vocab as Readonly<Record<string, number>>);

/** Bytes of the tokens by id; those that stand for nothing are null. */
const tokensOf = (json: TokenizerJson, source: string) => {
  const { unk_token, unk_id } = json.model;
  const texts = textsOf(json);
  const added = new Map((json.added_tokens ?? []).map((token) => [token.id, token]));
  const bytesOf = bytesReader(json, source);
  const bytes = new Map<number, Uint8Array | null>();
  for (const [token, id] of texts) {
    if (!Number.isSafeInteger(id) || id < 0 || typeof token !== "string") {
      throw new InputError(
        `${source}: the id of ${JSON.stringify(token)} is ${JSON.stringify(id)}: the file is damaged`,
      );
    }
    const isUnknown = token === unk_token || id === unk_id;
    if (!added.has(id)) bytes.set(id, isUnknown ? null : bytesOf(token));
  }
  for (const { id, content, special } of added.values()) {
    bytes.set(id, special ? null : new TextEncoder().encode(content));
  }
  return { bytes, size: bytes.size, largest: [...bytes.keys()].reduce((a, b) => Math.max(a, b), -1) };
};

const checkSize = (tokens: number, largest: number, rows: number | undefined, source: string): void => {
  if (tokens === 0) throw new InputError(`${source}: has no tokens`);
  if (rows === undefined || (largest < rows && rows - tokens <= PADDED * rows)) return;
  throw new InputError(
    `${source}: has ${tokens} tokens, but the model ${rows}: give the tokenizer that the model was trained with`,
  );
};
