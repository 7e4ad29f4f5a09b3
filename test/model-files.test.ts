import { readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  parseMasses,
  readCheckpoint,
  readModelFolder,
  readNumberCheckpoint,
  writeCheckpoint,
  writeModel,
  writeOnnxFolder,
} from "../src/learn/files/index.ts";
import { architecture, initialWeights, type Tensors, tensor, trainTokenizer } from "../src/learn/index.ts";
import { readTensorFile, writeTensorFile } from "../src/space/files/index.ts";
import { responses, tree } from "../src/space/index.ts";
import { type Folder, temporaryFolder } from "./testing/command-line.ts";

let folder: Folder;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

const tokenizer = trainTokenizer(["the whale, the whale\n"], { tokens: 14 });
const arm = architecture({
  kind: "arm",
  actions: tokenizer.tokens.length,
  horizon: 16,
  eos: false,
  layers: 2,
  width: 24,
  heads: 4,
});
const ebm = architecture({ kind: "ebm", actions: 4, horizon: 5, eos: true, prompts: 2, layers: 1, width: 8, heads: 2 });
const textModel = { architecture: arm, tokens: tokenizer.tokens, tokenizer, parameters: initialWeights(arm, 1) };
const scorer = { architecture: ebm, tokens: ["a", "b", "c"], parameters: initialWeights(ebm, 2) };

const json = (name: string) => JSON.parse(readFileSync(folder.path(name), "utf8"));

/** Parameters of Hugging Face's LlamaForCausalLM with tied embeddings, from its configuration alone. */
const llamaParameters = (config: Record<string, number>): Record<string, number[]> => {
  const { hidden_size: d = 0, intermediate_size: hidden = 0, head_dim: head = 0, vocab_size: vocabulary = 0 } = config;
  const queries = (config.num_attention_heads as number) * head;
  const keys = (config.num_key_value_heads as number) * head;
  const layers = Array.from({ length: config.num_hidden_layers as number }, (_, i) => ({
    [`model.layers.${i}.self_attn.q_proj.weight`]: [queries, d],
    [`model.layers.${i}.self_attn.k_proj.weight`]: [keys, d],
    [`model.layers.${i}.self_attn.v_proj.weight`]: [keys, d],
    [`model.layers.${i}.self_attn.o_proj.weight`]: [d, queries],
    [`model.layers.${i}.mlp.gate_proj.weight`]: [hidden, d],
    [`model.layers.${i}.mlp.up_proj.weight`]: [hidden, d],
    [`model.layers.${i}.mlp.down_proj.weight`]: [d, hidden],
    [`model.layers.${i}.input_layernorm.weight`]: [d],
    [`model.layers.${i}.post_attention_layernorm.weight`]: [d],
  }));
  return Object.assign({ "model.embed_tokens.weight": [vocabulary, d], "model.norm.weight": [d] }, ...layers);
};

