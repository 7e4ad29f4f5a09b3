import type { Vocabulary } from "../vocabulary/index.ts";

/** Whether tokens mean the same to two models: the same bytes, the same ends. */
export const sameVocabulary = (left: Vocabulary, right: Vocabulary): boolean =>
  left === right || (left.size === right.size && fingerprint(left) === fingerprint(right));

const known = new WeakMap<Vocabulary, string>();

/** A number of a vocabulary's bytes and ends, as text: two 32-bit hashes (FNV-1a and its reverse), to tell tokenizers apart. */
export const fingerprint = (vocabulary: Vocabulary): string => {
  const found = known.get(vocabulary) ?? computed(vocabulary);
  known.set(vocabulary, found);
  return found;
};

const computed = ({ size, bytes, ends }: Vocabulary): string => {
  let [forward, backward] = [0x811c9dc5, 0x811c9dc5];
  const add = (value: number) => {
    forward = Math.imul(forward ^ value, 0x01000193);
    backward = Math.imul(backward, 0x01000193) ^ value;
  };
  for (const spelling of bytes) {
    add(spelling ? spelling.length : 0xffff);
    for (const byte of spelling ?? []) add(byte);
  }
  for (const end of ends) add(end);
  const hexadecimal = (value: number) => (value >>> 0).toString(16).padStart(8, "0");
  return `${size}-${hexadecimal(forward)}${hexadecimal(backward)}`;
};
