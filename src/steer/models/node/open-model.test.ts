import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeModel, writeOnnxFolder } from "../../../learn/files/index.ts";
import { architecture, initialWeights, jaxEngine } from "../../../learn/index.ts";
import { arbelModel } from "../arbel/arbel-model.ts";
import { obeysLaws } from "../testing/laws.ts";
import { faults, loopbackServer } from "../testing/loopback-server.ts";
import { spread, tinyTextModel, tinyTokenizerJson } from "../testing/tiny-text-model.ts";
import { keyFor } from "./key-for.ts";
import { openModel } from "./open-model.ts";

const folder = mkdtempSync(join(tmpdir(), "arbel-open-"));
const path = (name: string) => join(folder, name);
const text = tinyTextModel(32);

beforeAll(() => {
  writeModel(path("text"), text);
  writeOnnxFolder(path("onnx"), text);
  const space = architecture({ kind: "arm", actions: 4, horizon: 5, eos: true, layers: 1, width: 8, heads: 2 });
  writeModel(path("space"), {
    architecture: space,
    tokens: ["a", "b", "c"],
    parameters: spread(initialWeights(space, 1)),
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Changes a JSON file of a folder's copy. */
const changed = (
  from: string,
  to: string,
  file: string,
  change: (json: Record<string, unknown>) => unknown,
): string => {
  mkdirSync(path(to), { recursive: true });
  writeOnnxFolder(path(to), text);
  const json = JSON.parse(readFileSync(join(path(from), file), "utf8"));
  writeFileSync(join(path(to), file), JSON.stringify(change(json)));
  return path(to);
};

obeysLaws({ name: "a folder of arbel train", open: () => openModel(path("text")), prompts: ["the ", "whale 🐋"] });
obeysLaws({ name: "one on jax-js", open: () => openModel(path("text"), { engine: "jax" }), prompts: ["the "] });
obeysLaws({ name: "one of a space", open: () => openModel(path("space")), prompts: ["", "ab"] });
obeysLaws({
  name: "what arbel convert --to onnx writes",
  open: () => openModel(path("onnx")),
  prompts: ["the ", "whale 🐋"],
});

test("all ways to run a model agree", async () => {
  const engine = await jaxEngine();
  const models = [arbelModel(text, engine), await openModel(path("text")), await openModel(path("onnx"))] as const;
  const contexts: number[][] = [];
  for (const prompt of ["", "t", "the white wh", "the ship\nthe"])
    contexts.push(await models[0].vocabulary.encode(prompt));
  expect(await models[2].vocabulary.encode("the white wh")).toEqual(contexts[2]);
  const [expected, ...others] = await Promise.all(models.map((model) => model.next(contexts)));
  for (const rows of others) {
    for (const [index, row] of rows.entries()) {
      for (const [token, value] of row.logProbabilities.entries()) {
        const own = expected?.[index]?.logProbabilities[token] as number;
        if (value !== own) expect(Math.abs(value - own)).toBeLessThan(1e-5);
      }
    }
  }
  for (const model of models) await model.dispose();
  await engine.dispose();
});

describe("refuses", () => {
  test("what is no model, saying what would be", async () => {
    writeFileSync(path("notes.txt"), "no model");
    mkdirSync(path("empty"));
    await expect(openModel(path("nowhere"))).rejects.toThrow(/nowhere: is not there: name a folder, a \.gguf file or/);
    await expect(openModel(path("notes.txt"))).rejects.toThrow(/notes\.txt: is of no known format/);
    await expect(openModel(path("empty"))).rejects.toThrow(/empty: is no model: it has neither model\.safetensors/);
  });

  test("an ONNX folder with another model's tokenizer", async () => {
    const other = tinyTokenizerJson(tinyTextModel(8, "char"));
    const wrong = changed("onnx", "onnx-tokenizer", "tokenizer.json", () => other);
    await expect(openModel(wrong)).rejects.toThrow(/tokenizer\.json: has 19 tokens, but the model 33/);
  });

  test("a damaged graph, a damaged file, a missing file", async () => {
    const graph = changed("onnx", "onnx-graph", "config.json", (json) => json);
    writeFileSync(join(graph, "onnx", "model.onnx"), "no graph");
    await expect(openModel(graph)).rejects.toThrow(/model\.onnx: ONNX Runtime cannot load it/);
    const config = changed("onnx", "onnx-config", "config.json", (json) => json);
    writeFileSync(join(config, "config.json"), "{");
    await expect(openModel(config)).rejects.toThrow(/config\.json: is not JSON/);
    rmSync(join(config, "config.json"));
    await expect(openModel(config)).rejects.toThrow(/config\.json/);
  });

  test("a folder whose model cannot be asked for next tokens", async () => {
    const ebm = architecture({ kind: "ebm", actions: 3, horizon: 2, eos: false, layers: 1, width: 8, heads: 2 });
    writeModel(path("ebm"), { architecture: ebm, tokens: ["a", "b", "c"], parameters: initialWeights(ebm, 1) });
    await expect(openModel(path("ebm"))).rejects.toThrow(/ebm: an EBM scores whole responses and has no next tokens/);
  });

  test("weights of another library, unless there is a graph beside them", async () => {
    writeModel(path("other"), text);
    const config = JSON.parse(readFileSync(join(path("other"), "config.json"), "utf8"));
    const { arbel: _, ...others } = config;
    writeFileSync(join(path("other"), "config.json"), JSON.stringify(others));
    await expect(openModel(path("other"))).rejects.toThrow(/"arbel" is missing: only folders that arbel train wrote/);
    const both = changed("onnx", "both", "config.json", () => others);
    writeFileSync(join(both, "model.safetensors"), "of another library");
    await (await openModel(both)).dispose();
  });

  test("longer contexts than an ONNX model sees", async () => {
    const model = await openModel(path("onnx"));
    const context = await model.vocabulary.encode("the ".repeat(40));
    await expect(model.next([context])).rejects.toThrow(/tokens is longer than the 32 that the model sees/);
    await model.dispose();
  });
});

test("ends where it is told to", async () => {
  const line = text.tokens.indexOf("\n");
  const named = ["e", "s"].map((token) => text.tokens.indexOf(token)).sort((a, b) => a - b);
  for (const name of ["text", "onnx"]) {
    for (const [options, ends] of [
      [{}, [line]],
      [{ ends: ["s", "e"] }, named],
    ] as const) {
      const model = await openModel(path(name), options);
      expect(model.vocabulary.ends).toEqual(ends);
      await model.dispose();
    }
    await expect(openModel(path(name), { ends: ["Q"] })).rejects.toThrow(new RegExp(`${name}: the end "Q" is none of`));
  }
});

test("opens a server, with the tokenizer of a folder and the key of the environment", async () => {
  const backing = await openModel(path("text"));
  const server = await loopbackServer("classic", backing);
  const before = process.env.ARBEL_API_KEY;
  process.env.ARBEL_API_KEY = "key-of-the-test";
  try {
    const tokenizer = changed("onnx", "onnx-server", "generation_config.json", (json) => ({
      ...json,
      eos_token_id: 3,
    }));
    const reasons: string[] = [];
    const onRetry = ({ reason }: { readonly reason: string }) => void reasons.push(reason);
    const knobs = { top: 4, backOff: 0.01, retries: 1, onRetry };
    const model = await openModel(`${server.url}/v1`, { tokenizer, server: knobs });
    expect(model.vocabulary.ends).toEqual([3]);
    server.misbehave(faults.status(500));
    const [row] = await model.next([await model.vocabulary.encode("the ")]);
    expect(row?.missing).toBeGreaterThan(0);
    expect(reasons).toEqual(["answered 500 (not now)"]);
    expect(server.received.at(-1)?.headers.authorization).toBe("Bearer key-of-the-test");
    await model.dispose();
    await expect(openModel(`${server.url}/v1`)).rejects.toThrow(/give the model's tokenizer\.json/);
  } finally {
    if (before === undefined) delete process.env.ARBEL_API_KEY;
    else process.env.ARBEL_API_KEY = before;
    await server.close();
    await backing.dispose();
  }
});

test("sends OpenAI's key to OpenAI alone", () => {
  const environment = { OPENAI_API_KEY: "sk-1" };
  expect(keyFor("https://api.openai.com/v1", environment)).toBe("sk-1");
  for (const url of ["http://api.openai.com/v1", "https://api.openai.com.example.org", "http://localhost:8000"]) {
    expect(keyFor(url, environment)).toBeUndefined();
    expect(keyFor(url, { ...environment, ARBEL_API_KEY: "own" })).toBe("own");
  }
});
