import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { arbel, arbelJson, type Folder, temporaryFolder } from "./testing/command-line.ts";

/** A golden file; see golden/README.md for where the numbers come from. */
const golden = (name: string) => JSON.parse(readFileSync(new URL(`golden/${name}.json`, import.meta.url), "utf8"));

const TOLERANCE = 1e-12;

/** Numbers of a table's nested levels, in order; −∞ as itself. */
const numbersOf = (levels: unknown): number[] =>
  Array.isArray(levels) ? levels.flatMap(numbersOf) : [levels === null ? -Infinity : (levels as number)];

const expectClose = (got: readonly number[], want: readonly number[]) => {
  expect(got).toHaveLength(want.length);
  for (const [i, x] of want.entries()) {
    if (x === -Infinity) expect(got[i]).toBe(x);
    else expect(Math.abs((got[i] as number) - x)).toBeLessThanOrEqual(TOLERANCE * Math.max(1, Math.abs(x)));
  }
};

let folder: Folder;
beforeAll(() => {
  folder = temporaryFolder();
});
afterAll(() => folder.remove());

describe.each(["tiny-fixed", "tiny-eos"])("%s", (name) => {
  const example = golden(name);

  test.each(["json", "safetensors"])("converts both ways through .%s files", async (extension) => {
    const reward = folder.write(`${name}.json`, example.reward);
    const logits = folder.path(`${name}-logits.${extension}`);
    await arbelJson("convert", reward, "--to", "logits", "--out", logits);
    const copy = folder.path(`${name}-logits-copy.json`);
    await arbelJson("convert", logits, "--to", "logits", "--out", copy);
    const written = JSON.parse(readFileSync(copy, "utf8"));
    expect(written).toMatchObject({ ...example.logits, levels: expect.anything() });
    expectClose(numbersOf(written.levels), numbersOf(example.logits.levels));
    const back = folder.path(`${name}-back.json`);
    await arbelJson("convert", logits, "--to", "reward", "--out", back);
    expectClose(numbersOf(JSON.parse(readFileSync(back, "utf8")).levels), numbersOf(example.reward.levels));
  });

  test("is described with the enumerated numbers", async () => {
    const file = folder.write(`${name}.json`, example.reward);
    const described = await arbelJson("describe", file, "--best", String(example.top.length));
    const { responses, support } = example;
    expect(described).toMatchObject({ kind: "reward", eos: example.reward.eos, responses, support });
    expectClose([described.logPartition, described.entropy], [example.logZ, example.entropy]);
    const top: { response: string[]; logprob: number }[] = example.top;
    expect(described.best.map((best: { tokens: string[] }) => best.tokens)).toEqual(
      top.map(({ response }) => response.filter((token) => token !== "<eos>")),
    );
    expectClose(
      described.best.map((best: { logProbability: number }) => best.logProbability),
      top.map(({ logprob }) => logprob),
    );
  });

  test("compares with the enumerated divergences", async () => {
    const [a, b] = [folder.write("a.json", example.reward), folder.write("b.json", example.perturbed)];
    const { kl, distance, bounds } = await arbelJson("compare", a, b);
    const { kl_ebm_arm: forward, kl_arm_ebm: reverse, linf, bound } = example.compare;
    expectClose([kl.forward, kl.reverse, distance.raw, bounds.paper], [forward, reverse, linf, bound]);
  });
});

test("tiny-automaton is described with the enumerated numbers", async () => {
  const example = golden("tiny-automaton");
  const file = folder.write("tiny-automaton.json", example.reward);
  const described = await arbelJson("describe", file, "--best", "5");
  expect(described).toMatchObject({ states: 3, arcs: 7, responses: 15, support: example.support });
  expectClose(
    [described.logPartition, described.entropy, described.expectedLength],
    [example.logZ, example.entropy, example.expectedLength],
  );
  expect(described.best.map(({ tokens }: { tokens: string[] }) => tokens)).toEqual(
    example.best.map(({ tokens }: { tokens: string[] }) => tokens),
  );
  expectClose(
    described.best.map((best: { logProbability: number }) => best.logProbability),
    example.best.map((best: { logProbability: number }) => best.logProbability),
  );
});

test("tiny-automaton contains its first token as often as enumerated", async () => {
  const example = golden("tiny-automaton");
  const file = folder.write("tiny-automaton.json", example.reward);
  const { stderr } = await arbel("sample", file, "--count", "1", "--given", ".*a.*");
  expect(stderr).toContain(`with probability ${(100 * example.containsFirstToken).toFixed(3)} %`);
});
