import type { CharSet, Concatenation, Element, NoParent, Quantifier } from "refa";
import { sortedBy, upTo } from "./arc-order.ts";
import { append, contents, type IntBuffer, intBuffer } from "./int-buffer.ts";
import type { RegexTree } from "./regex-parse.ts";

/**
 * A nondeterministic automaton after Thompson: a node either reads a character of a set and moves on, or forwards to other
 * nodes without reading. Its size is linear in the expanded pattern, also where `(a*b*){1000}` lets everything be skipped.
 */
export interface RegexNfa {
  /** Distinct character sets. */
  readonly sets: readonly CharSet[];
  /** Index of the set a node reads, or −1 where it forwards, `[nodes]`. */
  readonly reads: Int32Array;
  /** Where a reading node moves on to, `[nodes]`. */
  readonly moves: Int32Array;
  /** Nodes that a node forwards to stand at `offsets[node] … offsets[node + 1] − 1`, `[nodes + 1]`. */
  readonly offsets: Int32Array;
  readonly forwards: Int32Array;
  readonly start: number;
  readonly accept: number;
}

/** Nodes that the automaton of an expression needs, at least; may be `Infinity`. */
export const expandedSize = (tree: RegexTree): number => sizeOf(tree.alternatives);

const sizeOf = (alternatives: readonly NoParent<Concatenation>[]): number => {
  let size = 1;
  for (const { elements } of alternatives) for (const element of elements) size += sizeOfElement(element);
  return size;
};

const sizeOfElement = (element: NoParent<Element>): number => {
  if (element.type === "Alternation") return sizeOf(element.alternatives);
  if (element.type !== "Quantifier") return 2;
  const copies = element.max === Infinity ? element.min + 1 : element.max;
  return 1 + copies * sizeOf(element.alternatives);
};

/** The automaton of an expression. Check {@link expandedSize} first. */
export const regexNfa = (tree: RegexTree): RegexNfa => {
  const builder: Builder = {
    sets: new Map(),
    reads: intBuffer(),
    moves: intBuffer(),
    from: intBuffer(),
    to: intBuffer(),
  };
  const start = addNode(builder, -1, -1);
  const accept = anyOf(builder, tree.alternatives, start);
  const [sources, targets] = [contents(builder.from), contents(builder.to)];
  const order = sortedBy(upTo(sources.length), sources, builder.reads.length);
  const offsets = new Int32Array(builder.reads.length + 1);
  for (const source of sources) offsets[source + 1] = (offsets[source + 1] as number) + 1;
  for (let node = 1; node < offsets.length; node++) {
    offsets[node] = (offsets[node] as number) + (offsets[node - 1] as number);
  }
  const forwards = order.map((edge) => targets[edge] as number);
  const nfa = { reads: contents(builder.reads), moves: contents(builder.moves), offsets, forwards, start, accept };
  skipDetours(nfa);
  return { ...nfa, sets: [...builder.sets.keys()] };
};

/** Leads moves and forwards past nodes that only forward to one other: most nodes of this construction. */
const skipDetours = ({ moves, offsets, forwards, accept }: Omit<RegexNfa, "sets">): void => {
  const destination = (node: number): number => {
    let at = node;
    while (at !== accept && (moves[at] as number) < 0 && (offsets[at + 1] as number) - (offsets[at] as number) === 1) {
      const next = forwards[offsets[at] as number] as number;
      if (next === node) break;
      at = next;
    }
    return at;
  };
  for (let edge = 0; edge < forwards.length; edge++) forwards[edge] = destination(forwards[edge] as number);
  for (let node = 0; node < moves.length; node++) {
    if ((moves[node] as number) >= 0) moves[node] = destination(moves[node] as number);
  }
};

/** What is built: nodes, the sets they read, and forwarding edges in the order in which they are added. */
interface Builder {
  readonly sets: Map<CharSet, number>;
  readonly reads: IntBuffer;
  readonly moves: IntBuffer;
  readonly from: IntBuffer;
  readonly to: IntBuffer;
}

const addNode = (builder: Builder, set: number, move: number): number => {
  append(builder.reads, set);
  append(builder.moves, move);
  return builder.reads.length - 1;
};

const forward = (builder: Builder, from: number, to: number): void => {
  append(builder.from, from);
  append(builder.to, to);
};

const setNumber = ({ sets }: Builder, set: CharSet): number => {
  const known = sets.get(set) ?? sets.size;
  sets.set(set, known);
  return known;
};

/** Adds alternatives that begin at a node; gives the node where they are over. Nothing ever forwards back to `from`. */
const anyOf = (builder: Builder, alternatives: readonly NoParent<Concatenation>[], from: number): number => {
  const to = addNode(builder, -1, -1);
  for (const { elements } of alternatives) {
    let at = from;
    for (const element of elements) at = one(builder, element, at);
    forward(builder, at, to);
  }
  return to;
};

const one = (builder: Builder, element: NoParent<Element>, from: number): number => {
  switch (element.type) {
    case "CharacterClass": {
      const to = addNode(builder, -1, -1);
      forward(builder, from, addNode(builder, setNumber(builder, element.characters), to));
      return to;
    }
    case "Alternation":
      return anyOf(builder, element.alternatives, from);
    case "Quantifier":
      return repeat(builder, element, from);
    default:
      throw new TypeError(`a regular expression's ${element.type} should have been refused`);
  }
};

const repeat = (builder: Builder, { min, max, alternatives }: NoParent<Quantifier>, from: number): number => {
  let at = from;
  for (let copy = 0; copy < min; copy++) at = anyOf(builder, alternatives, at);
  const to = addNode(builder, -1, -1);
  if (max === Infinity) {
    forward(builder, at, to);
    forward(builder, anyOf(builder, alternatives, to), to);
    return to;
  }
  for (let copy = min; copy < max; copy++) {
    forward(builder, at, to);
    at = anyOf(builder, alternatives, at);
  }
  forward(builder, at, to);
  return to;
};
