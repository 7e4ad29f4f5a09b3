import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { automaton } from "../automata/automaton.ts";
import { layered } from "../layered.ts";
import { differenceOf } from "../same-space.ts";
import { type Table, tableOf } from "../table.ts";
import { formatTable, parseTable } from "./table-json.ts";
import { formatSafetensors, parseSafetensors } from "./table-safetensors.ts";
import { tables } from "./testing/tables.ts";

const formats = {
  JSON: (table: Table) => parseTable(formatTable(table)),
  safetensors: (table: Table) => parseSafetensors(formatSafetensors(table)),
};

/** `[arcs]` of all depths, as bits: −0 and 0 differ. */
const bitsOf = ({ levels }: Table) => levels.map((level) => [...new BigUint64Array(level.slice().buffer)]);

describe.each(Object.entries(formats))("%s", (_, roundTrip) => {
  test("gives back every table bit for bit on an equal space", () => {
    fc.assert(
      fc.property(tables, (table) => {
        const back = roundTrip(table);
        expect(back.kind).toBe(table.kind);
        expect(differenceOf(table.space, back.space)).toBeUndefined();
        expect(bitsOf(back)).toEqual(bitsOf(table));
      }),
      { numRuns: 1_000, seed: 7 },
    );
  });

  test.each([true, false])("keeps what depths share shared, eos %s", (eos) => {
    const machine = automaton({
      tokens: ["a", "b"],
      states: 2,
      start: 0,
      arcs: [
        [0, 0, 0],
        [0, 1, 1],
        [1, 0, 0],
      ],
      accept: [0, 1],
    });
    const space = layered(machine, { horizon: 5, eos });
    const body = Float64Array.from({ length: space.layer(0).arcs }, (_, arc) => arc / 10);
    const last = eos ? body.filter((_, arc) => space.layer(0).action(arc, 0) === 2) : body.map((x) => x + 0.3);
    const back = roundTrip(tableOf(space, "reward", [body, body, body, body, last]));
    expect(bitsOf(back)[4]).toEqual([...new BigUint64Array(last.slice().buffer)]);
    for (const depth of [1, 2, 3]) {
      expect(back.levels[depth]).toBe(back.levels[0]);
      expect(back.space.layer(depth)).toBe(back.space.layer(0));
    }
  });
});
