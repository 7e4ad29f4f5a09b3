import { expect, test } from "vitest";
import { logProbability } from "../../bellman/index.ts";
import { keywords, layered, responses, table, tableOfArcs, tree } from "../../space/index.ts";
import { tableModel } from "./table-model.ts";
import { obeysLaws } from "./testing/laws.ts";

const space = tree({ tokens: ["a", "b", "ab", "é"], horizon: 5, eos: true });
const logits = table(space, "logits", (prefix, action) =>
  Math.sin(7 * action + 3 * prefix.length + 5 * (prefix.at(-1) ?? 9)),
);
const fixed = table(tree({ tokens: ["x", "y"], horizon: 6, eos: false }), "reward", (prefix, action) =>
  action === prefix.at(-1) ? 0.5 : 0,
);

obeysLaws({
  name: "a table",
  open: () => Promise.resolve(tableModel(logits)),
  prompts: ["", "a", "éb"],
  texts: ["", "abéa"],
  tolerance: 0,
});
obeysLaws({
  name: "a table's rewards",
  open: () => Promise.resolve(tableModel(fixed)),
  prompts: ["", "xyy"],
  tolerance: 0,
});
obeysLaws({
  name: "the top of a table",
  open: () => Promise.resolve(tableModel(logits, { top: 2 })),
  prompts: ["", "ab"],
  isTruncated: true,
  tolerance: 0,
});

/** `log p` of a response by the model's rows, the end included. */
const logProbabilityBy = async (model: ReturnType<typeof tableModel>, response: readonly number[]): Promise<number> => {
  let sum = 0;
  for (const [place, token] of [...response, ...model.vocabulary.ends].entries()) {
    const [row] = await model.next([response.slice(0, place)]);
    sum += row?.logProbabilities[token] as number;
  }
  return sum;
};

test.each([
  ["of any length", logits],
  ["of one length", fixed],
  [
    "of an automaton",
    tableOfArcs(
      layered(keywords({ tokens: ["a", "b"], must: ["ab"] }), { horizon: 5, eos: true }),
      "reward",
      (depth, state, action) => Math.sin(depth + 2 * state + 3 * action),
    ),
  ],
])("gives every response its probability: responses %s", async (_, of) => {
  const model = tableModel(of);
  for (const response of responses(of.space)) {
    const expected = logProbability(of, response);
    const told = await logProbabilityBy(model, response);
    if (expected === -Infinity) expect(told).toBe(-Infinity);
    else expect(Math.abs(told - expected)).toBeLessThan(1e-12);
  }
});

test("spells a prompt with the fewest tokens", async () => {
  expect(await tableModel(logits).vocabulary.encode("aabé")).toEqual([0, 2, 3]);
  await expect(tableModel(logits).vocabulary.encode("ac")).rejects.toThrow(/do not spell "ac"/);
});

test("refuses contexts that no response begins with", async () => {
  await expect(tableModel(logits).next([[0, 0, 0, 0, 0]])).rejects.toThrow(/no response begins with "aaaaa"/);
  await expect(tableModel(logits).next([[4]])).rejects.toThrow(/no response begins/);
  expect(() => tableModel(logits, { top: 0 })).toThrow(/"top" must be a whole number ≥ 1, got 0/);
});
