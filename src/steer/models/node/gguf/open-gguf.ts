import type { Llama, LlamaContextSequence, LlamaModel, Token } from "node-llama-cpp";
import { InputError } from "../../../../space/index.ts";
import type { Vocabulary } from "../../../vocabulary/vocabulary.ts";
import { vocabularyOf } from "../../../vocabulary/vocabulary-of.ts";
import { languageModelOf } from "../../adapter.ts";
import type { LanguageModel, NextTokens } from "../../language-model.ts";
import { distributionOf } from "../../next-tokens.ts";
import { sizeOfFile, threadsFor } from "../threads-for.ts";
import { ggufBytes } from "./gguf-vocabulary.ts";
import { assignSequences } from "./sequences.ts";

/** Knobs of GGUF models. */
export interface GgufOptions {
  /**
   * Numbers of the cache of keys and values: "f32" for accuracy (logits within 1e-4 of those of ONNX Runtime), "f16" for half
   * of the memory and speed (within 0.05). Default: "f16".
   */
  readonly cacheNumbers?: "f16" | "f32";
  /** Contexts that are evaluated together, each with a cache of its own. Default: 32. */
  readonly sequences?: number;
  /** Tokens of the longest context. Default: what the model was trained with, at most 1,024. */
  readonly contextSize?: number;
  /** Threads; 0: one a core. Default: 1 for files of less than 64 MiB, else one a core. */
  readonly threads?: number;
}

/** The largest default of {@link GgufOptions.contextSize}. */
const CONTEXT = 1024;

/**
 * Opens a GGUF file by `node-llama-cpp`, on the processor or the graphics card that it finds.
 *
 * @throws InputError where the package is not installed, or the file is damaged or of another kind
 */
export const openGguf = async (path: string, options: GgufOptions = {}): Promise<LanguageModel> => {
  const library = await importLibrary(path);
  const bytes = await vocabularyBytes(library, path);
  const threads = threadsFor(options.threads, sizeOfFile(path));
  const llama = await startLlama(library, path);
  try {
    const model = await llama.loadModel({ modelPath: path });
    const kind = options.cacheNumbers === "f32" ? "F32" : "F16";
    const { sequences = 32, contextSize = Math.min(model.trainContextSize, CONTEXT) } = options;
    const context = await model.createContext({
      sequences,
      contextSize,
      batchSize: Math.max(512, sequences),
      threads,
      // flash attention computes with 16-bit numbers on the processor, whatever the cache holds: 1e-2 in logits, not 1e-5
      flashAttention: kind === "F32" ? false : "auto",
      experimentalKvCacheKeyType: kind,
      experimentalKvCacheValueType: kind,
    });
    const held = Array.from({ length: sequences }, () => context.getSequence());
    return ggufModel({
      name: path,
      vocabulary: vocabularyFor(model, bytes),
      sequences: held,
      contextSize,
      dispose: () => llama.dispose(),
    });
  } catch (error) {
    await llama.dispose();
    const why = (error as Error).message.replaceAll(/\s+/g, " ");
    throw new InputError(`${path}: llama.cpp cannot load it (${why}): fetch or convert the file again`, {
      cause: error,
    });
  }
};

type Library = typeof import("node-llama-cpp");

const importLibrary = async (path: string): Promise<Library> => {
  try {
    return await import("node-llama-cpp");
  } catch (error) {
    throw new InputError(`${path}: needs the package node-llama-cpp: run npm install node-llama-cpp`, { cause: error });
  }
};

const startLlama = async (library: Library, path: string): Promise<Llama> => {
  try {
    return await library.getLlama({
      build: "never",
      skipDownload: true,
      progressLogs: false,
      logLevel: library.LlamaLogLevel.error,
    });
  } catch (error) {
    const why = (error as Error).message.replaceAll(/\s+/g, " ");
    throw new InputError(`${path}: llama.cpp does not run on this machine (${why})`, { cause: error });
  }
};

