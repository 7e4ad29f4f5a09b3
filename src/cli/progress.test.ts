import { expect, test } from "vitest";
import { type Progress, withTimeLeft } from "./progress.ts";

test("time left is told once the pace is known: what is left takes as long as what was done", async () => {
  async function* run(): AsyncGenerator<Progress> {
    yield { done: 1, total: 100, label: "" };
    await new Promise((resolve) => setTimeout(resolve, 1200));
    yield { done: 50, total: 100, label: "" };
    yield { done: 0, total: 100, label: "" };
  }
  const told: (number | undefined)[] = [];
  for await (const { secondsLeft } of withTimeLeft(run())) told.push(secondsLeft);
  expect(told[0]).toBeUndefined();
  expect(told[1]).toBeGreaterThan(1.1);
  expect(told[1]).toBeLessThan(5);
  expect(told[2]).toBeUndefined();
});
