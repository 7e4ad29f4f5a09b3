import { InputError } from "../../../space/index.ts";
import type { DecoderOutput, DecoderSession, KeysAndValues } from "../decoder/decoder-session.ts";
import type { OnnxInference, OnnxRuntime, OnnxTensor, OnnxValue } from "./runtime.ts";

const PAST = "past_key_values.";
const IDS = ["input_ids", "attention_mask", "position_ids"];

/** What a configuration says that a graph may leave open. */
export interface OnnxSizes {
  readonly vocab_size?: number;
  readonly num_attention_heads?: number;
  readonly num_key_value_heads?: number;
  readonly head_dim?: number;
  readonly hidden_size?: number;
}

/**
 * A decoder that ONNX Runtime runs, in the layout of transformers.js: `input_ids`, `attention_mask`, perhaps `position_ids`, and
 * `past_key_values.{i}.key` and `.value` in; `logits` and `present.{i}.key` and `.value` out.
 *
 * @throws InputError where the graph has other inputs, no cache, or numbers that are not float32
 */
export const onnxSession = (given: {
  readonly runtime: OnnxRuntime;
  readonly inference: OnnxInference;
  readonly sizes?: OnnxSizes;
  /** What errors call the file. */
  readonly source: string;
}): DecoderSession => {
  const { runtime, inference, sizes = {}, source } = given;
  const { inputMetadata, outputMetadata } = inference;
  const caches = inference.inputNames.filter((name) => name.startsWith(PAST));
  checkInputs(inference, caches, source);
  const parts = caches.map((name) => partOf(inputMetadata, name, sizes, source));
  const vocabulary = lastSize(outputMetadata, "logits") ?? sizes.vocab_size;
  if (vocabulary === undefined)
    throw new InputError(`${source}: does not say how many logits it has: add "vocab_size" to config.json`);
  const hasPositions = inference.inputNames.includes("position_ids");

  const integers = (rows: number, columns: number, numberAt: (row: number, column: number) => number): OnnxTensor => {
    const data = new BigInt64Array(rows * columns);
    for (let index = 0; index < data.length; index++) {
      data[index] = BigInt(numberAt(Math.floor(index / columns), index % columns));
    }
    return new runtime.Tensor("int64", data, [rows, columns]);
  };
  const feedsOf = (tokens: readonly (readonly number[])[], past: KeysAndValues): Record<string, OnnxTensor> => {
    const rows = tokens.length;
    const fresh = tokens[0]?.length ?? 0;
    const all = past.length + fresh;
    return {
      input_ids: integers(rows, fresh, (row, column) => tokens[row]?.[column] as number),
      attention_mask: new runtime.Tensor("int64", new BigInt64Array(rows * all).fill(1n), [rows, all]),
      ...(hasPositions ? { position_ids: integers(rows, fresh, (_, column) => past.length + column) } : {}),
      ...Object.fromEntries(
        caches.map((name, part) => {
          const { heads, width } = parts[part] as DecoderSession["parts"][number];
          const data = past.parts[part] as Float32Array;
          return [name, new runtime.Tensor("float32", data, [past.rows, heads, past.length, width])];
        }),
      ),
    };
  };
  return {
    vocabulary,
    parts,
    run: async (tokens, past): Promise<DecoderOutput> => {
      const outputs = await inference.run(feedsOf(tokens, past));
      const numbers = (name: string) => outputs[name]?.data as Float32Array;
      const logits = numbers("logits");
      const fresh = tokens[0]?.length ?? 0;
      if (logits?.length !== tokens.length * fresh * vocabulary) {
        throw new Error(
          `${source}: gave logits [${outputs.logits?.dims}] for ${tokens.length} × ${fresh} tokens of ${vocabulary}`,
        );
      }
      return {
        logits,
        present: {
          rows: tokens.length,
          length: past.length + fresh,
          parts: caches.map((name) => numbers(name.replace(PAST, "present."))),
        },
      };
    },
    dispose: () => inference.release(),
  };
};

const checkInputs = (inference: OnnxInference, caches: readonly string[], source: string): void => {
  const unknown = inference.inputNames.find((name) => !IDS.includes(name) && !caches.includes(name));
  if (unknown !== undefined) {
    throw new InputError(
      `${source}: the input ${JSON.stringify(unknown)} is not supported: export a decoder with a cache`,
    );
  }
  if (
    !inference.inputNames.includes("input_ids") ||
    !inference.inputNames.includes("attention_mask") ||
    caches.length === 0
  ) {
    throw new InputError(
      `${source}: has no inputs "input_ids", "attention_mask" and "past_key_values.*": export a decoder with a cache`,
    );
  }
  const all = [...inference.inputMetadata, ...inference.outputMetadata];
  for (const name of ["logits", ...caches, ...caches.map((each) => each.replace(PAST, "present."))]) {
    const value = all.find((each) => each.name === name);
    if (!value) throw new InputError(`${source}: has no output ${JSON.stringify(name)}: export a decoder with a cache`);
    if (value.type !== undefined && value.type !== "float32") {
      throw new InputError(`${source}: ${JSON.stringify(name)} is ${value.type}, not float32: use the float32 model`);
    }
  }
};

const shapeOf = (values: readonly OnnxValue[], name: string) => values.find((value) => value.name === name)?.shape;

const lastSize = (values: readonly OnnxValue[], name: string): number | undefined => {
  const size = shapeOf(values, name)?.at(-1);
  return typeof size === "number" && size > 0 ? size : undefined;
};

/** Heads and head width of a cache, from the graph or, where it leaves them open, the configuration. */
const partOf = (values: readonly OnnxValue[], name: string, sizes: OnnxSizes, source: string) => {
  const shape = shapeOf(values, name);
  const open = (size: number | string | undefined) => (typeof size === "number" && size > 0 ? size : undefined);
  const { num_attention_heads: all, num_key_value_heads, head_dim, hidden_size } = sizes;
  const heads = open(shape?.[1]) ?? num_key_value_heads ?? all;
  const width = open(shape?.[3]) ?? head_dim ?? (hidden_size !== undefined && all ? hidden_size / all : undefined);
  if (heads === undefined || width === undefined) {
    throw new InputError(
      `${source}: does not say the size of ${JSON.stringify(name)}: add "num_key_value_heads" and "head_dim" to config.json`,
    );
  }
  return { heads, width };
};
