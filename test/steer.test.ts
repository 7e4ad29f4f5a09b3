import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { armOf, condition, toLogits } from "../src/bellman/index.ts";
import { parseTable, regex, type Table } from "../src/space/index.ts";
import { openModel, shippedModel } from "../src/steer/models/node/index.ts";
import { faults, loopbackServer } from "../src/steer/models/testing/loopback-server.ts";
import { arbel, arbelJson, type Folder, temporaryFolder } from "./testing/command-line.ts";
import { built, ended } from "./testing/long-runs.ts";

/** Words over a, b and a control character, up to three letters, as a model. */
const model = {
  format: "arbel-table",
  version: 1,
  kind: "logits",
  space: "automaton",
  tokens: ["a", "b", "\u0007"],
  horizon: 4,
  eos: true,
  states: 1,
  start: 0,
  arcs: [
    [0, 0, 0, 0.3],
    [0, 1, 0, -0.4],
    [0, 2, 0, -1],
  ],
  accept: [[0, 0.2]],
};

let folder: Folder;
let file = "";
beforeAll(() => {
  folder = temporaryFolder();
  file = folder.write("model.json", model);
});
afterAll(() => folder.remove());

const steer = (...options: string[]) => arbel("steer", "--model", file, "--max-tokens", "3", ...options);
const steerJson = (...options: string[]) => arbelJson("steer", "--model", file, "--max-tokens", "3", ...options);

