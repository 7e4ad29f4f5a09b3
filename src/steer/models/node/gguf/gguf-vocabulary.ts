import { InputError } from "../../../../space/index.ts";
import { bytesOfAlphabet, bytesOfPiece, fallbackByte } from "../../../vocabulary/byte-alphabet.ts";

/** What the metadata of a GGUF file says about tokens, `tokenizer.ggml`. */
export interface GgufTokens {
  readonly model?: unknown;
  readonly tokens?: unknown;
  readonly token_type?: unknown;
}

/** llama.cpp's numbers for kinds of tokens. */
const KINDS = { normal: 1, userDefined: 4, byte: 6 };

/**
 * Bytes of every token of a GGUF file: SentencePiece (`llama`, `t5`) and byte-level BPE (`gpt2`).
 *
 * @throws InputError where the file has another kind of vocabulary, or none
 */
export const ggufBytes = ({ model, tokens, token_type }: GgufTokens, source: string): (Uint8Array | null)[] => {
  if (!Array.isArray(tokens) || tokens.length === 0)
    throw new InputError(`${source}: holds no vocabulary: fetch or convert the file again`);
  if (model !== "llama" && model !== "gpt2" && model !== "t5") {
    throw new InputError(
      `${source}: the vocabulary ${JSON.stringify(model)} is not supported: use one of llama, gpt2, t5`,
    );
  }
  const kinds = Array.isArray(token_type) ? token_type : [];
  return tokens.map((token: unknown, id) => {
    const text = String(token);
    const kind = (kinds[id] as number | undefined) ?? KINDS.normal;
    if (kind === KINDS.userDefined) return new TextEncoder().encode(text);
    if (kind === KINDS.byte) return fallbackByte(text) ?? null;
    if (kind !== KINDS.normal) return null;
    return model === "gpt2" ? (bytesOfAlphabet(text) ?? new TextEncoder().encode(text)) : bytesOfPiece(text);
  });
};
