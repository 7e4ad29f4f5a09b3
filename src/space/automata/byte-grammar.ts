import type { CharSet, Concatenation, Element, NoParent } from "refa";
import type { Automaton } from "./automaton.ts";
import { characterClasses } from "./character-classes.ts";
import { type GrammarElement, type GrammarRules, parseGrammar } from "./grammar-parse.ts";
import { minimize } from "./minimize.ts";
import { overTokens } from "./over-tokens.ts";
import { checkMaximum } from "./regex.ts";
import type { RegexNfa } from "./regex-nfa.ts";
import { determinize } from "./regex-subsets.ts";
import { BYTES, byteSets, utf8Element } from "./utf8.ts";

/** A grammar that no automaton accepts, since a rule refers to itself other than at its end. */
export class NestedGrammarError extends RangeError {
  override readonly name = "NestedGrammarError";
}

/** Most nodes of a nondeterministic automaton. */
const NODES_LIMIT = 1_000_000;

/**
 * The smallest automaton over UTF-8 bytes of a grammar's texts, where it has one: rules that refer to themselves do so at
 * their end only.
 *
 * The grammar is in extended Backus–Naur form, as grammar engines read it: `name ::= …` with `"texts"`, `[a-z]`, `( )`, `|`, `*`,
 * `+`, `?` and `{n,m}`. As {@link byteRegex}, the automaton's tokens are the 256 bytes.
 *
 * @param options.root the rule to begin with, `"root"` unless told
 * @param options.maximumStates most states before merging, 20,000 unless told
 * @throws SyntaxError where the grammar cannot be read, with the place; {@link NestedGrammarError} where a rule refers to itself in
 * its middle (no automaton can count how deep); RangeError where a rule is missing, or the automaton explodes
 * @example
 * ```ts
 * import { accepts, byteGrammar, bytesOfText } from "arbel";
 * const machine = byteGrammar(`
 *   root ::= digits ("," digits)*
 *   digits ::= [0-9] | [0-9] digits
 * `);
 * console.log(accepts(machine, bytesOfText("12,5")), accepts(machine, bytesOfText("12,"))); // true, false
 * ```
 */
export const byteGrammar = (
  grammar: string,
  options: { readonly root?: string; readonly maximumStates?: number } = {},
): Automaton => {
  const { root = "root" } = options;
  const maximumStates = checkMaximum(options.maximumStates ?? 20_000);
  const nfa = grammarNfa(parseGrammar(grammar), root);
  const classes = characterClasses(Int32Array.from(BYTES.keys()), nfa.sets);
  const machine = determinize(nfa, classes, maximumStates);
  if ("reached" in machine) {
    throw new RangeError(
      `the automaton of the grammar explodes: it was given up after ${machine.reached.toLocaleString("en")} states, ` +
        `the limit is ${machine.limit}: lower the counts in braces, or simplify it`,
    );
  }
  const spellings = BYTES.map((_, byte) => [classes.classOf(byte)]);
  return minimize(overTokens(minimize(machine), BYTES, spellings));
};

/** What is built, from the end backward: every element is given the node that follows it. */
interface Builder {
  readonly rules: GrammarRules;
  readonly sets: Map<CharSet, number>;
  readonly byteSet: ReturnType<typeof byteSets>;
  /** Parts of regular expressions over bytes, by the set of characters they spell. */
  readonly spelled: Map<CharSet, NoParent<Element>>;
  /** Set that each node reads, or −1, and the node it moves on to. */
  readonly reads: number[];
  readonly moves: number[];
  /** Nodes that each node forwards to. */
  readonly forwards: number[][];
  /** The first node of each rule by what follows it: a rule that ends with itself leads back there. */
  readonly entries: Map<string, number>;
  /** Rules that are being built. */
  readonly open: string[];
}