describe("a model folder", () => {
  test("has the fields, names and shapes that LlamaForCausalLM expects", () => {
    writeModel(folder.path("m"), textModel);
    const config = json("m/config.json");
    expect(config).toEqual({
      architectures: ["LlamaForCausalLM"],
      model_type: "llama",
      hidden_size: 24,
      intermediate_size: 64,
      num_hidden_layers: 2,
      num_attention_heads: 4,
      num_key_value_heads: 4,
      head_dim: 6,
      hidden_act: "silu",
      rms_norm_eps: 1e-5,
      rope_theta: 10000,
      rope_scaling: null,
      max_position_embeddings: 16,
      vocab_size: 15,
      tie_word_embeddings: true,
      bos_token_id: 14,
      eos_token_id: null,
      pad_token_id: null,
      torch_dtype: "float32",
      attention_bias: false,
      attention_dropout: 0,
      mlp_bias: false,
      initializer_range: 1 / Math.sqrt(24),
      use_cache: true,
      arbel: { version: 1, kind: "arm", actions: 14, horizon: 16, eos: false, prompts: 0, tokens: tokenizer.tokens },
    });
    const { metadata, tensors } = readTensorFile(folder.path("m/model.safetensors"));
    expect(metadata).toEqual({ format: "pt" });
    const shapes = Object.fromEntries(Object.entries(tensors).map(([name, { shape }]) => [name, shape]));
    expect(shapes).toEqual(llamaParameters(config));
    expect(json("m/generation_config.json")).toEqual({ bos_token_id: 14, suppress_tokens: [14] });
    expect(json("m/tokenizer_config.json")).toMatchObject({
      bos_token: "<|begin|>",
      clean_up_tokenization_spaces: false,
    });
    expect(json("m/tokenizer.json").added_tokens[0]).toMatchObject({ id: 14, content: "<|begin|>" });
  });

  test("of a scorer says what it is", () => {
    writeModel(folder.path("m"), scorer);
    expect(json("m/config.json")).toMatchObject({
      architectures: ["ArbelBidirectionalScorer"],
      vocab_size: 6,
      bos_token_id: null,
      eos_token_id: 3,
      max_position_embeddings: 6,
      use_cache: false,
      arbel: { kind: "ebm", eos: true, prompts: 2, tokens: ["a", "b", "c"] },
    });
    expect(readTensorFile(folder.path("m/model.safetensors")).tensors["score.weight"]?.shape).toEqual([1, 8]);
  });

  test("comes back bit for bit", () => {
    for (const [name, model] of Object.entries({ textModel, scorer })) {
      writeModel(folder.path(name), model);
      const read = readModelFolder(folder.path(name));
      expect(read).toMatchObject({
        architecture: model.architecture,
        tokens: model.tokens,
        parameters: model.parameters,
      });
    }
    expect(readModelFolder(folder.path("textModel")).tokenizer?.merges).toEqual(tokenizer.merges);
  });

  test("for ONNX has the layout of transformers.js", () => {
    writeOnnxFolder(folder.path("o"), textModel);
    expect(readFileSync(folder.path("o/onnx/model.onnx")).length).toBeGreaterThan(4 * 24 * 15);
    expect(json("o/config.json").vocab_size).toBe(15);
    expect(json("o/tokenizer.json").model.type).toBe("BPE");
  });

  describe("is refused where", () => {
    const spoil = (change: (config: Record<string, unknown>, own: Record<string, unknown>) => void) => {
      const config = json("m/config.json");
      change(config, config.arbel);
      folder.write("m/config.json", config);
    };
    const cases: [what: string, spoil: () => void, names: RegExp][] = [
      ["config.json is no JSON", () => folder.write("m/config.json", "{"), /config\.json: is not JSON/],
      ["config.json is a list", () => folder.write("m/config.json", "[]"), /must hold one JSON object/],
      [
        "it is another's",
        () => spoil((config) => delete config.arbel),
        /"arbel" is missing: only folders that arbel train/,
      ],
      [
        "its version is newer",
        () => spoil((_, own) => Object.assign(own, { version: 2 })),
        /"version" is 2.*update arbel/,
      ],
      ["its version is missing", () => spoil((_, own) => delete own.version), /"version" is missing.*write 1/],
      ["a size is no number", () => spoil((config) => Object.assign(config, { hidden_size: "24" })), /"width" must be/],
      ["tokens are missing", () => spoil((_, own) => Object.assign(own, { tokens: ["a"] })), /"tokens" must list 14/],
      [
        "rotary base differs",
        () => spoil((config) => Object.assign(config, { rope_theta: 5e5 })),
        /"rope_theta" is 500000/,
      ],
      [
        "heads are grouped",
        () => spoil((config) => Object.assign(config, { num_key_value_heads: 2 })),
        /"num_key_value_heads"/,
      ],
      [
        "weights have another shape",
        () => spoil((config) => Object.assign(config, { intermediate_size: 80 })),
        /"model\.layers\.0\.mlp\.gate_proj\.weight" has shape \[64,24\], but config\.json asks for \[80,24\]/,
      ],
      [
        "weights are truncated",
        () => truncateSync(folder.path("m/model.safetensors"), 3000),
        /model\.safetensors: .*truncated or damaged/,
      ],
      [
        "a weight is missing",
        () => rewrite(({ "model.norm.weight": _, ...rest }) => rest),
        /tensor "model\.norm\.weight" is missing, which config\.json asks for/,
      ],
      [
        "a weight is too many",
        () => rewrite((all) => ({ ...all, more: tensor([1], [0]) })),
        /tensor "more" is not among/,
      ],
      [
        "a weight is NaN",
        () => rewrite((all) => ({ ...all, "model.norm.weight": tensor([24], new Float32Array(24).fill(Number.NaN)) })),
        /"model\.norm\.weight" holds NaN at place 0/,
      ],
      [
        "the tokenizer is another kind",
        () => folder.write("m/tokenizer.json", "{}"),
        /tokenizer\.json: is not a tokenizer/,
      ],
    ];
    const rewrite = (change: (tensors: Tensors) => Tensors) => {
      const path = folder.path("m/model.safetensors");
      const list = Object.entries(change(readTensorFile(path).tensors));
      writeTensorFile(
        path,
        list.map(([name, value]) => ({ name, ...value })),
        { format: "pt" },
      );
    };
    test.each(cases)("%s", (_, spoilIt, names) => {
      writeModel(folder.path("m"), textModel);
      spoilIt();
      expect(() => readModelFolder(folder.path("m"))).toThrow(names);
    });
  });
});

