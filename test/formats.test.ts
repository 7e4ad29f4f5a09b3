import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { armOf, formatTable, parseTable } from "../src/index.ts";

const page = readFileSync(new URL("../docs/formats.md", import.meta.url), "utf8");
const examples = [...page.matchAll(/^```json\n(.*?)^```/gms)].map(([, text]) => text as string);

test("docs/formats.md shows a tree, an automaton, and one with levels", () => {
  expect(examples).toHaveLength(3);
});

test.each(examples)("docs/formats.md shows a table that is read, and written the same way: %#", (text) => {
  const table = parseTable(text);
  expect(JSON.parse(formatTable(table))).toEqual(JSON.parse(text));
  expect(armOf(table).logPartition).toBeGreaterThan(-Infinity);
});
