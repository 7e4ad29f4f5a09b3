import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Engine, jaxEngine } from "../../../learn/index.ts";
import { arbelModel } from "../arbel/arbel-model.ts";
import type { LanguageModel } from "../language-model.ts";
import { obeysLaws } from "../testing/laws.ts";
import { type Dialect, type Fault, faults, type LoopbackServer, loopbackServer } from "../testing/loopback-server.ts";
import { tinyTextModel, tinyTokenizerJson } from "../testing/tiny-text-model.ts";
import { type HttpModelOptions, httpModel } from "./http-model.ts";
import type { Retry } from "./retry.ts";

const tiny = tinyTextModel(64);
const tokenizer = { tokenizer: tinyTokenizerJson(tiny) };
const ends = [tiny.tokens.indexOf("\n")];
const DIALECTS: readonly Dialect[] = ["llama.cpp", "classic", "content"];

let engine: Engine;
let backing: LanguageModel;
beforeAll(async () => {
  engine = await jaxEngine();
  backing = arbelModel(tiny, engine);
});
afterAll(async () => {
  await backing.dispose();
  await engine.dispose();
});

/** Short pauses, so that tests are quick. */
const QUICK: HttpModelOptions = { backOff: 0.01, timeout: 2 };

const opened = (dialect: Dialect, url: string, options: HttpModelOptions = {}): Promise<LanguageModel> =>
  httpModel(dialect === "llama.cpp" ? url : `${url}/v1`, {
    ...QUICK,
    ...(dialect === "llama.cpp" ? {} : { tokenizer, ends }),
    ...options,
  });

describe.each(DIALECTS)("%s", (dialect) => {
  let server: LoopbackServer;
  beforeAll(async () => {
    server = await loopbackServer(dialect, backing);
  });
  afterAll(() => server.close());

  const all = tiny.tokens.length + 1;
  obeysLaws({
    name: "a server that reports all tokens",
    open: () => opened(dialect, server.url, { top: all }),
    prompts: ["the ", "whale 🐋"],
  });
  obeysLaws({
    name: "a server that reports a few",
    open: () => opened(dialect, server.url, { top: 5 }),
    prompts: ["the ", "ship"],
    isTruncated: true,
  });

  test("says what the model itself says, of the tokens it reports", async () => {
    const model = await opened(dialect, server.url, { top: 7 });
    const context = await model.vocabulary.encode("the wh");
    const [[told], [expected]] = [await model.next([context]), await backing.next([context])];
    const known = [...(expected?.logProbabilities.entries() ?? [])].sort(([, a], [, b]) => b - a).slice(0, 7);
    for (const [token, value] of known) expect(told?.logProbabilities[token]).toBeCloseTo(value, 9);
    const mass = known.reduce((sum, [, value]) => sum + Math.exp(value), 0);
    expect(told?.missing).toBeCloseTo(1 - mass, 9);
    expect(told?.logProbabilities.filter((value) => value > -Infinity).length).toBe(7);
    expect(model.vocabulary.ends).toEqual(ends);
    await model.dispose();
  });
});

