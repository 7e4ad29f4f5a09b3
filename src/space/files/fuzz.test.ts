import fc from "fast-check";
import { expect, test } from "vitest";
import { InputError } from "./input-error.ts";
import { formatTable, parseTable } from "./table-json.ts";
import { formatSafetensors, parseSafetensors } from "./table-safetensors.ts";
import { tables } from "./testing/tables.ts";

/** Damage to a file: bytes overwritten, and an end cut off or added. */
const damage = fc.record({
  flips: fc.array(
    fc.record({ at: fc.nat(), to: fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('0919[]{}",:-e.'))) }),
    {
      maxLength: 4,
    },
  ),
  keep: fc.option(fc.nat()),
  tail: fc.uint8Array({ maxLength: 9 }),
});

type Damage = typeof damage extends fc.Arbitrary<infer D> ? D : never;

const damaged = (bytes: Uint8Array, { flips, keep, tail }: Damage): Uint8Array => {
  const whole = bytes.slice();
  for (const { at, to } of flips) whole[at % whole.length] = to;
  const kept = keep === null ? whole : whole.subarray(0, keep % (whole.length + 1));
  return Buffer.concat([kept, tail]);
};

/** Reads, and passes only errors on that are not about the input. */
const refusedAtMost = (read: () => unknown) => {
  try {
    read();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    expect(error.message).toMatch(/^broken: /);
    expect(error.message).not.toMatch(/\n/);
  }
};

test("a damaged safetensors file is read or refused, never a crash", () => {
  fc.assert(
    fc.property(tables, damage, (table, harm) => {
      const bytes = damaged(formatSafetensors(table), harm);
      refusedAtMost(() => parseSafetensors(bytes, "broken"));
    }),
    { numRuns: 3_000, seed: 7 },
  );
});

test("a damaged JSON file is read or refused, never a crash", () => {
  fc.assert(
    fc.property(tables, damage, (table, harm) => {
      const text = new TextDecoder().decode(damaged(new TextEncoder().encode(formatTable(table)), harm));
      refusedAtMost(() => parseTable(text, "broken"));
    }),
    { numRuns: 3_000, seed: 7 },
  );
});

test("a JSON file whose values are swapped for others is read or refused, never a crash", () => {
  fc.assert(
    fc.property(tables, fc.nat(), fc.json(), (table, at, json) => {
      const text = formatTable(table);
      const places = [...text.matchAll(/(?<=[:[,]\s*)(-?[\d.e+]+|null|true|false|"\w*"(?!:)|\[\])(?=[\s,\]}])/g)];
      const place = places[at % places.length] as RegExpExecArray;
      const swapped = text.slice(0, place.index) + json + text.slice(place.index + place[0].length);
      refusedAtMost(() => parseTable(swapped, "broken"));
    }),
    { numRuns: 3_000, seed: 7 },
  );
});
