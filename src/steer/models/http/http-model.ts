import { InputError } from "../../../space/index.ts";
import { namedTokens, type TokenizerFiles, tokenizerVocabulary } from "../../vocabulary/tokenizer-vocabulary.ts";
import type { LanguageModel } from "../language-model.ts";
import { llamaServerModel } from "./llama-server.ts";
import { openaiServerModel } from "./openai-server.ts";
import { ReportedError } from "./reported-error.ts";
import { type Contact, type Requester, type RequestOptions, requester } from "./requester.ts";
import { ServerError } from "./server-error.ts";

/** Knobs of {@link httpModel}. */
export interface HttpModelOptions extends RequestOptions {
  /** What the server speaks. Default: as its answers show; an address that ends with `/v1` speaks OpenAI's completions. */
  readonly api?: "llama.cpp" | "openai" | undefined;
  /** The model's tokenizer. Needed for OpenAI's completions, which do not tell it; a llama.cpp server does. */
  readonly tokenizer?: TokenizerFiles | undefined;
  /** Tokens that end a text, where the tokenizer's `eos_token` is not all. */
  readonly ends?: readonly number[] | undefined;
  /** The model to ask a server for that has several. */
  readonly model?: string | undefined;
  /** How many of the likeliest tokens to ask for. Default: all of a small vocabulary of a llama.cpp server, else 256; 20 of others. */
  readonly top?: number | undefined;
  /** Stops opening. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The language model of a server: llama.cpp's `/completion`, or OpenAI-compatible `/v1/completions` with log-probabilities
 * (vLLM).
 *
 * Servers report only some of the tokens: such rows say what is missing. Requests have time-outs, are bounded in number, and are
 * repeated with growing pauses where the failure may pass. A host that does not exist, and a port where nothing has answered yet
 * and nothing listens, are refused at once.
 *
 * @param url of the server, without the key
 * @throws InputError for an address or tokenizer that cannot be used; ServerError where the server does not answer as it
 * should; RangeError for a knob out of range
 */
export const httpModel = async (url: string, options: HttpModelOptions = {}): Promise<LanguageModel> => {
  const { tokenizer, ends, model, top, signal } = options;
  if (top !== undefined && !(Number.isSafeInteger(top) && top >= 1)) {
    throw new RangeError(`"top" must be a whole number ≥ 1, got ${top}`);
  }
  const { base, isVersioned } = addressOf(url);
  const contact: Contact = { hasAnswered: false };
  const root = requester(base.replace(/\/v1$/, ""), options, contact);
  const api = options.api ?? (isVersioned || !(await isLlamaServer(root, signal)) ? "openai" : "llama.cpp");
  const tokens = ends === undefined ? {} : { ends };
  if (api === "llama.cpp") {
    const vocabularyFor = tokenizer && ((rows: number) => tokenizerVocabulary(tokenizer, { size: rows, ...tokens }));
    return llamaServerModel({ name: base, requester: root, top, vocabularyFor, signal });
  }
  if (!tokenizer) {
    throw new InputError(`${base}: does not tell its model's tokens: give the model's tokenizer.json`);
  }
  return openaiServerModel({
    name: base,
    requester: requester(isVersioned ? base : `${base}/v1`, options, contact),
    vocabulary: tokenizerVocabulary(tokenizer, tokens),
    named: namedTokens(tokenizer),
    model,
    top,
    signal,
  });
};

/** The address without what comes after `/v1`, or after the host. */
const addressOf = (url: string): { readonly base: string; readonly isVersioned: boolean } => {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch (error) {
    // what comes before an "@" may be a password
    const shown = JSON.stringify(url.replace(/^.*@/s, "…@"));
    throw new InputError(`${shown} is no address: write it as http://host:port`, { cause: error });
  }
  if (parsed.username !== "" || parsed.password !== "") {
    throw new InputError(
      `${parsed.host}: the address holds a password, which would be shown: set ARBEL_API_KEY instead`,
    );
  }
  if (parsed.protocol !== "http:" && parsed.protocol !== "https:") {
    throw new InputError(`${parsed.host}: the address begins with ${parsed.protocol}//: write http:// or https://`);
  }
  const path = parsed.pathname.replace(/\/(chat\/)?completions?\/?$/, "").replace(/\/$/, "");
  return { base: `${parsed.origin}${path}`, isVersioned: /\/v1$/.test(path) };
};

/** Whether a server has what only llama.cpp's has. */
const isLlamaServer = async (root: Requester, signal: AbortSignal | undefined): Promise<boolean> => {
  try {
    const props = (await root.send("/props", undefined, signal)) as {
      readonly default_generation_settings?: unknown;
    } | null;
    return props?.default_generation_settings !== undefined;
  } catch (error) {
    // some servers answer 200 for what they do not have, with an error in the body
    if (error instanceof ReportedError) return false;
    if (error instanceof ServerError && (error.status === 404 || error.status === 405)) return false;
    throw error;
  }
};
