import { expect, test } from "vitest";
import { smallVocabulary } from "../testing/small-models.ts";
import { languageModelOf } from "./adapter.ts";

test("rows that are too large to be kept are still computed but once for callers that ask together", async () => {
  // of so many tokens a single row fills the cache
  const vocabulary = { ...smallVocabulary(["a", "b"]), size: 2 ** 23 };
  const computed: string[] = [];
  const model = languageModelOf({
    name: "large",
    vocabulary,
    evaluate: async (contexts) => {
      computed.push(...contexts.map((context) => context.join()));
      await new Promise((resolve) => setTimeout(resolve, 1));
      return {
        rows: contexts.map((context) => ({ logProbabilities: Float64Array.from(context), missing: 0 })),
        tokens: 1,
      };
    },
    dispose: () => Promise.resolve(),
  });
  const contexts = [[0], [1], [0, 1], [1, 1]];
  const [first, second, some] = await Promise.all([
    model.next(contexts),
    model.next([...contexts].reverse()),
    model.next([[1, 1], [0], [1, 0]]),
  ]);
  expect(computed).toEqual(["0", "1", "0,1", "1,1", "1,0"]);
  expect(second).toEqual([...(first ?? [])].reverse());
  expect(some?.map(({ logProbabilities }) => [...logProbabilities])).toEqual([[1, 1], [0], [1, 0]]);
});
