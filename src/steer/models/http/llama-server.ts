import type { Vocabulary } from "../../vocabulary/vocabulary.ts";
import { vocabularyOf } from "../../vocabulary/vocabulary-of.ts";
import type { LanguageModel } from "../language-model.ts";
import { type ReportedToken, reportedRow } from "./reported-row.ts";
import type { Requester } from "./requester.ts";
import { ServerError } from "./server-error.ts";
import { serverModel } from "./server-model.ts";

/** A token as llama.cpp's server reports it. */
interface LlamaToken {
  readonly id?: unknown;
  readonly logprob?: unknown;
  readonly bytes?: unknown;
}

/** Vocabularies up to this size are reported whole, unless `top` says otherwise. */
const WHOLE = 4096;

/** How many tokens of larger ones are. */
const TOP = 256;

/** What {@link llamaServerModel} is given. */
export interface LlamaServer {
  readonly name: string;
  readonly requester: Requester;
  /** How many of the likeliest tokens to ask for. Default: all of a vocabulary of up to 4,096, else 256. */
  readonly top?: number | undefined;
  /** The vocabulary of a tokenizer, for rows of this length. Default: what the server says about it. */
  readonly vocabularyFor?: ((rows: number) => Vocabulary) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The model of a llama.cpp server, by its `/completion`: token ids in, the likeliest tokens and their log-probabilities before any
 * sampler out.
 *
 * @throws ServerError where it does not answer as it should
 */
export const llamaServerModel = async (server: LlamaServer): Promise<LanguageModel> => {
  const { name, requester } = server;
  const rows = await rowsOf(server);
  const vocabulary = server.vocabularyFor?.(rows) ?? (await serverVocabulary(server, rows));
  const top = Math.min(server.top ?? (rows <= WHOLE ? rows : TOP), rows);
  return serverModel(name, vocabulary, async (context, asked) => {
    const tokens = await likeliest(name, requester, context, top, asked);
    return reportedRow(
      tokens.map(({ id, logprob }): ReportedToken => ({ id: id as number, logProbability: logprob })),
      rows,
      name,
    );
  });
};

/** The likeliest tokens after a context. */
const likeliest = async (
  name: string,
  requester: Requester,
  context: readonly number[],
  top: number,
  signal: AbortSignal | undefined,
): Promise<readonly LlamaToken[]> => {
  const answer = (await requester.send(
    "/completion",
    // a negative temperature asks for probabilities that no sampler has changed, also of servers older than post_sampling_probs
    {
      prompt: context,
      n_predict: 1,
      n_probs: top,
      temperature: -1,
      post_sampling_probs: false,
      cache_prompt: true,
      stream: false,
    },
    signal,
  )) as {
    readonly completion_probabilities?: unknown;
    readonly truncated?: unknown;
  } | null;
  if (answer?.truncated === true) {
    throw new ServerError(
      `${name}: cut the context of ${context.length} tokens to what fits: start it with a larger -c`,
    );
  }
  const told = answer?.completion_probabilities;
  const [first, ...others] = (Array.isArray(told) ? told : []) as ({ readonly top_logprobs?: unknown } | null)[];
  if (others.length > 0) throw new ServerError(`${name}: gave more than the one token that was asked for`);
  const list = first?.top_logprobs;
  // what is no token is refused as one without a number
  if (Array.isArray(list) && list.length > 0) return list.map((token: LlamaToken | null) => token ?? {});
  throw new ServerError(`${name}: gave no "completion_probabilities" with "top_logprobs": update the server`);
};

const rowsOf = async ({ name, requester, signal }: LlamaServer): Promise<number> => {
  const models = (await requester.send("/v1/models", undefined, signal)) as {
    readonly data?: readonly { readonly meta?: { readonly n_vocab?: unknown } | null }[];
  } | null;
  const rows = models?.data?.[0]?.meta?.n_vocab;
  if (typeof rows === "number" && Number.isSafeInteger(rows) && rows > 0) return rows;
  throw new ServerError(
    `${name}: does not say the size of its vocabulary ("meta.n_vocab" of /v1/models): update the server`,
  );
};

/** The vocabulary as the server tells it: bytes with the probabilities of all tokens, and texts by its tokenizer. */
const serverVocabulary = async ({ name, requester, signal }: LlamaServer, rows: number): Promise<Vocabulary> => {
  const tokenize = async (content: string, add_special: boolean, parse_special = true): Promise<number[]> => {
    const answer = (await requester.send("/tokenize", { content, add_special, parse_special }, signal)) as {
      readonly tokens?: readonly unknown[];
    } | null;
    const tokens = answer?.tokens;
    if (Array.isArray(tokens) && tokens.every((id) => Number.isInteger(id) && id >= 0 && id < rows)) return tokens;
    throw new ServerError(`${name}: gave no list of tokens for a text: update the server`);
  };
  const props = (await requester.send("/props", undefined, signal)) as { readonly eos_token?: unknown } | null;
  const [bare, whole] = [await tokenize("a", false), await tokenize("a", true)];
  const opening = whole.slice(0, whole.length - bare.length);
  const eos = typeof props?.eos_token === "string" ? await tokenize(props.eos_token, false) : [];
  if (eos.length !== 1) {
    throw new ServerError(
      `${name}: does not say which token ends a text ("eos_token" of /props): give the model's tokenizer.json`,
    );
  }
  const all = await likeliest(name, requester, whole, rows, signal);
  const bytes = new Array<Uint8Array | null>(rows).fill(null);
  for (const { id, bytes: own } of all) {
    if (!Array.isArray(own) || own.length === 0 || typeof id !== "number") continue;
    if (!own.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255)) {
      throw new ServerError(
        `${name}: gave ${JSON.stringify(own)} as bytes of the token ${id}: give the model's tokenizer.json`,
      );
    }
    bytes[id] = Uint8Array.from(own);
  }
  if (new Set(all.map(({ id }) => id)).size < rows) {
    throw new ServerError(`${name}: told ${all.length} of its ${rows} tokens: give the model's tokenizer.json`);
  }
  const parts = { bytes, ends: eos, opening, encode: (text: string) => tokenize(text, false) };
  const prefix = vocabularyOf(parts).decode(bare) === " a" ? " " : "";
  return vocabularyOf({ ...parts, prefix });
};
