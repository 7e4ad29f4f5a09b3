import type { GrammarMatcher } from "@mlc-ai/web-xgrammar";
import { InputError } from "../../space/index.ts";
import type { Potential } from "../potentials/potential.ts";
import { spellingOf } from "../potentials/token-trie.ts";
import type { Vocabulary } from "../vocabulary/index.ts";
import type { GrammarEngine } from "./engine.ts";

/** Tokens of a response so far, each after those before it: responses that begin alike share them. */
export interface GrammarState {
  readonly token: number;
  readonly before: GrammarState | undefined;
  readonly length: number;
}

/** A grammar as a potential, by the masks of a grammar engine. */
export interface GrammarPotential extends Potential<GrammarState | undefined> {
  readonly hard: true;
  /** Frees the engine's memory. */
  dispose(): void;
}

/**
 * A grammar of any kind as a potential over a model's tokens: `φ` is 0 of its texts, −∞ elsewhere.
 *
 * For grammars that nest, such as any JSON; what has an automaton is better served by {@link grammar}, which can look ahead and
 * knows how many tokens it still needs. Nothing here forbids what cannot be finished in the tokens that are left.
 *
 * @param source in extended Backus–Naur form, as {@link jsonSchemaGrammar} gives it
 * @throws InputError where the engine cannot read the grammar, or no token of the model can begin a text of it
 */
export const grammarPotential = async (
  source: string,
  vocabulary: Vocabulary,
  engine: GrammarEngine,
  options: { readonly name?: string } = {},
): Promise<GrammarPotential> => {
  const { name = "the grammar" } = options;
  const { ends, size } = vocabulary;
  if (ends.length === 0) throw new InputError("the model has no token that ends a response");
  const tokenizer = await engine.TokenizerInfo.createTokenizerInfo(
    spelledTokens(vocabulary),
    "byte_level",
    false,
    size,
    [...ends],
  );
  const compiler = await engine.GrammarCompiler.createGrammarCompiler(tokenizer);
  const compiled = await compiler.compileGrammar(source).catch((error: unknown) => {
    throw new InputError(`${name} cannot be read by the grammar engine: ${firstLine(error)}`, { cause: error });
  });
  const matcher = await engine.GrammarMatcher.createGrammarMatcher(compiled, [...ends]);
  const masks = maskReader(matcher, vocabulary);
  const first = await masks(undefined);
  if (first.every((entry) => entry === -Infinity)) {
    throw new InputError(`none of the model's ${size} tokens can begin a text of ${name}: relax it`);
  }
  // the matcher has one place at a time: requests wait for one another
  let queue: Promise<unknown> = Promise.resolve();
  return {
    name,
    hard: true,
    start: () => ({ state: undefined, value: 0 }),
    rows: (states) => {
      const work = queue.then(async () => {
        const rows: Float64Array[] = [];
        for (const state of states) rows.push(await masks(state));
        return rows;
      });
      queue = work.catch(() => {});
      return work;
    },
    advance: (before, token) => ({ token, before, length: (before?.length ?? 0) + 1 }),
    dispose: () => {
      for (const owned of [matcher, compiled, compiler, tokenizer]) owned.dispose();
    },
  };
};

/** Reads masks at any place, by going back to where it left the matcher's path and on from there. */
const maskReader = (
  matcher: GrammarMatcher,
  vocabulary: Vocabulary,
): ((state: GrammarState | undefined) => Promise<Float64Array>) => {
  const known = new WeakMap<GrammarState, Float64Array>();
  let atStart: Float64Array | undefined;
  const path: GrammarState[] = [];
  const moveTo = (state: GrammarState | undefined): void => {
    const wanted: GrammarState[] = [];
    for (let at = state; at; at = at.before) wanted[at.length - 1] = at;
    let shared = 0;
    while (shared < path.length && path[shared]?.token === wanted[shared]?.token) shared++;
    if (path.length > shared) matcher.rollBack(path.length - shared);
    path.length = shared;
    for (const next of wanted.slice(shared)) {
      if (!matcher.acceptToken(next.token)) {
        throw new Error(`token ${next.token} was forbidden: ask for the row of a state before going on from it`);
      }
      path.push(next);
    }
  };
  return async (state) => {
    const found = state ? known.get(state) : atStart;
    if (found) return found;
    moveTo(state);
    const row = rowOfMask(await matcher.getNextTokenBitmask(), vocabulary);
    if (state) known.set(state, row);
    else atStart = row;
    return row;
  };
};

/** A bit for each token, 32 in a number, as 0 and −∞. */
const rowOfMask = (mask: Int32Array, vocabulary: Vocabulary): Float64Array => {
  const ends = new Set(vocabulary.ends);
  return Float64Array.from({ length: vocabulary.size }, (_, token) => {
    const allowed = ((mask[token >> 5] as number) >>> (token & 31)) & 1;
    return allowed && (ends.has(token) || spellingOf(vocabulary, token)) ? 0 : -Infinity;
  });
};

/**
 * Tokens as the engine reads them: each byte as the character that byte-level tokenizers (GPT-2's) write for it, since texts of
 * tokens that are parts of characters cannot be passed as they are. Tokens that stand for nothing are empty.
 */
const spelledTokens = (vocabulary: Vocabulary): string[] => {
  const characters = byteCharacters();
  return Array.from({ length: vocabulary.size }, (_, token) =>
    Array.from(spellingOf(vocabulary, token) ?? [], (byte) => characters[byte]).join(""),
  );
};

/** GPT-2's table: printable Latin-1 characters stand for themselves, other bytes for the characters from U+0100 on. */
const byteCharacters = (): string[] => {
  let others = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    return String.fromCodePoint(printable ? byte : others++);
  });
};

const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split("\n")[0]?.trim() ?? "";
