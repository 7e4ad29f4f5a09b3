import type { Expansion } from "./expansion.ts";

/** Tokens after a prompt, as a node of a tree: particles that say the same share it, and the model is asked once. */
export interface Prefix {
  /** The prefix that is a token shorter; none at the prompt. */
  readonly parent: Prefix | undefined;
  /** Its last token; −1 at the prompt. */
  readonly token: number;
  /** Tokens after the prompt. */
  readonly length: number;
  /** Where it leads the wish's potential. */
  readonly state: unknown;
  /** What was said after it, by token, if anything was. */
  children: Map<number, Prefix> | undefined;
  /** What can come after it, while that is remembered. */
  expansion: Expansion | undefined;
}

/** Tokens after the prompt; with the prompt's tokens, the whole context. */
export const tokensOf = (prefix: Prefix, prompt: readonly number[] = []): number[] => {
  const tokens = prompt.slice();
  // filled first, so that the engine keeps small numbers side by side
  for (let i = 0; i < prefix.length; i++) tokens.push(0);
  let at = tokens.length;
  for (let node: Prefix | undefined = prefix; node?.parent; node = node.parent) tokens[--at] = node.token;
  return tokens;
};
