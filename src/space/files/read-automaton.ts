import { type Arc, type Automaton, automaton, sortArcs } from "../automata/automaton.ts";
import { type LayeredAutomaton, layered } from "../layered.ts";
import { checkFits, type Table, tableOf } from "../table.ts";
import { layeredAt, readDepths, rowsAt } from "./depths.ts";
import type { Head } from "./head.ts";
import { InputError, refuseFrom } from "./input-error.ts";
import { type Fields, isEntry, listOf, notAnEntry, numberOfEntry, wholeOf } from "./json-value.ts";
import { levelsOf, type Numbers, rowsOf } from "./spread.ts";

/** Most states of an automaton in JSON. */
const STATES_LIMIT = 2 ** 24;

/**
 * A table on an automaton from its `arcs` and `accept`.
 *
 * @throws InputError naming the place and the repair
 */
export const readAutomaton = (fields: Fields, head: Head, source: string): Table => {
  const states = wholeOf(fields.states, `"states"`, source, 1, STATES_LIMIT);
  const start = wholeOf(fields.start, `"start"`, source, 0, states - 1);
  const given: Given = { fields, head, source, states, perDepth: fields.levels !== undefined };
  const { arcs, numbers: ofArcs } = readArcs(given);
  const { accept, numbers: ofAccept } = readAccept(given);
  const machine = refuseFrom(source, () => automaton({ tokens: head.tokens, states, start, arcs, accept }));
  const { space, rows } = spaceOf(given, machine, arcs);
  const order = sortArcs(arcs);
  const numbers = given.perDepth
    ? readLevels(given, machine, order, accept)
    : [toNumbers(machine, order, accept, ofArcs, ofAccept)];
  return refuseFrom(source, () => tableOf(space, head.kind, levelsOf(space, machine, rows, numbers)));
};

interface Given {
  readonly fields: Fields;
  readonly head: Head;
  readonly source: string;
  readonly states: number;
  /** Whether the numbers stand in `levels`, one list per depth, instead of beside the arcs. */
  readonly perDepth: boolean;
}

/** The space, and the state that each of its rows stands for. */
const spaceOf = ({ fields, head, source, perDepth }: Given, machine: Automaton, arcs: readonly Arc[]) => {
  if (fields.depths === undefined) {
    const space = refuseFrom<LayeredAutomaton>(source, () => layered(machine, head));
    refuseFrom(source, () => checkFits(space));
    return { space, rows: rowsOf(space, machine) };
  }
  if (perDepth) {
    throw new InputError(
      `${source}: "depths" and "levels" exclude each other: a state of one depth has its numbers beside its arcs`,
    );
  }
  const first = readDepths(fields.depths, head, machine, source);
  return { space: layeredAt(machine, first, head, arcs, source), rows: rowsAt(first, head.horizon) };
};

const readArcs = ({ fields, head, source, states, perDepth }: Given) => {
  const list = listOf(fields.arcs, `"arcs"`, source);
  const form = perDepth ? `[from, token, to] as "levels" holds the numbers` : "[from, token, to, number]";
  const numbers = new Float64Array(list.length);
  const arcs = list.map((value, index): Arc => {
    const place = `arcs[${index}]`;
    const entry = listOf(value, place, source);
    if (entry.length !== (perDepth ? 3 : 4)) {
      throw new InputError(`${source}: ${place} must be ${form}, got a list of ${entry.length}`);
    }
    if (!perDepth) numbers[index] = numberAt(entry[3], `${place}[3]`, source);
    return [
      wholeOf(entry[0], `${place}[0], the state it leaves,`, source, 0, states - 1),
      wholeOf(entry[1], `${place}[1], its token's index,`, source, 0, head.tokens.length - 1),
      wholeOf(entry[2], `${place}[2], the state it leads to,`, source, 0, states - 1),
    ];
  });
  return { arcs, numbers };
};

const readAccept = ({ fields, source, states, perDepth }: Given) => {
  const list = listOf(fields.accept, `"accept"`, source);
  const numbers = new Float64Array(list.length);
  const seen = new Map<number, number>();
  const accept = list.map((value, index) => {
    const place = `accept[${index}]`;
    const entry = perDepth ? [value] : listOf(value, place, source, 2, "entries, [state, number]");
    const state = wholeOf(entry[0], perDepth ? place : `${place}[0]`, source, 0, states - 1);
    if (!perDepth) numbers[index] = numberAt(entry[1], `${place}[1]`, source);
    const first = seen.get(state);
    if (first !== undefined) {
      throw new InputError(`${source}: accept[${first}] and ${place} both name state ${state}: remove one`);
    }
    seen.set(state, index);
    return state;
  });
  return { accept, numbers };
};

/** The numbers of a file's lists, by arc in the automaton's order and by state. */
const toNumbers = (
  machine: Automaton,
  order: readonly number[],
  accept: readonly number[],
  ofArcs: ArrayLike<number>,
  ofAccept: ArrayLike<number>,
): Numbers => {
  const ending = new Float64Array(machine.states).fill(-Infinity);
  for (const [index, state] of accept.entries()) ending[state] = ofAccept[index] as number;
  return { arcs: Float64Array.from(order, (index) => ofArcs[index] as number), ending };
};

/**
 * `levels`: at each depth but the last a number per arc, and with EOS one more per accepting state; at the last depth
 * only what may end there, a number per accepting state with EOS, or per arc that leads to one without.
 */
const readLevels = (
  { fields, head, source }: Given,
  machine: Automaton,
  order: readonly number[],
  accept: readonly number[],
): Numbers[] => {
  const lists = listOf(fields.levels, `"levels"`, source, head.horizon, "levels, one per depth");
  const position = new Int32Array(order.length);
  for (const [place, index] of order.entries()) position[index] = place;
  const isLast = (depth: number) => depth === head.horizon - 1;
  const leads = [...position.keys()].filter(
    (index) => machine.accepting[machine.targets[position[index] as number] as number] === 1,
  );
  const all = [...position.keys()];
  return lists.map((list, depth) => {
    const arcs = !isLast(depth) ? all : head.eos ? [] : leads;
    const states = head.eos ? accept : [];
    const entries = listOf(list, `levels[${depth}]`, source, arcs.length + states.length, "numbers");
    const numbers: Numbers = {
      arcs: new Float64Array(machine.labels.length).fill(-Infinity),
      ending: new Float64Array(machine.states).fill(head.eos ? -Infinity : -0),
    };
    for (const [i, index] of arcs.entries()) {
      numbers.arcs[position[index] as number] = numberAt(entries[i], `levels[${depth}][${i}]`, source);
    }
    for (const [i, state] of states.entries()) {
      const place = arcs.length + i;
      numbers.ending[state] = numberAt(entries[place], `levels[${depth}][${place}]`, source);
    }
    return numbers;
  });
};

const numberAt = (value: unknown, place: string, source: string): number => {
  if (!isEntry(value)) throw notAnEntry(value, place, source);
  return numberOfEntry(value);
};
