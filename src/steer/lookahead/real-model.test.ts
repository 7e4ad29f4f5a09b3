import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { oneOf } from "../constraints/index.ts";
import type { LanguageModel } from "../models/index.ts";
import { openModel } from "../models/node/index.ts";
import { constrain } from "../potentials/index.ts";
import { spellingOf } from "../potentials/token-trie.ts";
import { logSum } from "../testing/small-models.ts";
import { exactLookahead } from "./exact-lookahead.ts";

/** Trained weights that are no part of this repository. */
const STORIES = resolve("../shared/models/stories260K-onnx");
const isThere = existsSync(STORIES);
if (!isThere) process.stderr.write(`skipped: exact lookahead on a real language model, which needs ${STORIES}\n`);

const NAMES =
  "Lily Lucy Mia Sue Amy Anna Jane Jill Sara Daisy Emma Ella Molly Lola Bella Rose Ruby Grace Sophie Mary".split(" ");
const VERBS = "saw liked had found made took wanted gave lost loved".split(" ");
const THINGS = "dog cat ball bird tree car flower hat toy cake".split(" ");

/** Sentences of a name, a verb and a thing: 20, 200 or 2,000. */
const sentences = (verbs: number, things: number): string[] =>
  NAMES.flatMap((name) =>
    VERBS.slice(0, verbs).flatMap((verb) => THINGS.slice(0, things).map((thing) => ` ${name} ${verb} a ${thing}.`)),
  );

describe.runIf(isThere)("exact lookahead on a real language model", () => {
  let model: LanguageModel;
  /** The same weights, opened once more: nothing is shared. */
  let other: LanguageModel;
  let prompt: number[];
  beforeAll(async () => {
    model = await openModel(STORIES);
    other = await openModel(STORIES);
    prompt = await model.vocabulary.encode("Once upon a time,");
  });
  afterAll(async () => {
    await model.dispose();
    await other.dispose();
  });

  /** Brute force: `log P(tokens, end)` of some responses, each along its own beginnings. */
  const scores = async (
    responses: readonly (readonly number[])[],
    scorer: LanguageModel = model,
  ): Promise<number[]> => {
    const end = other.vocabulary.ends[0] as number;
    const contexts = responses.flatMap((tokens) =>
      [...tokens, end].map((_, place) => [...prompt, ...tokens.slice(0, place)]),
    );
    const rows = await scorer.next(contexts);
    let at = 0;
    return responses.map((tokens) =>
      [...tokens, end].reduce((sum, action) => sum + (rows[at++]?.logProbabilities[action] as number), 0),
    );
  };

  /** All ways to spell some bytes, by trying every token. */
  const spellings = (bytes: Uint8Array): number[][] => {
    if (bytes.length === 0) return [[]];
    return Array.from({ length: other.vocabulary.size }, (_, token) => token).flatMap((token) => {
      const spelling = spellingOf(other.vocabulary, token);
      if (!spelling || spelling.some((byte, place) => bytes[place] !== byte)) return [];
      return spellings(bytes.subarray(spelling.length)).map((rest) => [token, ...rest]);
    });
  };

  test.each([
    [20, 1, 1],
    [200, 10, 1],
    [2000, 10, 10],
  ])(
    "%i responses: log-probabilities of canonical spellings are those of brute force",
    async (count, verbs, things) => {
      const texts = sentences(verbs, things);
      expect(texts).toHaveLength(count);
      const potential = constrain(oneOf(texts), model.vocabulary, { maximumTokens: 40 });
      const exact = await exactLookahead(model, prompt, potential, { spellings: "canonical" });
      const before = other.vocabulary.decode(prompt);
      const tokens = await Promise.all(
        exact.responses.map(async ({ text }) => (await other.vocabulary.encode(before + text)).slice(prompt.length)),
      );
      const brute = await scores(tokens);
      for (const [index, { logProbability }] of exact.responses.entries()) {
        expect(Math.abs(logProbability - (brute[index] as number))).toBeLessThan(1e-9);
      }
      expect(Math.abs(exact.logPartition - logSum(brute))).toBeLessThan(1e-9);
      // rows computed anew, in other batches, differ by float32's rounding: up to 1e-5 a token
      const anew = await scores(tokens, other);
      for (const [index, { logProbability }] of exact.responses.entries()) {
        expect(Math.abs(logProbability - (anew[index] as number))).toBeLessThan(1e-5 * (tokens[index]?.length ?? 0));
      }
    },
  );

  test("ten short responses: the sums over all their spellings are those of brute force", async () => {
    const texts = [" dog", " cat", " a", " he", " Li", " Tom", "!", "\n", " é", " 🐋"];
    const potential = constrain(oneOf(texts), model.vocabulary, { maximumTokens: 12 });
    const exact = await exactLookahead(model, prompt, potential);
    expect(exact.error).toBeLessThanOrEqual(1e-6);
    for (const { text, logProbability } of exact.responses) {
      const all = spellings(new TextEncoder().encode(text));
      expect(Math.abs(logProbability - logSum(await scores(all)))).toBeLessThan(1e-5); // the tolerance is 1e-6
    }
  });
});