const grammarNfa = (rules: GrammarRules, root: string): RegexNfa => {
  const builder: Builder = {
    rules,
    sets: new Map(),
    byteSet: byteSets(),
    spelled: new Map(),
    reads: [],
    moves: [],
    forwards: [],
    entries: new Map(),
    open: [],
  };
  const accept = addNode(builder, -1, -1, []);
  const start = addRule(builder, root, accept);
  const offsets = new Int32Array(builder.reads.length + 1);
  for (const [node, targets] of builder.forwards.entries())
    offsets[node + 1] = (offsets[node] as number) + targets.length;
  return {
    sets: [...builder.sets.keys()],
    reads: Int32Array.from(builder.reads),
    moves: Int32Array.from(builder.moves),
    offsets,
    forwards: Int32Array.from(builder.forwards.flat()),
    start,
    accept,
  };
};

const addNode = (builder: Builder, set: number, move: number, forwards: number[]): number => {
  if (builder.reads.length >= NODES_LIMIT) {
    throw new RangeError(`the grammar expands to more than ${NODES_LIMIT.toLocaleString("en")} nodes: simplify it`);
  }
  builder.reads.push(set);
  builder.moves.push(move);
  builder.forwards.push(forwards);
  return builder.reads.length - 1;
};

const addRule = (builder: Builder, name: string, exit: number): number => {
  const key = `${name} ${exit}`;
  const known = builder.entries.get(key);
  if (known !== undefined) return known;
  const rule = builder.rules.get(name);
  if (rule === undefined) {
    throw new RangeError(`the grammar has no rule "${name}", only ${[...builder.rules.keys()].slice(0, 8).join(", ")}`);
  }
  if (builder.open.includes(name)) {
    throw new NestedGrammarError(
      `the grammar's rule "${name}" refers to itself other than at its end, so no automaton accepts it: use the masks of a grammar engine`,
    );
  }
  const entry = addNode(builder, -1, -1, []);
  builder.entries.set(key, entry);
  builder.open.push(name);
  builder.forwards[entry]?.push(addElement(builder, rule, exit));
  builder.open.pop();
  return entry;
};

const addElement = (builder: Builder, element: GrammarElement, exit: number): number => {
  if (element.type === "CharacterClass") return addSpelled(builder, spell(builder, element.characters), exit);
  if (element.type === "Reference") return addRule(builder, element.rule, exit);
  if (element.type === "Alternation") {
    const firsts = element.alternatives.map((sequence) =>
      sequence.reduceRight((next, part) => addElement(builder, part, next), exit),
    );
    return firsts.length === 1 ? (firsts[0] as number) : addNode(builder, -1, -1, firsts);
  }
  const { minimum, maximum } = element;
  let at = exit;
  if (maximum === Infinity) {
    at = addNode(builder, -1, -1, [exit]);
    builder.forwards[at]?.push(addElement(builder, element.element, at));
  }
  for (let copy = minimum; copy < maximum && maximum < Infinity; copy++) {
    at = addNode(builder, -1, -1, [exit, addElement(builder, element.element, at)]);
  }
  for (let copy = 0; copy < minimum; copy++) at = addElement(builder, element.element, at);
  return at;
};

const spell = (builder: Builder, characters: CharSet): NoParent<Element> => {
  const known = builder.spelled.get(characters) ?? utf8Element(characters, builder.byteSet);
  builder.spelled.set(characters, known);
  return known;
};

/** Adds the bytes of a set of characters: classes and alternations only. */
const addSpelled = (builder: Builder, element: NoParent<Element>, exit: number): number => {
  if (element.type === "CharacterClass") {
    const set = builder.sets.get(element.characters) ?? builder.sets.size;
    builder.sets.set(element.characters, set);
    return addNode(builder, set, exit, []);
  }
  const alternatives = "alternatives" in element ? (element.alternatives as NoParent<Concatenation>[]) : [];
  const firsts = alternatives.map(({ elements }) =>
    elements.reduceRight((next, part) => addSpelled(builder, part, next), exit),
  );
  return firsts.length === 1 ? (firsts[0] as number) : addNode(builder, -1, -1, firsts);
};
