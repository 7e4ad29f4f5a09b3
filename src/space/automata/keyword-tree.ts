import { append, contents, intBuffer } from "./int-buffer.ts";

/** The Aho–Corasick automaton of keywords: a node is the longest end of the text read that some keyword begins with. */
export interface KeywordTree {
  readonly nodes: number;
  /** Number of character classes: one for each code unit of a keyword, and 0 for all others. */
  readonly classes: number;
  /** The class of a UTF-16 code unit. */
  classOf(codeUnit: number): number;
  /** The node after reading a class, `[nodes × classes]`. */
  readonly next: Int32Array;
  /** Bits of the keywords that must occur and end at a node, `[nodes]`. */
  readonly found: Int32Array;
  /** 1 where a keyword that must not occur ends at a node, `[nodes]`. */
  readonly forbidden: Uint8Array;
}

/** The automaton of keywords that must and must not occur, none of them empty. */
export const keywordTree = (must: readonly string[], mustNot: readonly string[]): KeywordTree => {
  const classes = new Map<number, number>();
  for (const keyword of [...must, ...mustNot]) {
    for (let i = 0; i < keyword.length; i++) {
      const codeUnit = keyword.charCodeAt(i);
      if (!classes.has(codeUnit)) classes.set(codeUnit, classes.size + 1);
    }
  }
  const classOf = (codeUnit: number) => classes.get(codeUnit) ?? 0;
  const count = classes.size + 1;
  const children = intBuffer();
  const addNode = () => {
    for (let label = 0; label < count; label++) append(children, -1);
    return children.length / count - 1;
  };
  addNode();
  const insert = (keyword: string): number => {
    let node = 0;
    for (let i = 0; i < keyword.length; i++) {
      const place = node * count + classOf(keyword.charCodeAt(i));
      if (children.values[place] === -1) {
        const child = addNode();
        children.values[place] = child;
      }
      node = children.values[place] as number;
    }
    return node;
  };
  const mustEnds = must.map(insert);
  const mustNotEnds = mustNot.map(insert);
  const nodes = children.length / count;
  const [found, forbidden] = [new Int32Array(nodes), new Uint8Array(nodes)];
  for (const [bit, node] of mustEnds.entries()) found[node] = 1 << bit;
  for (const node of mustNotEnds) forbidden[node] = 1;
  const next = fallBack(contents(children), count, (node, shorter) => {
    found[node] = (found[node] as number) | (found[shorter] as number);
    forbidden[node] = (forbidden[node] as number) | (forbidden[shorter] as number);
  });
  return { nodes, classes: count, classOf, next, found, forbidden };
};

/**
 * Completes a tree of texts: a missing child becomes that of the longest proper end of the text that the tree has.
 *
 * @param children the child by each label, or −1, `[nodes × labels]`; node 0 is the empty text
 * @param onNode called for each node but the root, shorter texts first, with the node it falls back to
 */
export const fallBack = (
  children: Int32Array,
  labels: number,
  onNode: (node: number, shorter: number) => void = () => {},
): Int32Array => {
  const next = children.slice();
  const shorterOf = new Int32Array(children.length / labels);
  const queue = [0];
  for (const node of queue) {
    const shorter = shorterOf[node] as number;
    if (node > 0) onNode(node, shorter);
    for (let label = 0; label < labels; label++) {
      const place = node * labels + label;
      const fallen = node > 0 ? (next[shorter * labels + label] as number) : 0;
      const child = children[place] as number;
      next[place] = child < 0 ? fallen : child;
      if (child < 0) continue;
      shorterOf[child] = fallen;
      queue.push(child);
    }
  }
  return next;
};