describe.each(DIALECTS)("a server that misbehaves: %s", (dialect) => {
  let server: LoopbackServer;
  let model: LanguageModel;
  let context: number[];
  beforeEach(async () => {
    server = await loopbackServer(dialect, backing);
    model = await opened(dialect, server.url, { retries: 2 });
    context = await model.vocabulary.encode("the ");
    server.received.length = 0;
  });
  afterEach(async () => {
    await model.dispose();
    await server.close();
  });
  const { status, silent, stalled, dropped, cut, text, changed } = faults;

  test.each<[string, Fault]>([
    ["429", status(429)],
    ["429 with Retry-After", status(429, { "retry-after": "0.05" })],
    ["500", status(500)],
    ["503 with a date to retry", status(503, { "retry-after": new Date(0).toUTCString() })],
    ["dropped connections", dropped],
    ["bodies cut off", cut],
    ["invalid JSON", text("{ this is no JSON")],
    ["NaN", changed((json) => json.replaceAll(/"logprob":[^,}]+|("token_id:\d+"):[^,}]+/g, '"logprob":NaN'))],
  ])("passes over: %s", async (_, fault) => {
    server.misbehave(fault, fault);
    const [[told], [expected]] = [await model.next([context]), await backing.next([context])];
    const [best] = [...(expected?.logProbabilities.entries() ?? [])].sort(([, a], [, b]) => b - a) as [
      [number, number],
    ];
    expect(told?.logProbabilities[best[0]]).toBeCloseTo(best[1], 9);
    expect(server.received.length).toBe(3);
  });

  test.each<[string, Fault, RegExp, number]>([
    ["429 again and again", status(429), /answered 429 \(not now\), 3 times: try again later/, 3],
    ["500 again and again", status(500), /answered 500 \(not now\), 3 times/, 3],
    ["a longer wait than anyone has", status(429, { "retry-after": "3600" }), /429 .* it asks to wait 3600 s/, 1],
    ["dropped connections", dropped, /cannot be reached \(.+\), 3 times/, 3],
    ["bodies cut off", cut, /cannot be reached \(.+\), 3 times/, 3],
    ["invalid JSON", text("<html>"), /what is no JSON \(6 characters\), 3 times/, 3],
    ["401", status(401), /answered 401 \(not now\): set ARBEL_API_KEY/, 1],
    ["404", status(404), /answered 404 \(not now\): check the address/, 1],
    ["400", status(400, {}, '{"message":"max\\nlogprobs"}'), /answered 400 \(max logprobs\)/, 1],
    [
      "an error instead",
      text('{"error":"out of\\nmemory"}'),
      /: answered with an error \(out of memory\): put that/,
      1,
    ],
    [
      "an error with a code instead",
      text('{"error":{"code":500,"message":"\\u001b[2Jgone\\u202e"},"choices":[]}'),
      /: answered with an error \(\\u001b\[2Jgone\\u202e\): put that right/,
      1,
    ],
    ["an error that says nothing", text('{"error":{"code":500}}'), /gave no/, 1],
    ["no error", text('{"error":null}'), /gave no/, 1],
    ["null", text("null"), /gave no/, 1],
    ["other JSON", text('{"choices":[],"completion_probabilities":[]}'), /gave no/, 1],
    [
      "no probabilities",
      changed((json) => json.replaceAll("logprobs", "nothing")),
      /gave no|gave "logprobs" without/,
      1,
    ],
    ["null for a number", changed(numbersTo("null")), /gave the log-probability null/, 1],
    ["a text for a number", changed(numbersTo('"NaN"')), /gave the log-probability "NaN"/, 1],
    ["positive numbers", changed(numbersTo("0.5")), /gave the log-probability 0\.5/, 1],
    ["too much probability", changed(numbersTo("-0.1")), /add up to/, 1],
    [
      "tokens that are none",
      changed(tokensTo([null, 3])),
      /gave the log-probability nothing|without "top_logprobs"/,
      1,
    ],
    ["no list of probabilities", text('{"choices":{},"completion_probabilities":{}}'), /gave no/, 1],
    [
      "an address that has moved",
      status(307, { location: "http://elsewhere.invalid/" }),
      /answered 307, moved to http:\/\/elsewhere\.invalid\/: give the address/,
      1,
    ],
    ["a body without an end", endless, /answered more than \d+ bytes: check the address/, 1],
  ])("gives up, saying why: %s", async (_, fault, message, requests) => {
    server.misbehave(...new Array<Fault>(6).fill(fault));
    await expect(model.next([context])).rejects.toThrow(message);
    await expect(model.next([context])).rejects.toThrow(/^http:\/\/127\.0\.0\.1:\d+/);
    expect(server.received.length).toBeGreaterThanOrEqual(requests);
    expect(model.usage().calls).toBe(0);
  });

  test.each<[string, Fault]>([
    ["is silent", silent],
    ["stalls in the middle of the body", stalled],
  ])("waits no longer than it was told where the server %s", async (_, fault) => {
    const impatient = await opened(dialect, server.url, { timeout: 0.2, retries: 1 });
    server.misbehave(fault, fault);
    const began = performance.now();
    await expect(impatient.next([context])).rejects.toThrow(/did not answer in 0\.2 s, 2 times/);
    expect(performance.now() - began).toBeLessThan(1500);
    await impatient.dispose();
  });

  test("an abort ends what waits for the server, or for a pause", async () => {
    for (const fault of [silent, status(429, { "retry-after": "30" })]) {
      server.misbehave(fault);
      const controller = new AbortController();
      const asked = model.next([context], { signal: controller.signal });
      setTimeout(() => controller.abort(new Error("enough")), 50);
      const began = performance.now();
      await expect(asked).rejects.toThrow("enough");
      expect(performance.now() - began).toBeLessThan(1000);
    }
    expect((await model.next([context])).length).toBe(1);
  });

  test("one context that fails fails the call, and nothing is kept of it", async () => {
    const contexts = [context, [...context, 1], [...context, 2], [...context, 3]];
    server.misbehave(silent, status(400), silent, silent);
    const began = performance.now();
    await expect(model.next(contexts)).rejects.toThrow(/answered 400/);
    expect(performance.now() - began).toBeLessThan(1500);
    expect(model.usage().calls).toBe(0);
    expect((await model.next(contexts)).length).toBe(4);
  });

  test("dispose while the server is silent ends what is under way", async () => {
    server.misbehave(silent);
    const asked = model.next([context]);
    const refused = expect(asked).rejects.toThrow(/was disposed/);
    const began = performance.now();
    await model.dispose();
    await refused;
    expect(performance.now() - began).toBeLessThan(1000);
  });
});

