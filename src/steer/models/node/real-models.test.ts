import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LanguageModel } from "../language-model.ts";
import { onnxModel } from "../onnx/onnx-model.ts";
import { obeysLaws } from "../testing/laws.ts";
import { openModel } from "./open-model.ts";

/** Trained weights that are no part of this repository; ../shared/models/README.md says where they come from. */
const MODELS = resolve("../shared/models");
const ONNX = resolve(MODELS, "stories260K-onnx");
const GGUF = resolve(MODELS, "stories260K/stories260K.gguf");
const TOLERANCE = 1e-4;

const isThere = process.platform === "linux" && existsSync(ONNX) && existsSync(GGUF);
if (!isThere) process.stderr.write(`skipped: tests of real language models, which need Linux and ${MODELS}\n`);

const prompts = ["Once upon a time", "The 🐋 said:\n", ""];

/** The ONNX folder by the WebAssembly build of ONNX Runtime, as a page opens it: from bytes and parsed JSON. */
const openWeb = async (): Promise<LanguageModel> => {
  const runtime = await import("onnxruntime-web");
  const bytes = (name: string) => readFileSync(join(ONNX, name));
  const json = (name: string): unknown => JSON.parse(bytes(name).toString());
  return onnxModel({
    name: "stories260K, in WebAssembly",
    runtime,
    inference: await runtime.InferenceSession.create(bytes(join("onnx", "model.onnx"))),
    folder: {
      config: json("config.json"),
      generation: json("generation_config.json"),
      tokenizer: json("tokenizer.json"),
      tokenizerConfig: json("tokenizer_config.json"),
    },
  });
};

describe.runIf(isThere)("real language models", () => {
  obeysLaws({ name: "an ONNX folder", open: () => openModel(ONNX), prompts, tolerance: 5e-5 });
  obeysLaws({ name: "an ONNX folder in WebAssembly", open: openWeb, prompts, tolerance: 5e-5 });
  obeysLaws({
    name: "a GGUF file",
    open: () => openModel(GGUF, { cacheNumbers: "f32", sequences: 16 }),
    prompts,
    tolerance: 5e-5,
  });

  describe("of the same weights", () => {
    let onnx: LanguageModel;
    let web: LanguageModel;
    let gguf: LanguageModel;
    beforeAll(async () => {
      onnx = await openModel(ONNX);
      web = await openWeb();
      gguf = await openModel(GGUF, { cacheNumbers: "f32" });
    });
    afterAll(async () => {
      await onnx.dispose();
      await web.dispose();
      await gguf.dispose();
    });

    test("have one vocabulary", async () => {
      expect(web.vocabulary.bytes).toEqual(onnx.vocabulary.bytes);
      expect(gguf.vocabulary.bytes).toEqual(onnx.vocabulary.bytes);
      expect(gguf.vocabulary.ends).toEqual(onnx.vocabulary.ends);
      for (const text of ["", "Once upon a time", "Zoë's 🐋, é!\n\n  two  spaces", " begins with one"]) {
        expect(await gguf.vocabulary.encode(text)).toEqual(await onnx.vocabulary.encode(text));
        expect(onnx.vocabulary.decode(await onnx.vocabulary.encode(text))).toBe(text);
      }
    });

    test.each(["web", "gguf"] as const)(
      "agree within 1e-4 in every log-probability, along a text: %s",
      async (which) => {
        const tokens = await onnx.vocabulary.encode(
          "Once upon a time, there was a little girl named Lily. She loved to play outside in the park. One day, she saw a big whale.",
        );
        const contexts = tokens.map((_, place) => tokens.slice(0, place + 1));
        const [left, right] = [await onnx.next(contexts), await { web, gguf }[which].next(contexts)];
        let largest = 0;
        for (const [index, { logProbabilities }] of left.entries()) {
          for (const [token, value] of logProbabilities.entries()) {
            largest = Math.max(largest, Math.abs(value - (right[index]?.logProbabilities[token] as number)));
          }
        }
        expect(largest).toBeLessThanOrEqual(TOLERANCE);
        // other programs round otherwise: so two of them were compared
        expect(largest).toBeGreaterThan(0);
      },
    );

    test.each(["onnx", "web", "gguf"] as const)("continue as their README says: %s", async (which) => {
      const model = { onnx, web, gguf }[which];
      const tokens = await model.vocabulary.encode("Once upon a time");
      const { length } = tokens;
      for (let step = 0; step < 40; step++) {
        const [row] = await model.next([tokens]);
        const values = row?.logProbabilities as Float64Array;
        tokens.push(values.indexOf(Math.max(...values)));
      }
      // ../shared/models/README.md
      const told = ", there was a little girl named Lily. She loved to play outside in the park.";
      expect(model.vocabulary.decode(tokens.slice(length)).slice(0, told.length)).toBe(told);
      expect(model.usage().cut).toBe(0);
    });

    test("tell the next tokens of an empty prompt, and refuse contexts that are too long", async () => {
      const contexts = [new Array<number>(513).fill(1)];
      await expect(onnx.next(contexts)).rejects.toThrow(/513 tokens is longer than the 512 that the model sees/);
      await expect(gguf.next(contexts)).rejects.toThrow(/513 tokens is longer than the 512/);
      await expect(onnx.next([[]])).rejects.toThrow(/an empty context/);
    });
  });
});

test.runIf(isThere)("a file that is no GGUF is refused", async () => {
  const wrong = resolve("package.json");
  await expect(openModel(wrong)).rejects.toThrow(/of no known format/);
  const { openGguf } = await import("./gguf/open-gguf.ts");
  await expect(openGguf(wrong)).rejects.toThrow(/package\.json: is no GGUF file/);
});