describe("a checkpoint", () => {
  const tensors = { w: tensor([2, 3], [1, -2, 3.5, 0, 1e-30, 6]), "adam.step": tensor([1], [4]) };
  const shapes = { w: [2, 3], "adam.step": [1] };
  const run = "of this run";
  const path = () => folder.path("checkpoint.safetensors");

  test("comes back bit for bit, with what the risk remembers", () => {
    const memory = { "memory.chains": tensor([2], Int32Array.of(7, -1)) };
    writeCheckpoint(path(), { step: 4, tensors: { ...tensors, ...memory }, run });
    expect(readCheckpoint(path(), { run, shapes })).toEqual({ step: 4, tensors: { ...tensors, ...memory }, run });
  });

  test("of numbers in float64 comes back bit for bit beside others, and is no checkpoint of training", () => {
    const wide = { logits: { shape: [2], data: Float64Array.of(Math.PI, -1e-300) } };
    const state = { ...tensors, ids: { shape: [1], data: Int32Array.of(3) }, ...wide };
    writeCheckpoint(path(), { step: 4, tensors: state, run });
    expect(readNumberCheckpoint(path(), run)).toEqual({ step: 4, tensors: state, run });
    expect(() => readNumberCheckpoint(path(), "another")).toThrow(/is of another run/);
    expect(() => readCheckpoint(path(), { run, shapes: { ...shapes, logits: [2], ids: [1] } })).toThrow(
      /"logits" must be of dtype "F32"/,
    );
    writeCheckpoint(path(), { step: 4, tensors: { w: { shape: [1], data: Float64Array.of(Infinity) } }, run });
    expect(() => readNumberCheckpoint(path(), run)).toThrow(/tensor "w" holds Infinity at place 0/);
  });

  const header = (find: string, replace: string) => {
    const bytes = readFileSync(path());
    const at = bytes.indexOf(find);
    expect(at).toBeGreaterThan(0);
    expect(replace.length).toBe(find.length);
    bytes.write(replace, at);
    writeFileSync(path(), bytes);
  };
  const cases: [what: string, spoil: () => void, names: RegExp][] = [
    [
      "it is truncated in its data",
      () => truncateSync(path(), statSync(path()).size - 4),
      /checkpoint\.safetensors: .*the file is truncated/,
    ],
    ["it is truncated in its header", () => truncateSync(path(), 60), /the file is truncated or damaged/],
    [
      "a bit of its numbers has changed",
      () => {
        const bytes = readFileSync(path());
        bytes[bytes.length - 3] = (bytes[bytes.length - 3] as number) ^ 1;
        writeFileSync(path(), bytes);
      },
      /its numbers are not those that were written: the file is damaged/,
    ],
    ["it is empty", () => truncateSync(path(), 0), /too few for a safetensors header/],
    [
      "its version is another",
      () => header('"version":"1"', '"version":"2"'),
      /is of version 2, but this arbel knows version 1/,
    ],
    ["it is no checkpoint", () => header("arbel-checkpoint", "arbel-checkpoinT"), /is no checkpoint of a run/],
    ["its step is no number", () => header('"step":"4"', '"step":"x"'), /its step is "x"/],
    ["it is of another run", () => header("of this run", "of that run"), /is of another run/],
    [
      "a tensor has another shape",
      () => writeCheckpoint(path(), { step: 1, tensors: { ...tensors, w: tensor([3, 2], new Float32Array(6)) }, run }),
      /tensor "w" has shape \[3,2\], but the run's options ask for \[2,3\]/,
    ],
    [
      "a tensor is missing",
      () => writeCheckpoint(path(), { step: 1, tensors: { w: tensors.w }, run }),
      /"adam\.step" is missing/,
    ],
    [
      "a number is NaN",
      () => writeCheckpoint(path(), { step: 1, tensors: { ...tensors, "adam.step": tensor([1], [Number.NaN]) }, run }),
      /"adam\.step" holds NaN/,
    ],
    [
      "a tensor holds whole numbers",
      () =>
        writeCheckpoint(path(), { step: 1, tensors: { ...tensors, "adam.step": tensor([1], Int32Array.of(1)) }, run }),
      /"adam\.step" must be of dtype "F32"/,
    ],
  ];
  test.each(cases)("is refused where %s", (_, spoil, names) => {
    writeCheckpoint(path(), { step: 4, tensors, run });
    spoil();
    expect(() => readCheckpoint(path(), { run, shapes })).toThrow(names);
  });
});

