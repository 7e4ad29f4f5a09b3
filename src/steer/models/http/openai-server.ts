import type { Vocabulary } from "../../vocabulary/vocabulary.ts";
import type { LanguageModel } from "../language-model.ts";
import { type ReportedToken, reportedRow } from "./reported-row.ts";
import type { Requester } from "./requester.ts";
import { ServerError } from "./server-error.ts";
import { serverModel } from "./server-model.ts";
import { type TokenNames, tokenNames } from "./token-names.ts";

/** How many tokens to ask for: vLLM's own limit unless it is started with another. */
const TOP = 20;

/** What {@link openaiServerModel} is given. */
export interface OpenaiServer {
  readonly name: string;
  readonly requester: Requester;
  readonly vocabulary: Vocabulary;
  /** Tokens that have names instead of texts, by their names. */
  readonly named: ReadonlyMap<string, number>;
  /** The model to ask for. Default: the one the server has. */
  readonly model?: string | undefined;
  /** How many of the likeliest tokens to ask for. Default: 20. */
  readonly top?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The model of a server with OpenAI's completions, like vLLM: token ids in, the likeliest tokens and their log-probabilities
 * out, as classic arrays or as `logprobs.content`.
 *
 * @throws ServerError where it does not answer as it should
 */
export const openaiServerModel = async (server: OpenaiServer): Promise<LanguageModel> => {
  const { name, requester, vocabulary, named, top = TOP } = server;
  const model = server.model ?? (await onlyModel(server));
  const names = tokenNames(vocabulary, named);
  return serverModel(name, vocabulary, async (context, signal) => {
    const answer = await requester.send(
      "/completions",
      {
        model,
        prompt: context,
        max_tokens: 1,
        temperature: 1,
        top_p: 1,
        logprobs: top,
        return_tokens_as_token_ids: true,
        stream: false,
      },
      signal,
    );
    return reportedRow(reportedTokens(answer, names, name), vocabulary.size, name);
  });
};

const onlyModel = async ({ name, requester, signal }: OpenaiServer): Promise<string> => {
  const answer = (await requester.send("/models", undefined, signal)) as {
    readonly data?: readonly { readonly id?: unknown }[];
  } | null;
  const ids = (answer?.data ?? []).map(({ id }) => id).filter((id) => typeof id === "string");
  if (ids.length === 1) return ids[0] as string;
  const few = ids.slice(0, 5).join(", ");
  throw new ServerError(
    `${name}: has ${ids.length} models${ids.length > 0 ? ` (${few}…)` : ""}: say which with "model" (--server-model)`,
  );
};

interface ContentToken {
  readonly id?: unknown;
  readonly token?: unknown;
  readonly bytes?: unknown;
  readonly logprob?: unknown;
  readonly top_logprobs?: unknown;
}

/** `logprobs` in either of its shapes. */
interface Logprobs {
  readonly tokens?: readonly unknown[];
  readonly token_logprobs?: readonly unknown[];
  readonly top_logprobs?: readonly (Readonly<Record<string, unknown>> | null)[];
  readonly content?: readonly ContentToken[];
}

/** The tokens that an answer reports, the one that was drawn among them. */
const reportedTokens = (answer: unknown, names: TokenNames, source: string): ReportedToken[] => {
  const choices = (answer as { readonly choices?: readonly { readonly logprobs?: Logprobs | null }[] } | null)?.choices;
  const logprobs = choices?.[0]?.logprobs;
  if (choices?.length !== 1 || !logprobs) {
    throw new ServerError(
      `${source}: gave no log-probabilities ("choices[0].logprobs"): use a server and model that do`,
    );
  }
  const found = Array.isArray(logprobs.content)
    ? contentTokens(logprobs.content, names)
    : classicTokens(logprobs, names);
  if (found) return found;
  throw new ServerError(`${source}: gave "logprobs" without "top_logprobs": ask a server that reports them`);
};

const contentTokens = (content: readonly ContentToken[], names: TokenNames): ReportedToken[] | undefined => {
  const [first] = content;
  const list = first?.top_logprobs;
  if (!first || !Array.isArray(list) || list.length === 0) return;
  const reported = (entry: ContentToken | null): ReportedToken => ({
    id: typeof entry?.id === "number" ? entry.id : names.idOf(String(entry?.token), entry?.bytes),
    logProbability: entry?.logprob,
  });
  return [...(list as (ContentToken | null)[]).map(reported), reported(first)];
};

const classicTokens = (logprobs: Logprobs, names: TokenNames): ReportedToken[] | undefined => {
  const top = logprobs.top_logprobs?.[0];
  if (!top) return;
  const reported = (name: unknown, logProbability: unknown) => ({ id: names.idOf(String(name)), logProbability });
  const drawn = logprobs.tokens?.[0];
  const all = Object.entries(top).map(([name, logProbability]) => reported(name, logProbability));
  return drawn === undefined ? all : [...all, reported(drawn, logprobs.token_logprobs?.[0])];
};
