import type { Automaton } from "./automaton.ts";
import type { CharacterClasses } from "./character-classes.ts";
import { append, contents, type IntBuffer, intBuffer } from "./int-buffer.ts";
import type { RegexNfa } from "./regex-nfa.ts";

/** Most steps of a determinisation: half a second's worth. */
const WORK_LIMIT = 5e7;

/** Most members of all subsets together: 128 MiB. */
const MEMBERS_LIMIT = 2 ** 25;

/** How far a determinisation came before it was given up. */
export interface Explosion {
  readonly reached: number;
  /** The limit it ran into, in words. */
  readonly limit: string;
}

/**
 * The deterministic automaton over character classes of a regular expression, by the subset construction.
 *
 * Not left to refa, whose sets of objects are exact but take 50 s and a gigabyte for `(.*a){5000}`: subsets are runs of
 * one typed array, and states, steps and memory are all bounded, so that a pattern that explodes is given up promptly.
 *
 * @returns the automaton, its tokens standing for classes, or where it was given up
 */
export const determinize = (nfa: RegexNfa, classes: CharacterClasses, maximumStates: number): Automaton | Explosion => {
  const subsets = subsetIndex(nfa);
  const classesOf = nfa.sets.map(classes.classesOf);
  const seeds = Array.from({ length: classes.count }, () => intBuffer(4));
  const [offsets, labels, targets] = [intBuffer(), intBuffer(), intBuffer()];
  append(offsets, 0);
  subsets.numberOf([nfa.start], 1);
  for (let state = 0; state < subsets.count(); state++) {
    const touched = moveAll(nfa, subsets.members(state), classesOf, seeds);
    for (const label of touched) {
      const seed = seeds[label] as IntBuffer;
      append(labels, label);
      append(targets, subsets.numberOf(seed.values, seed.length));
      subsets.work.steps += seed.length;
      seed.length = 0;
      const limit = limitReached(subsets, maximumStates);
      if (limit !== undefined) return { reached: subsets.count(), limit };
    }
    append(offsets, labels.length);
  }
  const states = subsets.count();
  const accepting = Uint8Array.from({ length: states }, (_, state) =>
    subsets.members(state).includes(nfa.accept) ? 1 : 0,
  );
  return {
    tokens: Array.from({ length: classes.count }, (_, label) => String(label)),
    states,
    start: 0,
    offsets: contents(offsets),
    labels: contents(labels),
    targets: contents(targets),
    accepting,
  };
};

const limitReached = (subsets: ReturnType<typeof subsetIndex>, maximumStates: number): string | undefined => {
  if (subsets.count() > maximumStates) return `${maximumStates.toLocaleString("en")} states`;
  if (subsets.work.steps > WORK_LIMIT) return `${WORK_LIMIT.toLocaleString("en")} steps`;
  return subsets.size() > MEMBERS_LIMIT ? `${MEMBERS_LIMIT.toLocaleString("en")} members of subsets` : undefined;
};

/** Fills each class's seed with the nodes that its characters move the members on to; gives the classes, ascending. */
const moveAll = (
  nfa: RegexNfa,
  members: Int32Array,
  classesOf: readonly (readonly number[])[],
  seeds: readonly IntBuffer[],
): number[] => {
  const touched: number[] = [];
  for (const node of members) {
    const set = nfa.reads[node] as number;
    if (set < 0) continue;
    const move = nfa.moves[node] as number;
    for (const label of classesOf[set] as readonly number[]) {
      const seed = seeds[label] as IntBuffer;
      if (seed.length === 0) touched.push(label);
      append(seed, move);
    }
  }
  return touched.sort((a, b) => a - b);
};

/** Numbers the sets of nodes that are reached without reading, by what they can do: their reading nodes and the accept. */
const subsetIndex = (nfa: RegexNfa) => {
  const closure = closureOf(nfa);
  const pool = intBuffer(1024);
  const begins = [0];
  const sameHash = new Map<number, number>();
  const chain = intBuffer();
  const work = { steps: 0 };
  const count = () => begins.length - 1;
  const members = (subset: number) => pool.values.subarray(begins[subset] as number, begins[subset + 1] as number);

  const numberOf = (seed: ArrayLike<number>, length: number): number => {
    const begin = pool.length;
    const hash = closure.find(seed, length, pool, work);
    const first = sameHash.get(hash) ?? -1;
    for (let subset = first; subset >= 0; subset = chain.values[subset] as number) {
      if ((begins[subset + 1] as number) - (begins[subset] as number) !== pool.length - begin) continue;
      work.steps += pool.length - begin;
      if (!closure.hasAll(pool.values, begins[subset] as number, begins[subset + 1] as number)) continue;
      pool.length = begin;
      return subset;
    }
    append(chain, first);
    sameHash.set(hash, count());
    begins.push(pool.length);
    return count() - 1;
  };
  return { numberOf, members, count, size: () => pool.length, work };
};

/** Finds what is reached without reading; remembers the last nodes found. */
const closureOf = ({ reads, offsets, forwards, accept }: RegexNfa) => {
  const seen = new Int32Array(reads.length).fill(-1);
  const stack = new Int32Array(reads.length);
  let stamp = -1;
  /** Appends what some nodes reach to a pool; gives a hash that does not depend on the order. */
  const find = (seed: ArrayLike<number>, length: number, pool: IntBuffer, work: { steps: number }): number => {
    stamp++;
    let [hash, height, steps] = [0, 0, 0];
    for (let i = 0; i < length; i++) {
      const node = seed[i] as number;
      if (seen[node] === stamp) continue;
      seen[node] = stamp;
      stack[height++] = node;
    }
    while (height > 0) {
      const node = stack[--height] as number;
      if ((reads[node] as number) >= 0 || node === accept) {
        append(pool, node);
        hash = (hash + mix(node)) | 0;
      }
      const end = offsets[node + 1] as number;
      steps += 1 + end - (offsets[node] as number);
      for (let edge = offsets[node] as number; edge < end; edge++) {
        const target = forwards[edge] as number;
        if (seen[target] === stamp) continue;
        seen[target] = stamp;
        stack[height++] = target;
      }
    }
    work.steps += steps;
    return hash;
  };
  const hasAll = (values: Int32Array, begin: number, end: number): boolean => {
    for (let i = begin; i < end; i++) if (seen[values[i] as number] !== stamp) return false;
    return true;
  };
  return { find, hasAll };
};

const mix = (node: number): number => {
  const mixed = Math.imul(node + 1, 0x9e3779b1);
  return Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b);
};