describe("arbel steer", () => {
  test("--json has the fixed keys, and log Z is the exact one within its interval", async () => {
    const result = await steerJson("--regex", "a.*b|ba*", "--particles", "256");
    expect(Object.keys(result)).toEqual(["samples", "logPartition", "effectiveSampleSize", "modelCalls", "guarantees"]);
    expect(Object.keys(result.logPartition)).toEqual(["estimate", "standardError", "interval"]);
    expect(Object.keys(result.samples[0])).toEqual(["text", "tokens", "logWeight", "modelLogProbability"]);
    const table: Table = parseTable(JSON.stringify(model));
    const pattern = regex("a.*b|ba*", table.space.tokens);
    const exact = toLogits(condition(table, pattern)).logPartition - armOf(table).logPartition;
    const { estimate, standardError, interval } = result.logPartition;
    expect(Math.abs(estimate - exact)).toBeLessThan(4 * standardError);
    expect(interval[0] <= exact && exact <= interval[1]).toBe(true);
    for (const { text } of result.samples) expect(text).toMatch(/^(a.*b|ba*)$/s);
    expect(result.modelCalls).toBeLessThanOrEqual(40);
    expect(result.guarantees.every((guarantee: unknown) => typeof guarantee === "string")).toBe(true);
  });

  test("--choices that can never be said are told", async () => {
    const long = folder.write("long.txt", "ab\nabab\na\n");
    const { stderr } = await steer("--choices", long, "--particles", "8");
    expect(stderr).toContain('warning: 1 of 3 allowed texts have probability 0, such as "abab"');
    const stopped = await steer("--choices", long, "--particles", "8", "--stop-complete");
    expect(stopped.stderr).toMatch(/warning: 2 of 3 allowed texts .* or --stop-complete ends them before/);
    const all = await steer("--choices", folder.write("short.txt", "ab\na\n"), "--particles", "8");
    expect(all.stderr).not.toContain("warning");
  });

  test("samplers that follow the model alone do not look ahead, and take their own options", async () => {
    const choices = folder.write("choices.txt", "ab\nba\nbb\n");
    const rejected = await steer("--choices", choices, "--sampler", "rejection", "--samples", "2", "--attempts", "500");
    expect(rejected.code).toBe(0);
    expect(rejected.stderr).not.toContain("exact lookahead");
    // masking with exact values would draw from the wished distribution, and not as a constrained decoder does
    const masked = await steer("--choices", choices, "--sampler", "masking", "--particles", "4");
    expect(masked.stderr).not.toContain("exact lookahead");
    expect(masked.stdout).toMatch(/^\* biased: .* except where lookahead is exact/m);
    const few = await steer("--choices", choices, "--sampler", "rejection", "--particles", "1", "--attempts", "1");
    expect(few.stderr + few.stdout).toMatch(/none of 1 attempts|1 of 1 attempts were kept/);
    const { samples } = await steerJson(
      "--regex",
      ".*",
      "--sampler",
      "metropolis-hastings",
      "--moves",
      "6",
      "--particles",
      "5",
    );
    // the states of the second half of the moves, of every chain
    expect(samples).toHaveLength(3 * 5);
    for (const option of ["--attempts", "--moves", "--top", "--server-model"]) {
      const { code, stderr } = await steer("--regex", ".*", option, "4");
      expect([code, stderr]).toEqual([
        2,
        expect.stringMatching(new RegExp(`^arbel: ${option}: is for .*: leave it out`)),
      ]);
    }
  });

  test("equal weights alone are not called exact", async () => {
    // no particle says the one response whose reward is another
    const rare = folder.write(
      "rare.mjs",
      "export const reward = (all) => all.map(({ text }) => (text === 'b\\u0007b' ? 9 : 0));",
    );
    const { stdout } = await steer("--reward", rare, "--sampler", "importance", "--particles", "4");
    expect(stdout).toMatch(/^log-partition +0\.0+ ± 0\.0+ nats, between -/m);
    const given = await steer("--regex", "a", "--lookahead", "exact", "--particles", "4");
    expect(given.stdout).toMatch(/^log-partition +-\d+\.\d+ nats, exact$/m);
  });

  test("--choices looks ahead exactly: all weights are equal", async () => {
    const choices = folder.write("choices.txt", "ab\nba\nbb\n");
    const { samples, logPartition, effectiveSampleSize } = await steerJson("--choices", choices, "--particles", "32");
    expect(effectiveSampleSize).toBeCloseTo(32, 5);
    expect(logPartition).toMatchObject({ standardError: 0, exact: true });
    expect(new Set(samples.map(({ text }: { text: string }) => text))).toEqual(new Set(["ab", "ba", "bb"]));
  });

  test("--choices in text: exact probabilities, also of what was not drawn, and a warning of what is impossible", async () => {
    const choices = folder.write("choices.txt", "ab\nba\nbb\nba\u0007\nzzz\n");
    const { stdout, stderr } = await steer("--choices", choices, "--particles", "1", "--stop-complete");
    const rows = [...stdout.matchAll(/^ *(\d+\.\d+) % +(\d+\.\d+) % +-\d+\.\d+ {2}(ab|ba|bb)$/gm)];
    expect(rows.map(([, , , text]) => text).sort()).toEqual(["ab", "ba", "bb"]);
    expect(rows.reduce((sum, [, exact]) => sum + Number(exact), 0)).toBeCloseTo(100, 2);
    expect(rows.reduce((sum, [, , drawn]) => sum + Number(drawn), 0)).toBe(100);
    // one choice begins with another, and one has letters that the model has not
    expect(stderr).toMatch(/warning: 2 of 5 allowed texts have probability 0/);
  });

  test("text shows control characters, and repeats by seed", async () => {
    const { stdout, stderr, code } = await steer("--keywords", "\u0007", "--samples", "4", "--sampler", "rejection");
    expect(code).toBe(0);
    expect(stdout).toContain("\\u0007");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what must not be there
    expect(stdout + stderr).not.toMatch(/\u0007/);
    expect(stdout).toContain("exact: the responses are independent draws");
    expect((await steer("--keywords", "\u0007", "--samples", "4", "--sampler", "rejection")).stdout).toBe(stdout);
  });

  test("--explain tells what a token is worth, and what masking would have done", async () => {
    const { stdout } = await steer("--regex", "[ab]?bb", "--lookahead", "exact", "--explain");
    expect(stdout).toMatch(/after "": weight \S+ nats; masking allows \d+\.\d+ % of the model/);
    expect(stdout).toMatch(/next +value +before +after +masked/);
    const { explanation } = await steerJson("--regex", "[ab]?bb", "--lookahead", "exact", "--explain");
    for (const { tokens, chosen, logWeight } of explanation) {
      expect(Math.abs(logWeight)).toBeLessThan(1e-5);
      expect(chosen.after).toBeGreaterThan(0);
      for (const { before, after, masked, value } of tokens) {
        // a token's probability is changed by its value: at exact lookahead nothing is left to renormalise
        if (after > 0) expect(after).toBeCloseTo(before * Math.exp(value), 5);
        expect(masked).toBeLessThanOrEqual(1);
      }
    }
  });

  test("a reward module, with a temperature", async () => {
    const module = folder.write("reward.mjs", "export const reward = (all) => all.map(({ text }) => text.length);");
    const warm = await steerJson("--reward", module, "--temperature", "2", "--particles", "128");
    const cold = await steerJson("--reward", module, "--particles", "128");
    const length = ({ samples }: { samples: { text: string; logWeight: number }[] }) =>
      samples.reduce((sum, { text, logWeight }) => sum + text.length * Math.exp(logWeight), 0);
    expect(length(cold)).toBeGreaterThan(length(warm));
  });

  test("what a reward module says at its thread's own port is not taken for an answer", async () => {
    const module = folder.write(
      "port.mjs",
      `import { parentPort } from "node:worker_threads";
      parentPort.postMessage(null);
      parentPort.postMessage("ready");
      export const reward = (all) => {
        parentPort.postMessage({ id: 1, value: all.map(() => -Infinity) });
        return all.map(() => 2);
      };`,
    );
    const { logPartition } = await steerJson("--reward", module, "--sampler", "importance");
    expect(logPartition.estimate).toBeCloseTo(2, 9);
  });

  test("a reward module of CommonJS, which guesses too", async () => {
    const module = folder.write(
      "reward.cjs",
      `const lengths = (all) => all.map(({ text }) => text.length);
      module.exports = { reward: lengths, partial: lengths };`,
    );
    const plain = folder.write("plain.mjs", "export default (all) => all.map(({ text }) => text.length);");
    const guessed = await steerJson("--reward", module, "--sampler", "importance");
    const scored = await steerJson("--reward", plain, "--sampler", "importance");
    expect(guessed.logPartition.estimate).toBeCloseTo(scored.logPartition.estimate, 9);
  });

  test("a surrogate is kept and read again", async () => {
    const kept = folder.path("surrogate.json");
    const options = ["--regex", ".*bb", "--lookahead", "surrogate", "--surrogate", kept];
    const first = await steer(...options);
    expect(first.stderr).toMatch(/fitting a surrogate[\s\S]*\d+ % {2}round 3 of 3/);
    const second = await steer(...options);
    expect(second.stderr).not.toContain("fitting");
    const found = (stdout: string) => stdout.replace(/model calls.*/, "");
    expect(found(second.stdout)).toBe(found(first.stdout));
  });

  test("--stop-complete ends where the model goes on: log Z is that the text begins so", async () => {
    const { samples, logPartition } = await steerJson("--regex", "a+b", "--stop-complete", "--sampler", "importance");
    for (const { text } of samples) expect(text).toMatch(/^a+b$/);
    const whole = await steerJson("--regex", "a+b", "--sampler", "importance");
    expect(logPartition.estimate).toBeGreaterThan(whole.logPartition.estimate + 0.1);
    const { samples: sentences } = await steerJson("--keywords", "a", "--stop", "b", "--samples", "5");
    for (const { text } of sentences) expect(text).toMatch(/a/);
  });

  test("--schema: JSON as the schema has it", async () => {
    const json = folder.write("json.json", { ...model, tokens: ["1", "2", " "], horizon: 4 });
    const schema = folder.write("schema.json", { type: "integer", minimum: 2, maximum: 21 });
    const { samples } = await arbelJson("steer", "--model", json, "--schema", schema, "--max-tokens", "3");
    const texts = new Set(samples.map(({ text }: { text: string }) => text));
    for (const text of texts) expect(["2", "11", "12", "21"]).toContain(text);
    expect(texts.size).toBeGreaterThan(1);
  });

  test("without --model, the model that comes along", async () => {
    const { samples, logPartition } = await arbelJson(
      "steer",
      "--prompt",
      "We live in ",
      "--regex",
      "(the )?[A-Z][a-z]+[.,]",
      "--stop-complete",
      "--max-tokens",
      "16",
      "--particles",
      "32",
    );
    for (const { text } of samples) expect(text).toMatch(/^(the )?[A-Z][a-z]+[.,]$/);
    expect(logPartition.estimate).toBeLessThan(0);
  });

  test("a server is asked for the model and the tokens that the options say", async () => {
    const backing = await openModel(shippedModel());
    const server = await loopbackServer("classic", backing);
    try {
      folder.write("generation_config.json", { eos_token_id: backing.vocabulary.ends[0] });
      const tokenizer = folder.write("tokenizer.json", readFileSync(join(shippedModel(), "tokenizer.json"), "utf8"));
      const asked = ["--tokenizer", tokenizer, "--server-model", "large", "--top", "7"];
      const address = ["--model", `${server.url}/v1`, ...asked];
      const wish = ["--prompt", "We live in ", "--regex", "[A-Za-z ]+[.,]", "--stop-complete", "--particles", "8"];
      const { guarantees } = await arbelJson("steer", ...address, ...wish);
      expect(guarantees.join()).toMatch(/rows were truncated/);
      expect(server.received.at(-1)?.body).toMatchObject({ model: "large", logprobs: 7 });
      const rare = ["--prompt", "We live in ", "--regex", "Zx", "--max-tokens", "4"];
      const { code, stderr } = await arbel("steer", ...address, ...rare);
      expect(code).toBe(2);
      expect(stderr).toMatch(/can begin a response .*rows were truncated .* ask for more tokens \(--top\)/);
    } finally {
      await server.close();
      await backing.dispose();
    }
  });

  test("each repetition of a request to a server is a line on stderr, also while the model is opened", async () => {
    const backing = await openModel(shippedModel());
    const server = await loopbackServer("llama.cpp", backing);
    const before = process.env.ARBEL_API_KEY;
    process.env.ARBEL_API_KEY = "sk-secret-1234";
    try {
      const now = { "retry-after": "0.04" };
      const secret = faults.status(503, now, '{"error":"sk-secret-1234 \\u001b[2J waits"}');
      // the first request for probabilities opens the model: it tells the vocabulary
      server.misbehave(faults.status(500, now), secret);
      const wish = ["--prompt", "We live in ", "--regex", "[a-z ]+[.,]", "--stop-complete", "--particles", "2"];
      const { code, stderr, stdout } = await arbel("steer", "--model", server.url, ...wish, "--json");
      expect(code).toBe(0);
      const address = `${server.url}/completion`;
      expect(stderr).toContain(`${address} answered 500 (not now): asking again in 0 s (1 of 4)\n`);
      expect(stderr).toMatch(/\/completion answered 503 \(… .*\[2J waits\): asking again in 0 s \(2 of 4\)\n/);
      expect(stderr).not.toContain("secret");
      expect(stderr).not.toContain("\u001b");
      expect(JSON.parse(stdout).samples.length).toBe(2);
      server.misbehave(faults.changed(String), faults.dropped);
      const run = await arbel("steer", "--model", server.url, ...wish);
      expect(run.stderr).toMatch(/\/completion cannot be reached \(.+\): asking again in 0\.5 s \(1 of 4\)\n/);
      const gone = await loopbackServer("llama.cpp", backing);
      await gone.close();
      const dead = await arbel("steer", "--model", gone.url, ...wish);
      expect(dead.code).toBe(1);
      expect(dead.stderr).toMatch(/^arbel: http:[^\n]+ nothing listens there: start the server or check the port\n$/);
    } finally {
      if (before === undefined) delete process.env.ARBEL_API_KEY;
      else process.env.ARBEL_API_KEY = before;
      await server.close();
      await backing.dispose();
    }
  });

  test("Ctrl-C stops at once what waits for a server to open", async () => {
    let asked: () => void = () => {};
    const waits = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const silent = createServer(() => asked());
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as AddressInfo;
    const child = spawn(process.execPath, [built, "steer", "--model", `http://127.0.0.1:${port}`, "--regex", "a"]);
    const end = ended(child);
    await waits;
    const began = performance.now();
    child.kill("SIGINT");
    expect(await end).toMatchObject({ code: 130, stderr: "arbel: stopped\n" });
    expect(performance.now() - began).toBeLessThan(2000);
    silent.closeAllConnections();
    await new Promise((resolve) => silent.close(resolve));
  });

  test("a schema that is no JSON is told with a repair", async () => {
    const { code, stderr } = await steer("--schema", folder.write("schema.json", "peace\nwar\n"));
    expect(code).toBe(2);
    expect(stderr).toMatch(/^arbel: .*schema\.json: is not JSON \(.*\): correct it, or name a JSON Schema\n$/);
  });

  test("help has examples", async () => {
    const { stdout, code } = await arbel("steer", "--help");
    expect(code).toBe(0);
    expect(stdout).toMatch(/Examples:\n {2}arbel steer --prompt/);
  });
});

describe("bad input is refused with one line and exit code 2", () => {
  const module = (text: string) => folder.write(`reward-${text.length}.mjs`, text);
  const cases: [what: string, options: () => string[], names: RegExp][] = [
    ["--surrogate alone", () => ["--regex", "a", "--surrogate", "s.json"], /--surrogate: .*give --lookahead surrogate/],
    [
      "--largest of a sampler that needs none",
      () => ["--regex", "a", "--largest", "3"],
      /--largest: is for --sampler rej/,
    ],
    ["--temperature without a reward", () => ["--regex", "a", "--temperature", "3"], /--temperature: .*give --reward/],
    ["--tokenizer of a table", () => ["--regex", "a", "--tokenizer", "t.json"], /--tokenizer: is for a server/],
    [
      "--context-size of a table",
      () => ["--regex", "a", "--context-size", "9"],
      /--context-size: is for a \.gguf file/,
    ],
    ["a prompt that is too long", () => ["--prompt", "abababab", "--regex", "a"], /no response begins with "abababab"/],
    [
      "a reward above --largest",
      () => [
        "--reward",
        module("export default (all) => all.map(() => 2);"),
        "--sampler",
        "rejection",
        "--largest",
        "1",
      ],
      /--largest is 1, but a response has the log-weight 2: raise it/,
    ],
    [
      "a reward in which differences are lost",
      () => ["--reward", module("export default (all) => all.map(() => -1e300);")],
      /\.mjs: .*differences are lost in rounding/,
    ],
    [
      "a list that is too long to be complete",
      () => ["--choices", folder.write("long.txt", "a".repeat(200_000)), "--stop-complete"],
      /--stop-complete: .*needs 200001 states/,
    ],
    ["a stop that the tokens do not spell", () => ["--regex", "a+", "--stop", "é"], /--stop: none of the .*"é"/],
    ["no wish", () => [], /a wish is missing: give one or more of --regex/],
    [
      "a model of no known format",
      () => ["--model", folder.write("model.bin", "x"), "--regex", "a"],
      /model\.bin: is of no known format/,
    ],
    ["a model that is not there", () => ["--model", folder.path("none"), "--regex", "a"], /none: is not there/],
    ["a prompt without tokens", () => ["--prompt", "z", "--regex", "a"], /--prompt: /],
    ["a pattern that is none", () => ["--regex", "("], /--regex: /],
    ["a pattern with look-ahead", () => ["--regex", "(?=a)b"], /--regex: /],
    ["a pattern that nothing matches", () => ["--regex", "a(?!.*)a|[^\\s\\S]"], /--regex|the wish/],
    ["a pattern that the tokens do not spell", () => ["--regex", "xyz"], /"xyz"|no response|tokens/],
    [
      "a pattern that needs more tokens",
      () => ["--regex", "a{9}"],
      /needs at least 9 tokens, but a response has at most 3/,
    ],
    ["choices that are not there", () => ["--choices", folder.path("nothing.txt")], /nothing\.txt/],
    ["choices without a line", () => ["--choices", folder.write("empty.txt", "\n\n")], /empty\.txt: holds no choice/],
    ["a reward that is not there", () => ["--reward", folder.path("none.mjs")], /none\.mjs: there is no such file/],
    [
      "a reward that does not parse",
      () => ["--reward", module("export const reward = (")],
      /cannot be loaded as a module/,
    ],
    [
      "a reward that is no function",
      () => ["--reward", module("export const reward = 3;")],
      /must export a function "reward"/,
    ],
    [
      "a reward that throws",
      () => ["--reward", module("export const reward = () => { throw new Error('no luck'); };")],
      /reward-\d+\.mjs: .*no luck/,
    ],
    [
      "a reward that never ends",
      () => ["--reward", module("export const reward = () => { for (;;); };"), "--reward-timeout", "0.5"],
      /reward-\d+\.mjs: .*no answer within 0\.5 s/,
    ],
    [
      "a reward that is never loaded",
      () => ["--reward", module("await new Promise(() => {});"), "--reward-timeout", "0.5"],
      /cannot be loaded as a module: was not loaded within 0\.5 s/,
    ],
    [
      "a reward that ends the process",
      () => ["--reward", module("export const reward = () => process.exit(0);")],
      /reward-\d+\.mjs: .*ended its thread/,
    ],
    [
      "guesses that are no function",
      () => ["--reward", module("export const reward = (all) => all.map(() => 0); export const partial = 3;")],
      /"partial" must be a function, got number/,
    ],
    ["a reward of NaN", () => ["--reward", module("export default (all) => all.map(() => NaN);")], /\.mjs: .*NaN/],
    ["too few rewards", () => ["--reward", module("export default (all) => [];")], /\.mjs: .*one number for each/],
    [
      "rejection of a reward without bound",
      () => ["--reward", module("export default (all) => all.map(() => 1);"), "--sampler", "rejection"],
      /must know the largest reward/,
    ],
    [
      "a schema with a keyword that is not supported",
      () => ["--schema", folder.write("not.json", { not: { type: "string" } })],
      /not\.json: .*"not"/,
    ],
    ["a schema that is not JSON", () => ["--schema", folder.write("no.json", "{")], /no\.json: /],
    [
      "nothing to be complete",
      () => ["--reward", module("export default (all) => all.map(() => 0);"), "--stop-complete"],
      /--stop-complete: /,
    ],
    ["another sampler", () => ["--regex", "a", "--sampler", "nuts"], /nuts/],
    ["no particles", () => ["--regex", "a", "--particles", "0"], /whole number ≥ 1|from 1/],
    [
      "a surrogate that is none",
      () => ["--regex", "a", "--lookahead", "surrogate", "--surrogate", folder.write("s.json", "{}")],
      /s\.json: /,
    ],
  ];
  test.each(cases)("%s", async (_, options, names) => {
    const { code, stdout, stderr } = await steer(...options());
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    const lines = stderr.trimEnd().split("\n");
    expect(lines.at(-1)).toMatch(/^arbel: /);
    expect(lines.at(-1)).toMatch(names);
    expect(stderr).not.toMatch(/\n {4}at /);
  });

  test("no token can continue the prompt", async () => {
    const dead = folder.write("dead.json", {
      ...model,
      arcs: [
        [0, 0, 0, 0],
        [0, 1, 0, null],
        [0, 2, 0, 0],
      ],
    });
    const { code, stderr } = await arbel("steer", "--model", dead, "--max-tokens", "3", "--regex", "b+");
    expect({ code, last: stderr.trimEnd().split("\n").at(-1) }).toMatchObject({
      code: 2,
      last: expect.stringMatching(/^arbel: no token of the model can begin a response that the wish allows/),
    });
  });
});