/** Puts other things in the place of an answer's tokens. */
function tokensTo(list: readonly unknown[]): (json: string) => string {
  return (json) => JSON.stringify(JSON.parse(json, (key, value) => (key === "top_logprobs" ? list : value)));
}

/** A body of spaces that goes on as long as it is read. */
function endless(...[response]: Parameters<Fault>): void {
  const spaces = Buffer.alloc(2 ** 20, " ");
  const write = () => {
    while (!response.destroyed && response.write(spaces));
    if (!response.destroyed) response.once("drain", write);
  };
  response.writeHead(200);
  write();
}

/** Changes every log-probability of an answer's JSON. */
function numbersTo(value: string): (json: string) => string {
  return (json) =>
    json
      .replaceAll(/("logprob"|"token_id:\d+"):-[\d.e-]+/g, `$1:${value}`)
      .replaceAll(/("token_logprobs":\[)[^\]]+/g, `$1${value}`);
}

describe("requests", () => {
  let server: LoopbackServer;
  beforeEach(async () => {
    server = await loopbackServer("llama.cpp", backing);
  });
  afterEach(() => server.close());

  test("carry the key, which no error shows", async () => {
    const key = "sk-secret-1234";
    const model = await opened("llama.cpp", server.url, { key });
    const context = await model.vocabulary.encode("the ");
    expect(server.received.every(({ headers }) => headers.authorization === `Bearer ${key}`)).toBe(true);
    server.misbehave(faults.status(403, {}, `{"error":{"message":"the key ${key} is not known"}}`));
    const error = await model.next([context]).catch((reason: unknown) => reason as Error);
    expect(String(error)).toMatch(/the key … is not known/);
    expect(`${(error as Error).stack} ${JSON.stringify(error)}`).not.toContain(key);
    await model.dispose();
  });

  test("show no part of a key that an error's text is cut in", async () => {
    const key = "sk-secret-1234";
    const model = await opened("llama.cpp", server.url, { key });
    server.misbehave(faults.status(403, {}, JSON.stringify({ error: `${"-".repeat(192)}${key}` })));
    const context = await model.vocabulary.encode("the ");
    await expect(model.next([context])).rejects.toThrow(/answered 403 \(-+…\)/);
    server.misbehave(
      faults.text(JSON.stringify({ error: { message: `${key} ${"-".repeat(189)}${key}🐋🐋🐋🐋🐋🐋🐋🐋🐋` } })),
    );
    await expect(model.next([context])).rejects.toThrow(/answered with an error \(… -{189}…🐋{8}…\): put that right/u);
    await model.dispose();
  });

  test("with a key that no header can hold are refused without showing it", async () => {
    for (const key of ["sk-secret\nsecond", "sk secret", "sk-secrét"]) {
      const error = await opened("llama.cpp", server.url, { key }).catch((reason: unknown) => reason as Error);
      expect(String(error)).toMatch(/the key holds a space, a line break or/);
      expect((error as Error).stack).not.toContain("secr");
    }
    expect(server.received).toEqual([]);
  });

  test("tell each repetition, also while the model is opened", async () => {
    const told: Retry[] = [];
    const onRetry = (retry: Retry) => void told.push(retry);
    const options = { onRetry, timeout: 0.5, backOff: 0.01, retries: 2 };
    const [url, attempts] = [`${server.url}/completion`, 2];
    server.misbehave(faults.silent);
    const model = await httpModel(server.url, options);
    const hung = { url, attempt: 1, attempts, waitSeconds: 0.01, reason: "did not answer in 0.5 s" };
    expect(told.splice(0)).toEqual([hung]);
    server.misbehave(faults.status(429, { "retry-after": "0.05" }), faults.text("<html>"));
    await model.next([await model.vocabulary.encode("the ")]);
    expect(told.splice(0)).toEqual([
      { url, attempt: 1, attempts, waitSeconds: 0.05, reason: "answered 429 (not now)" },
      { url, attempt: 2, attempts, waitSeconds: 0.02, reason: "answered what is no JSON (6 characters)" },
    ]);
    server.misbehave(faults.status(401), faults.dropped, faults.dropped, faults.dropped);
    await expect(model.next([await model.vocabulary.encode("the w")])).rejects.toThrow(/answered 401/);
    expect(told).toEqual([]);
    await expect(model.next([await model.vocabulary.encode("the w")])).rejects.toThrow(/cannot be reached .* 3 times/);
    expect(told.map(({ attempt, waitSeconds }) => [attempt, waitSeconds])).toEqual([
      [1, 0.01],
      [2, 0.02],
    ]);
    await model.dispose();
  });

  test("of a server that is not there are refused at once, with all repetitions left", async () => {
    await server.close();
    const told: Retry[] = [];
    const onRetry = (retry: Retry) => void told.push(retry);
    const opening = async (url: string, options: HttpModelOptions = {}) => {
      const began = performance.now();
      const error = await httpModel(url, { onRetry, ...options }).catch((reason: unknown) => reason as Error);
      expect(performance.now() - began).toBeLessThan(1000);
      return String(error);
    };
    const dead =
      /^ServerError: http.* \(.*ECONNREFUSED.*\), nothing listens there: start the server or check the port$/;
    expect(await opening(server.url)).toMatch(dead);
    expect(await opening(server.url.replace("127.0.0.1", "localhost"))).toMatch(dead);
    expect(await opening(`${server.url}/v1`, { tokenizer, ends })).toMatch(dead);
    // a name with an empty part is known not to exist without asking a name server
    const unknown = /^ServerError: http:\/\/a\.\.b\/.* \(.*ENOTFOUND.*\), no host has this name: check the address$/;
    expect(await opening("http://a..b")).toMatch(unknown);
    expect(await opening("http://a..b/v1", { tokenizer, ends })).toMatch(unknown);
    expect(await opening("http://127.0.0.1:9")).toMatch(/, no request may go to this port: let the server listen on/);
    expect(told).toEqual([]);
  });

  test.each(DIALECTS)("of a server that goes away are repeated: it may come back (%s)", async (dialect) => {
    const first = await loopbackServer(dialect, backing);
    const port = Number(new URL(first.url).port);
    const reasons: string[] = [];
    let again: Promise<LoopbackServer> | undefined;
    const onRetry = ({ reason }: Retry) => {
      reasons.push(reason);
      if (/ECONNREFUSED/.test(reason)) again ??= loopbackServer(dialect, backing, port);
    };
    const model = await opened(dialect, first.url, { onRetry, backOff: 0.1 });
    const context = await model.vocabulary.encode("the ");
    await first.close();
    expect((await model.next([context])).length).toBe(1);
    expect(reasons.at(-1)).toMatch(/ECONNREFUSED/);
    await (await again)?.close();
    const lost = await opened("llama.cpp", server.url, { retries: 2 });
    const prompt = await lost.vocabulary.encode("the ");
    await server.close();
    await expect(lost.next([prompt])).rejects.toThrow(
      /cannot be reached \(.*ECONNREFUSED.*\), 3 times: try again later/,
    );
    for (const each of [model, lost]) await each.dispose();
  });

  test("tell no key", async () => {
    const key = "sk-secret-1234";
    const told: Retry[] = [];
    const model = await opened("llama.cpp", server.url, { key, onRetry: (retry) => void told.push(retry) });
    server.misbehave(faults.status(503, {}, `{"error":"${key} waits"}`));
    await model.next([await model.vocabulary.encode("the ")]);
    expect(told.map(({ reason }) => reason)).toEqual(["answered 503 (… waits)"]);
    const options = { key, backOff: 0.01, timeout: 1e-3, retries: 1, onRetry: (retry: Retry) => void told.push(retry) };
    await expect(httpModel(`${server.url}/${key}`, options)).rejects.toThrow(/did not answer/);
    expect(told.at(-1)?.url).toBe(`${server.url}/…/props`);
    expect(JSON.stringify(told)).not.toContain(key);
    await model.dispose();
  });

  test("go on whatever becomes of who hears of repetitions", async () => {
    const listeners: (() => Promise<void>)[] = [
      () => {
        throw new Error("of the listener");
      },
      () => Promise.reject(new Error("of the listener")),
      () => new Promise(() => {}),
    ];
    for (const onRetry of listeners) {
      const model = await opened("llama.cpp", server.url, { onRetry });
      server.misbehave(faults.status(500), faults.dropped);
      expect((await model.next([await model.vocabulary.encode("the ")])).length).toBe(1);
      await model.dispose();
    }
  });

  test("pause no longer than a minute, instead of being given up", async () => {
    const model = await opened("llama.cpp", server.url, { backOff: 1000, retries: 1 });
    server.misbehave(faults.status(500));
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error("enough")), 200);
    const asked = model.next([await model.vocabulary.encode("the ")], { signal: controller.signal });
    await expect(asked).rejects.toThrow("enough");
    await model.dispose();
  });

  test("are no more at once than asked for", async () => {
    const model = await opened("llama.cpp", server.url, { concurrency: 3 });
    const context = await model.vocabulary.encode("the ");
    await model.next(Array.from({ length: 20 }, (_, token) => [...context, token]));
    expect(server.most()).toBeLessThanOrEqual(3);
    expect(server.most()).toBeGreaterThan(1);
    await model.dispose();
  });

  test("go where the address says, and tell the dialects apart", async () => {
    const model = await httpModel(server.url, QUICK);
    expect(server.received.map(({ path }) => path)).toContain("/props");
    expect(model.name).toBe(server.url);
    await model.dispose();
    const other = await loopbackServer("classic", backing);
    for (const url of [other.url, `${other.url}/v1/`, `${other.url}/v1/completions`]) {
      const found = await httpModel(url, { ...QUICK, tokenizer, ends });
      expect((await found.next([await found.vocabulary.encode("the ")]))[0]?.missing).toBeGreaterThan(0);
      await found.dispose();
    }
    await other.close();
  });

  test("of what a server does not have are no error where it answers 200 with one in the body", async () => {
    const other = createServer((_, response) => response.end('{"error":"Unexpected endpoint. Returning 200 anyway"}'));
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    await expect(httpModel(url, QUICK)).rejects.toThrow(/give the model's tokenizer\.json/);
    const opening = httpModel(url, { ...QUICK, tokenizer, ends });
    await expect(opening).rejects.toThrow(/\/v1\/models: answered with an error \(Unexpected endpoint\. Returning/);
    other.closeAllConnections();
    await new Promise((resolve) => other.close(resolve));
  });

  test("are refused before they are made, where they cannot work", async () => {
    await expect(httpModel("nowhere")).rejects.toThrow(/"nowhere" is no address/);
    await expect(httpModel("http://me:secret@two words")).rejects.toThrow(/^"…@two words" is no address/);
    await expect(httpModel("ftp://host/x")).rejects.toThrow(/begins with ftp:/);
    await expect(httpModel("http://me:secret@host")).rejects.toThrow(/^host: the address holds a password/);
    await expect(httpModel(`${server.url}/v1`)).rejects.toThrow(/give the model's tokenizer\.json/);
    await expect(httpModel(server.url, { top: 0 })).rejects.toThrow(/"top"/);
    for (const knob of ["timeout", "retries", "concurrency", "backOff"]) {
      await expect(httpModel(server.url, { [knob]: -1 })).rejects.toThrow(new RegExp(`"${knob}" must be`));
    }
  });

  test("of another model's tokenizer are refused", async () => {
    const other = tinyTokenizerJson(tinyTextModel(64, "char"));
    await expect(httpModel(server.url, { ...QUICK, tokenizer: { tokenizer: other } })).rejects.toThrow(
      /tokens, but the model 33: give the tokenizer that the model was trained with/,
    );
  });

  test("of a context that the server would cut are refused", async () => {
    const model = await opened("llama.cpp", server.url);
    server.misbehave(faults.changed((json) => json.replace('"truncated":false', '"truncated":true')));
    await expect(model.next([await model.vocabulary.encode("the ")])).rejects.toThrow(/cut the context of \d+ tokens/);
    await model.dispose();
  });
});
