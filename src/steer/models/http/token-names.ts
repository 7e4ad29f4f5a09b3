import type { Vocabulary } from "../../vocabulary/vocabulary.ts";

/** How servers name tokens that have no id: by text, by bytes, or as `token_id:7`. */
export interface TokenNames {
  /** The token of a name; undefined where no token has it, or several have. */
  idOf(name: string, bytes?: unknown): number | undefined;
}

/** Two tokens have it. */
const AMBIGUOUS = -1;

/**
 * Finds tokens by the names that servers give them. A text that two tokens spell is that of the one which has no name of its
 * own: a model says "," by its token ",", and by `<0x2C>` next to never.
 *
 * @param named tokens that have names instead of texts
 */
export const tokenNames = (vocabulary: Vocabulary, named: ReadonlyMap<string, number>): TokenNames => {
  const byBytes = new Map<string, number>();
  const last = new Set(named.values());
  for (const id of [...vocabulary.bytes.keys()].filter((token) => !last.has(token))) {
    const bytes = vocabulary.bytes[id]?.join();
    if (bytes !== undefined) byBytes.set(bytes, byBytes.has(bytes) ? AMBIGUOUS : id);
  }
  for (const id of last) {
    const bytes = vocabulary.bytes[id]?.join();
    if (bytes !== undefined && !byBytes.has(bytes)) byBytes.set(bytes, id);
  }
  const known = (bytes: ArrayLike<number>): number | undefined => {
    const id = byBytes.get(Array.from(bytes).join());
    return id === AMBIGUOUS ? undefined : id;
  };
  const encoder = new TextEncoder();
  return {
    idOf: (name, bytes) => {
      const id = /^token_id:(\d+)$/.exec(name)?.[1];
      if (id !== undefined) return Number(id);
      if (named.has(name)) return named.get(name);
      if (Array.isArray(bytes)) return known(bytes);
      // as OpenAI writes bytes that are no text: bytes:\xe2\x80
      const escaped = /^bytes:((?:\\x[0-9a-fA-F]{2})+)$/.exec(name)?.[1];
      if (escaped !== undefined)
        return known(
          escaped
            .slice(2)
            .split("\\x")
            .map((digits) => Number.parseInt(digits, 16)),
        );
      return known(encoder.encode(name));
    },
  };
};
