/**
 * The byte of each character of the alphabet in which byte-level BPE writes bytes: printable characters stand for
 * themselves, the other bytes for `U+0100` and on, in order.
 *
 * Source: Radford and others, GPT-2 (2019).
 */
const BYTE_OF_CHARACTER: ReadonlyMap<string, number> = (() => {
  const isPrintable = (byte: number) =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);
  const map = new Map<string, number>();
  let others = 0;
  for (let byte = 0; byte < 256; byte++) {
    map.set(String.fromCharCode(isPrintable(byte) ? byte : 0x100 + others++), byte);
  }
  return map;
})();

/** Bytes of a token of byte-level BPE; undefined where a character is none of the alphabet. */
export const bytesOfAlphabet = (token: string): Uint8Array | undefined => {
  const bytes = Uint8Array.from(token, (character) => BYTE_OF_CHARACTER.get(character) ?? 0);
  return [...token].every((character) => BYTE_OF_CHARACTER.has(character)) ? bytes : undefined;
};

/** The byte of a token like `<0x0A>`, in which SentencePiece writes what it has no piece for. */
export const fallbackByte = (token: string): Uint8Array | undefined => {
  const digits = /^<0x([0-9A-Fa-f]{2})>$/.exec(token)?.[1];
  return digits === undefined ? undefined : Uint8Array.of(Number.parseInt(digits, 16));
};

/** Bytes of a SentencePiece token, in which U+2581 stands for a space. */
export const bytesOfPiece = (token: string): Uint8Array => new TextEncoder().encode(token.replaceAll("\u2581", " "));