describe("masses", () => {
  const space = tree({ tokens: ["a", "b"], horizon: 2, eos: false });

  test("are a target on the last action, whatever their sum", () => {
    const { levels, kind } = parseMasses("response,mass\nb a,3\n\na a , 0.5\r\n", space, "m.csv");
    expect(kind).toBe("reward");
    expect([...responses(space)]).toHaveLength(4);
    expect(levels).toEqual([new Float64Array(2), Float64Array.of(Math.log(0.5), -Infinity, Math.log(3), -Infinity)]);
  });

  test("with EOS name the tokens before it", () => {
    const { levels } = parseMasses(",1\na,2\nb,4", tree({ tokens: ["a", "b"], horizon: 2, eos: true }), "m.csv");
    expect(levels[0]?.[2]).toBe(0);
    expect([levels[1]?.[2], levels[1]?.[5]]).toEqual([Math.log(2), Math.log(4)]);
  });

  test.each([
    ["a a,0\nb b,0", /m\.csv: every mass is 0/],
    ["", /every mass is 0/],
    ["a a,1\nb b,-0.5", /m\.csv: line 2: the mass is "-0\.5": it must be a finite number ≥ 0/],
    ["a a,NaN", /line 1: the mass is "NaN"/],
    ["a a,1e999", /the mass is "1e999"/],
    ["a a,", /the mass is ""/],
    ["a a 1", /line 1: has no comma/],
    ["a c,1", /"a c" is not a response of the space: write exactly 2 of the tokens a b/],
    ["a,1", /"a" is not a response of the space/],
    ["a a,1\na a,2", /line 2: the response stands on line 1 already/],
  ])("%j are refused", (text, names) => {
    expect(() => parseMasses(text, space, "m.csv")).toThrow(names);
  });
});
