import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { LanguageModel } from "../language-model.ts";

/** What a server got. */
export interface Received {
  readonly path: string;
  readonly body: unknown;
  readonly headers: IncomingHttpHeaders;
}

/** Answers one request instead of the server, or changes its answer. */
export type Fault = (response: ServerResponse, answer: unknown) => void;

/** A server of a model that misbehaves on demand. */
export interface LoopbackServer {
  readonly url: string;
  readonly received: Received[];
  /** How many requests were under way at once, at most. */
  most(): number;
  /** The next requests for probabilities go wrong, one each. */
  misbehave(...faults: readonly Fault[]): void;
  close(): Promise<void>;
}

/** How a server speaks. */
export type Dialect = "llama.cpp" | "classic" | "content";

/** Faults by name. */
export const faults = {
  status:
    (status: number, headers: Readonly<Record<string, string>> = {}, body = '{"error":{"message":"not now"}}'): Fault =>
    (response) => {
      response.writeHead(status, headers).end(body);
    },
  /** No answer, ever. */
  silent: (() => {}) as Fault,
  /** The headers and a part of the body, and then nothing more. */
  stalled: ((response, answer) => {
    response.writeHead(200);
    response.write(JSON.stringify(answer).slice(0, 10));
  }) as Fault,
  dropped: ((response) => response.socket?.destroy()) as Fault,
  /** Dropped in the middle of the body. */
  cut: ((response, answer) => {
    response.writeHead(200, { "content-length": JSON.stringify(answer).length });
    response.write(JSON.stringify(answer).slice(0, 20), () => response.socket?.destroy());
  }) as Fault,
  /** A body of another text. */
  text:
    (text: string): Fault =>
    (response) => {
      response.writeHead(200).end(text);
    },
  /** The answer, its JSON changed. */
  changed:
    (change: (json: string) => string): Fault =>
    (response, answer) => {
      response.writeHead(200).end(change(JSON.stringify(answer)));
    },
};

/** Starts a server on the loopback interface, on a free port unless one is given. */
export const loopbackServer = async (
  dialect: Dialect,
  model: LanguageModel,
  givenPort = 0,
): Promise<LoopbackServer> => {
  const received: Received[] = [];
  const waiting: Fault[] = [];
  let [running, most] = [0, 0];
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let text = "";
    for await (const chunk of request) text += chunk;
    const body = text === "" ? undefined : JSON.parse(text);
    const path = request.url ?? "";
    received.push({ path, body, headers: request.headers });
    // the model computes in this very thread: without a pause no two requests would be under way at once
    await new Promise((resolve) => setTimeout(resolve, 2));
    const answer = await answerTo(dialect, model, path, body);
    const fault = /completion/.test(path) ? waiting.shift() : undefined;
    if (fault) fault(response, answer);
    else if (answer === undefined) response.writeHead(404).end('{"error":{"message":"no such page"}}');
    else response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
  };
  const server = createServer((request, response) => {
    most = Math.max(most, ++running);
    response.on("close", () => running--);
    handle(request, response).catch((error: unknown) =>
      response.writeHead(400).end(JSON.stringify({ error: String(error) })),
    );
  });
  await new Promise<void>((resolve) => server.listen(givenPort, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    most: () => most,
    misbehave: (...list) => waiting.push(...list),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
};

const answerTo = (dialect: Dialect, model: LanguageModel, path: string, body: unknown): unknown =>
  dialect === "llama.cpp" ? llamaAnswer(model, path, body) : openaiAnswer(dialect, model, path, body);

/** The likeliest tokens after a context, the likeliest first. */
const likeliest = async (model: LanguageModel, prompt: readonly number[], count: number) => {
  const [row] = await model.next([prompt]);
  const values = row?.logProbabilities as Float64Array;
  return Array.from(values.keys())
    .sort((a, b) => (values[b] as number) - (values[a] as number))
    .slice(0, count)
    .map((id) => ({ id, logprob: Math.max(values[id] as number, -99999) }));
};

/** As the server of llama.cpp, by its documentation. */
const llamaAnswer = async (model: LanguageModel, path: string, body: unknown): Promise<unknown> => {
  const { vocabulary } = model;
  if (path === "/props") return { default_generation_settings: { n_ctx: 64 }, eos_token: "\n" };
  if (path === "/v1/models") return { object: "list", data: [{ id: "tiny", meta: { n_vocab: vocabulary.size } }] };
  if (path === "/tokenize") {
    const { content, add_special } = body as { content: string; add_special: boolean };
    const tokens = await vocabulary.encode(content);
    return { tokens: add_special ? tokens : tokens.slice(1) };
  }
  if (path !== "/completion") return;
  const { prompt, n_probs } = body as { prompt: number[]; n_probs: number };
  const described = (await likeliest(model, prompt, n_probs)).map(({ id, logprob }) => ({
    id,
    token: vocabulary.decode([id]),
    bytes: [...(vocabulary.bytes[id] ?? [])],
    logprob,
  }));
  return {
    content: described[0]?.token,
    truncated: false,
    completion_probabilities: [{ ...described[0], top_logprobs: described }],
  };
};

/** As vLLM (classic arrays), or as servers that answer completions in the shape of chats. */
const openaiAnswer = async (dialect: Dialect, model: LanguageModel, path: string, body: unknown): Promise<unknown> => {
  const { vocabulary } = model;
  if (path === "/v1/models") return { object: "list", data: [{ id: "tiny" }] };
  if (path !== "/v1/completions") return;
  const { prompt, logprobs } = body as { prompt: number[]; logprobs: number };
  const top = await likeliest(model, prompt, logprobs);
  const [first] = top as [(typeof top)[number]];
  if (dialect === "classic") {
    const classic = {
      tokens: [`token_id:${first.id}`],
      token_logprobs: [first.logprob],
      top_logprobs: [Object.fromEntries(top.map(({ id, logprob }) => [`token_id:${id}`, logprob]))],
      text_offset: [0],
    };
    return { choices: [{ index: 0, text: vocabulary.decode([first.id]), logprobs: classic, finish_reason: "length" }] };
  }
  const content = top.map(({ id, logprob }) => ({
    token: vocabulary.bytes[id] ? vocabulary.decode([id]) : "<|begin|>",
    bytes: vocabulary.bytes[id] ? [...(vocabulary.bytes[id] ?? [])] : null,
    logprob,
  }));
  return {
    choices: [{ index: 0, text: content[0]?.token, logprobs: { content: [{ ...content[0], top_logprobs: content }] } }],
  };
};
