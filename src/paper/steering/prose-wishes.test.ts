import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ANSWERS } from "./prose-wishes.ts";

test("the report's answers are those of the example", () => {
  expect(ANSWERS).toEqual(readFileSync("examples/answers.txt", "utf8").trim().split("\n"));
});
