import fc from "fast-check";
import { expect, test } from "vitest";
import { alignTables } from "./align-tables.ts";
import { automaton } from "./automata/automaton.ts";
import { type LayeredAutomaton, layered } from "./layered.ts";
import { arcsOf, responses } from "./responses.ts";
import { checkSameSpace } from "./same-space.ts";
import type { Space } from "./space.ts";
import { type Table, tableOf, tableOfArcs } from "./table.ts";
import { tree } from "./tree.ts";

const ACTIONS = 2;

/** A random automaton's space: of one layer, or, where states live at one depth, of several. */
const machines = fc.record({
  states: fc.integer({ min: 1, max: 3 }),
  targets: fc.array(fc.nat(2), { minLength: 6, maxLength: 6 }),
  present: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
  accepting: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
});

const spaceOf = (
  { states, targets, present, accepting }: typeof machines extends fc.Arbitrary<infer T> ? T : never,
  horizon: number,
  eos: boolean,
): Space => {
  const all = Array.from({ length: states * ACTIONS }, (_, i) => i).filter((i) => present[i]);
  const machine = automaton({
    tokens: ACTIONS,
    states,
    start: 0,
    arcs: all.map((i) => [Math.floor(i / ACTIONS), i % ACTIONS, (targets[i] as number) % states] as const),
    accept: Array.from({ length: states }, (_, state) => state).filter((state) => accepting[state]),
  });
  return layered(machine, { horizon, eos });
};

/** Numbers that tell all arcs apart. */
const numbered = (space: Space, salt: number): Table =>
  tableOfArcs(space, "reward", (depth, state, action) => salt + 100 * depth + 10 * state + action);

/** Sum along a response, −∞ where the space does not hold it. */
const sumAlong = ({ space, levels }: Table, response: readonly number[]): number => {
  const arcs = arcsOf(space, response);
  if (!arcs) return -Infinity;
  return arcs.reduce((sum, arc, depth) => sum + ((levels[depth] as Float64Array)[arc] as number), 0);
};

const spaces = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.boolean(), fc.option(machines), fc.option(machines))
  .map(([horizon, eos, ...both]) =>
    both.map((machine) => (machine ? spaceOf(machine, horizon, eos) : tree({ tokens: ACTIONS, horizon, eos }))),
  );

test("both tables keep their sums along every response, on one space", () => {
  fc.assert(
    fc.property(spaces, ([a, b]) => {
      const originals = [numbered(a as Space, 1), numbered(b as Space, 5000)] as const;
      const aligned = alignTables(...originals);
      checkSameSpace(aligned[0].space, aligned[1].space);
      const every = [...responses(tree({ tokens: ACTIONS, horizon: (a as Space).horizon, eos: (a as Space).eos }))];
      for (const [i, table] of aligned.entries()) {
        for (const response of every) {
          expect(sumAlong(table, response)).toBe(sumAlong(originals[i] as Table, response));
        }
      }
    }),
    { numRuns: 300, seed: 4 },
  );
});

test("what depths share stays shared, however long the horizon", () => {
  const space = (accepting: readonly number[]) =>
    layered(
      automaton({
        tokens: 1,
        states: 2,
        start: 0,
        arcs: [
          [0, 0, 1],
          [1, 0, 0],
        ],
        accept: accepting,
      }),
      {
        horizon: 1000,
        eos: true,
      },
    );
  const shared = (of: LayeredAutomaton) => {
    const [body, last] = [0, 999].map((depth) => new Float64Array(of.layer(depth).arcs).fill(1));
    return tableOf(of, "reward", [...new Array(999).fill(body), last as Float64Array]);
  };
  const [a, b] = [shared(space([0])), shared(space([1]))];
  const [left, right] = alignTables(a, b);
  expect(left.space.layer(500)).toBe(left.space.layer(0));
  expect(left.levels[500]).toBe(left.levels[0]);
  expect(sumAlong(left, [0, 0])).toBe(3);
  expect(sumAlong(right, [0, 0])).toBe(-Infinity);
});

test("refuses other tokens, horizons and ends by name", () => {
  const table = (tokens: readonly string[], horizon: number, eos: boolean) =>
    tableOfArcs(tree({ tokens, horizon, eos }), "reward", () => 0);
  const one = table(["a", "b"], 2, true);
  expect(() => alignTables(one, table(["a", "c"], 2, true))).toThrow(/tokens at index 1 are "b" and "c"/);
  expect(() => alignTables(one, table(["a", "b"], 3, true))).toThrow(/horizons are 2 and 3/);
  expect(() => alignTables(one, table(["a", "b"], 2, false))).toThrow(/EOS in the first only/);
});