const vocabularyBytes = async (library: Library, path: string): Promise<(Uint8Array | null)[]> => {
  let metadata: { readonly tokenizer?: { readonly ggml?: unknown } };
  try {
    ({ metadata } = await library.readGgufFileInfo(path, { logWarnings: false }));
  } catch (error) {
    throw new InputError(`${path}: is no GGUF file (${(error as Error).message}): fetch or convert it again`, {
      cause: error,
    });
  }
  return ggufBytes((metadata.tokenizer?.ggml ?? {}) as Parameters<typeof ggufBytes>[0], path);
};

const vocabularyFor = (model: LlamaModel, bytes: (Uint8Array | null)[]): Vocabulary => {
  const { bos, shouldPrependBosToken } = model.tokens;
  const opening = shouldPrependBosToken && bos !== null ? [bos] : [];
  const encode = (text: string): number[] => (text === "" ? [] : [...model.tokenize(text, true)]);
  const ends = Array.from(bytes.keys()).filter((token) => model.isEogToken(token as Token));
  const parts = { bytes, ends, opening, encode };
  const prefix = vocabularyOf(parts).decode(encode("a")) === " a" ? " " : "";
  return vocabularyOf({ ...parts, prefix });
};

/** What {@link ggufModel} makes a language model of. */
interface GgufParts {
  readonly name: string;
  readonly vocabulary: Vocabulary;
  readonly sequences: readonly LlamaContextSequence[];
  readonly contextSize: number;
  dispose(): Promise<void>;
}

const ggufModel = ({ name, vocabulary, sequences, contextSize, dispose }: GgufParts): LanguageModel => {
  let read = 0;
  /** The row after a context, in a sequence whose first `kept` tokens are the context's. */
  const rowAfter = async (context: readonly number[], sequence: LlamaContextSequence, kept: number) => {
    await sequence.eraseContextTokenRanges([{ start: kept, end: sequence.nextTokenIndex }]);
    const fresh = context.slice(kept) as Token[];
    read += fresh.length;
    const last = fresh.pop() as Token;
    const outputs = await sequence.controlledEvaluate([...fresh, [last, { generateNext: { logits: true } }]]);
    return rowOf(outputs.at(-1)?.next.logits, vocabulary.size, name);
  };
  /** Rows of at most as many contexts as there are sequences, side by side. */
  const rowsAfter = async (contexts: readonly (readonly number[])[]): Promise<NextTokens[]> => {
    const held = sequences.map((sequence) => sequence.contextTokens);
    const assigned = assignSequences(contexts, held);
    const rows = await Promise.allSettled(
      assigned.map(({ sequence, kept }, index) =>
        rowAfter(contexts[index] as readonly number[], sequences[sequence] as LlamaContextSequence, kept),
      ),
    );
    return rows.map((row) => {
      if (row.status === "rejected") throw row.reason;
      return row.value;
    });
  };
  return languageModelOf({
    name,
    vocabulary,
    refusal: ({ length }) => {
      if (length === 0) return "an empty context has nothing to go on from: give a prompt";
      if (length <= contextSize) return;
      return `a context of ${length} tokens is longer than the ${contextSize} that were made room for: raise "contextSize"`;
    },
    evaluate: async (contexts, signal) => {
      read = 0;
      const rows: NextTokens[] = [];
      for (let start = 0; start < contexts.length; start += sequences.length) {
        signal?.throwIfAborted();
        rows.push(...(await rowsAfter(contexts.slice(start, start + sequences.length))));
      }
      return { rows, tokens: read };
    },
    dispose,
  });
};

const rowOf = (logits: ReadonlyMap<Token, number> | undefined, size: number, source: string): NextTokens => {
  if (logits?.size !== size) throw new Error(`${source}: llama.cpp gave ${logits?.size ?? 0} of ${size} logits`);
  const row = new Float64Array(size);
  for (const [token, logit] of logits) row[token] = logit;
  return distributionOf(row, source);
};
