import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compare, toLogits } from "../src/bellman/index.ts";
import { writeModel } from "../src/learn/files/index.ts";
import {
  architecture,
  initialWeights,
  patternOccurs,
  responseLength,
  scaled,
  sumOf,
  tiltedTarget,
} from "../src/learn/index.ts";
import { readTable } from "../src/space/files/index.ts";
import { regex } from "../src/space/index.ts";
import { arbel, arbelJson, type Folder, temporaryFolder } from "./testing/command-line.ts";
import { built, ended, longRuns } from "./testing/long-runs.ts";

/** Two states, so that no "bb" is said. */
const machine = (horizon: number, kind: string, accept: readonly number[]) => ({
  format: "arbel-table",
  version: 1,
  kind,
  space: "automaton",
  tokens: ["a", "b"],
  horizon,
  eos: true,
  states: 2,
  start: 0,
  arcs: [
    [0, 0, 0, 0.3],
    [0, 1, 1, -0.4],
    [1, 0, 0, 1],
  ],
  accept: accept.map((number, state) => [state, number]),
});

const tree = {
  format: "arbel-table",
  version: 1,
  kind: "reward",
  tokens: ["a", "b"],
  horizon: 3,
  eos: true,
  levels: [
    [[0.5, -1, 0.25]],
    [
      [1, 0, -0.5],
      [0, -2, 0.5],
    ],
    [
      [null, null, 0],
      [null, null, 1],
      [null, null, 0.5],
      [null, null, -1],
    ],
  ],
};

const DISTILL_KEYS = ["steps", "kl", "bounds", "certificate", "moments", "logPartition", "student", "objective"];

/** A position of an estimated breakdown. */
interface Position {
  readonly probability: number;
  readonly mean: number;
  readonly standardErrors: { readonly mean: number };
}

let folder: Folder;
let files: Readonly<Record<"tree" | "short" | "long" | "letters" | "lengths", string>>;
beforeAll(() => {
  folder = temporaryFolder();
  files = {
    tree: folder.write("tree.json", tree),
    short: folder.write("short.json", machine(4, "reward", [0, -1])),
    // some 2 million responses, more than are gone through one by one
    long: folder.write("long.json", machine(30, "reward", [0, -1])),
    letters: folder.write("letters.mjs", `export default (texts) => texts.map((text) => text.split("a").length - 1);`),
    lengths: folder.write(
      "lengths.mjs",
      "export const reward = async (_, responses) => responses.map((y) => y.length);",
    ),
  };
});
afterAll(() => folder.remove());

const distilled = (...argv: string[]) => arbelJson("distill", ...argv);
const EXACT = ["--exact", "--objective", "reverse-kl", "--student", "tabular"];
const TINY = ["--student", "transformer", "--layers", "1", "--width", "8", "--heads", "2"];

describe("a target that is a table", () => {
  test.each(["forward-kl", "reverse-kl", "bellman", "path-consistency"])(
    "is learned by %s, exactly",
    async (objective) => {
      for (const file of ["tree", "short"] as const) {
        const out = folder.path(`${objective}-${file}`);
        const argv = [
          "--target",
          files[file],
          "--student",
          "tabular",
          "--objective",
          objective,
          "--exact",
          "--steps",
          "1000",
        ];
        const told = await distilled(...argv, "--out", out);
        expect(Object.keys(told).slice(0, DISTILL_KEYS.length)).toEqual(DISTILL_KEYS);
        expect(Object.keys(told.kl)).toEqual(["forward", "reverse"]);
        expect(Object.keys(told.bounds)).toEqual(["paper", "sharp"]);
        expect(Math.max(told.kl.forward, told.kl.reverse)).toBeLessThan(1e-6);
        expect(told.bounds.sharp).toBeGreaterThanOrEqual(told.kl.forward - 1e-12);
        expect(told.logPartition).toBeCloseTo(toLogits(readTable(files[file])).logPartition, 12);
      }
    },
  );

  test.each(["tabular", "ngram:3"])(
    "is learned from samples by a student %s, which every command reads",
    async (student) => {
      const out = folder.path(`samples-${student}`);
      const argv = [
        "--target",
        files.short,
        "--student",
        student,
        "--objective",
        "reverse-kl",
        "--samples-per-step",
        "64",
      ];
      const told = await distilled(...argv, "--steps", "300", "--seed", "5", "--out", out);
      expect(told).toMatchObject({ samples: 300 * 64, student, seed: 5, engine: null });
      expect(told.kl.reverse).toBeLessThan(0.02);
      const certified = await arbelJson("certify", out, files.short, "--samples", "10000", "--seed", "5");
      expect(Object.keys(told.certificate)).toEqual(Object.keys(certified));
      expect(certified.exact.klStudentTarget).toBeCloseTo(told.kl.reverse, 12);
      expect(certified.exact.klTargetStudent).toBeCloseTo(told.kl.forward, 12);
      expect(certified.klStudentTarget.estimate).toBeCloseTo(told.certificate.klStudentTarget.estimate, 9);
      // all responses of at most three letters without "bb"
      expect(await arbelJson("describe", out)).toMatchObject({ kind: "logits", support: 1 + 2 + 3 + 5 });
      expect((await arbel("sample", out, "--count", "3")).code).toBe(0);
      expect((await arbel("convert", out, "--to", "reward", "--out", folder.path("back.json"))).code).toBe(0);
    },
  );

  test("is learned by a Transformer, whose folder other commands read", async () => {
    const out = folder.path("transformer");
    const argv = ["--target", files.tree, ...TINY, "--objective", "forward-kl", "--exact", "--steps", "200"];
    const told = await distilled(...argv, "--learning-rate", "0.02", "--threads", "1", "--out", out);
    expect(told).toMatchObject({ student: "transformer:1x8", engine: "onnx", threads: 1 });
    expect(told.kl.forward).toBeLessThan(0.05);
    const certified = await arbelJson("certify", out, files.tree, "--samples", "10000");
    expect(certified.exact.klTargetStudent).toBeCloseTo(told.kl.forward, 5);
    expect(certified.exact.klStudentTarget).toBeCloseTo(told.certificate.exact.klStudentTarget, 5);
    const { code } = await arbel("convert", out, "--to", "logits", "--out", folder.path("arm.safetensors"));
    expect(code).toBe(0);
    expect(told.warnings).toEqual([]);
    // a student again is a target
    const again = ["--target", out, ...EXACT, "--steps", "1000", "--out", folder.path("student-of-student")];
    expect((await distilled(...again)).kl.forward).toBeLessThan(1e-6);
  });

  test("that forbids responses is learned by a Transformer kept to the others, and it is said that its folder is not", async () => {
    const argv = ["--target", files.short, ...TINY, "--objective", "reverse-kl", "--exact", "--steps", "20"];
    const told = await distilled(...argv, "--out", folder.path("kept-exactly"));
    expect(told.kl.reverse).toBeGreaterThan(0);
    expect(told.warnings).toEqual([
      expect.stringMatching(/^the student was kept to .*kept-exactly is not, and gives others/),
    ]);
    const certified = await arbelJson("certify", folder.path("kept-exactly"), files.short, "--samples", "100");
    expect(certified.exact.klStudentTarget).toBeNull();
  });

  test("is shown for people too, with how fast it goes", async () => {
    const argv = [
      "--target",
      files.tree,
      "--student",
      "tabular",
      "--objective",
      "reverse-kl",
      "--samples-per-step",
      "16",
    ];
    const { code, stdout, stderr } = await arbel("distill", ...argv, "--steps", "20", "--out", folder.path("shown"));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^KL\(target‖student\) +\d\.\d{6} {2}nats$/m);
    expect(stdout).toMatch(/^guaranteed, nats +certain/m);
    expect(stdout).toMatch(/^wrote .*student\.safetensors$/m);
    expect(stderr).toMatch(/^5 % {2}\d+ s left {2}step 1 {2}reverse-kl -?\d\.\d+ {2}KL .* {2}[\d,]+ samples\/s$/m);
    const log = readFileSync(folder.path("shown/log.jsonl"), "utf8").trimEnd().split("\n");
    expect(log).toHaveLength(20);
    expect(JSON.parse(log[19] as string)).toMatchObject({
      step: 20,
      samples: 320,
      kl: { forward: expect.any(Number) },
    });
  });
});

describe("a target with a reference", () => {
  test("is ρ·exp(R/β), cut and with the moments asked for", async () => {
    const out = folder.path("composed");
    const reward = ["--pattern-reward", ".*b.*=1.5", "--length-reward", "-0.2", "--temperature", "0.5"];
    const wanted = ["--given", "a.*|b", "--moment", ".*ba=0.4"];
    const told = await distilled(
      "--reference",
      files.short,
      ...reward,
      ...wanted,
      ...EXACT,
      "--steps",
      "1500",
      "--out",
      out,
    );
    const { tokens } = tree;
    const { arm, moments } = tiltedTarget({
      reference: readTable(files.short),
      reward: sumOf([scaled(patternOccurs(regex(".*b.*", tokens)), 1.5), scaled(responseLength(), -0.2)]),
      temperature: 0.5,
      constraints: [regex("a.*|b", tokens)],
      moments: [{ feature: patternOccurs(regex(".*ba", tokens)), mean: 0.4 }],
    });
    expect(told.moments).toEqual([
      {
        name: ".*ba",
        wanted: 0.4,
        achieved: expect.closeTo(0.4, 8),
        standardError: 0,
        multiplier: expect.closeTo(moments[0]?.multiplier ?? Number.NaN, 9),
      },
    ]);
    expect(told.logPartition).toBeCloseTo(arm.logPartition, 9);
    const target = readTable(`${out}/target.safetensors`);
    expect(compare(toLogits(target), arm).kl.forward).toBeLessThan(1e-12);
    expect(told.kl.forward).toBeLessThan(1e-6);
    const certified = await arbelJson("certify", out, `${out}/target.safetensors`, "--samples", "1000");
    expect(certified.exact.klTargetStudent).toBeCloseTo(told.kl.forward, 9);
  });

  test("rewards by a table on another space of the same responses", async () => {
    const argv = [
      "--reference",
      files.short,
      "--target",
      folder.write("other.json", { ...tree, horizon: 4, levels: deeper }),
    ];
    const told = await distilled(...argv, ...EXACT, "--steps", "1", "--out", folder.path("two-spaces"));
    const same = ["--reference", files.short, "--count-reward", ".*a=1", ...EXACT, "--steps", "1"];
    const { logPartition } = await distilled(...same, "--out", folder.path("one-space"));
    expect(told.logPartition).toBeCloseTo(logPartition, 12);
    expect(logPartition).toBeGreaterThan(0.1);
  });

  test("without a reference every response counts alike", async () => {
    const argv = ["--target", files.tree, "--temperature", "2", ...EXACT, "--steps", "1", "--out", folder.path("hot")];
    const { logPartition } = await distilled(...argv);
    const halved = tree.levels.map((level) => level.map((row) => row.map((x) => x && x / 2)));
    const { logPartition: expected } = toLogits(readTable(folder.write("halved.json", { ...tree, levels: halved })));
    expect(logPartition).toBeCloseTo(expected, 12);
  });

  test.each(["letters", "lengths"] as const)("rewards by a module: %s", async (module) => {
    const argv = ["--reference", files.short, "--temperature", "2", ...EXACT, "--steps", "1"];
    const told = await distilled(...argv, "--reward", files[module], "--out", folder.path(`module-${module}`));
    const same = module === "lengths" ? ["--length-reward", "1"] : ["--count-reward", ".*a=1"];
    const { logPartition } = await distilled(...argv, ...same, "--out", folder.path(`same-${module}`));
    expect(told.logPartition).toBeCloseTo(logPartition, 12);
  });

  /** A tree that rewards every "a" by 1. */
  const deeper = Array.from({ length: 4 }, (_, depth) =>
    Array.from({ length: 2 ** depth }, () => (depth === 3 ? [null, null, 0] : [1, 0, 0])),
  );
});

describe("more responses than can be gone through", () => {
  const LARGE = [...TINY, "--samples-per-step", "32", "--steps", "3", "--certify-samples", "500"];

  test("a Transformer is certified by its samples, here and by arbel certify", async () => {
    const out = folder.path("large");
    const told = await distilled("--target", files.long, "--objective", "reverse-kl", ...LARGE, "--out", out);
    expect(told).toMatchObject({ kl: { forward: null, reverse: null }, bounds: { paper: null, sharp: null } });
    const { logPartition } = toLogits(readTable(files.long));
    expect(told.logPartition).toBeCloseTo(logPartition, 12);
    expect(told.certificate.exact).toEqual({
      logPartition: expect.closeTo(logPartition, 9),
      klStudentTarget: null,
      klTargetStudent: null,
      reason: expect.stringMatching(/the space has \d+ responses, a table takes at most 1048576/),
    });
    expect(told.certificate.guarantees).toBeNull();
    const positions = told.certificate.breakdown.positions as Position[];
    expect(positions).toHaveLength(30);
    expect(positions[0]?.standardErrors.mean).toBeGreaterThan(0);
    // the parts by position add up to log Z − E Δ, the divergence from the student: theory §6.2
    const sum = positions.reduce((total, { probability, mean }) => total - probability * mean, 0);
    expect(sum).toBeCloseTo(logPartition - told.certificate.bracket.lower, 9);
    const certified = await arbelJson("certify", out, files.long, "--samples", "300");
    expect(Object.keys(certified)).toEqual(Object.keys(told.certificate));
    const text = await arbel("certify", out, files.long, "--samples", "300");
    expect(text.stdout).toMatch(/^nothing is guaranteed: all are estimates/m);
    expect(text.stdout).toMatch(/^exact values are not known: the space has/m);
    const sampled = await arbel("sample", out, "--count", "300", "--seed", "2");
    expect(sampled.stdout).toMatch(/^(-\d+\.\d+\t[ab]*\n){300}$/);
    expect((await arbel("sample", out, "--count", "300", "--seed", "2")).stdout).toBe(sampled.stdout);
    expect(await arbel("sample", out, "--count", "1", "--given", "a*")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/--given: .*large: the space has \d+ responses, a table takes at most/),
    });
  });

  test("a module's reward and a moment, from samples of the reference", async () => {
    const out = folder.path("large-module");
    const argv = ["--reference", files.long, "--reward", files.letters, "--temperature", "8", "--moment", "a.*=0.5"];
    const told = await distilled(...argv, "--objective", "forward-kl", ...LARGE, "--out", out);
    const [moment] = told.moments;
    expect(Math.abs(moment.achieved - 0.5)).toBeLessThan(4 * moment.standardError);
    expect(told.certificate.exact.reason).toBe("the target only scores given responses");
  });

  test("a student is kept to what the reference and a constraint allow", async () => {
    const argv = ["--reference", files.long, "--reward", files.letters, "--temperature", "20", "--given", "b.*"];
    const told = await distilled(...argv, "--objective", "reverse-kl", ...LARGE, "--out", folder.path("kept"));
    expect(told.certificate.klStudentTarget.estimate).toBeGreaterThan(0);
    expect(told.certificate.warnings.join()).not.toMatch(/probability 0/);
    const positions = told.certificate.breakdown.positions as { variance: number | null }[];
    // the first letter is certain
    expect(positions[0]?.variance).toBeLessThan(1e-12);
  });

  test("a Transformer may be the reference or the target, and a scorer the target", async () => {
    for (const kind of ["arm", "ebm"] as const) {
      const model = architecture({ kind, actions: 3, horizon: 30, eos: true, layers: 1, width: 8, heads: 2 });
      const parameters = initialWeights(model, 1);
      writeModel(folder.path(`large-${kind}`), { architecture: model, tokens: tree.tokens, parameters });
    }
    const [arm, ebm] = [folder.path("large-arm"), folder.path("large-ebm")];
    const learn = (...argv: string[]) => distilled(...argv, "--objective", "path-consistency", ...LARGE);
    const told = await learn(
      "--reference",
      arm,
      "--target",
      ebm,
      "--temperature",
      "2",
      "--out",
      folder.path("of-both"),
    );
    expect(told.certificate.klStudentTarget.estimate).toBeGreaterThanOrEqual(0);
    const certify = (...argv: string[]) => arbelJson("certify", ...argv, "--samples", "400");
    // a scorer has no policy: only prefixes can be told apart
    const scored = await certify(arm, ebm);
    expect(scored.breakdown.positions[0]).toMatchObject({ mean: null, forbidden: null, probability: 1 });
    expect(scored.exact.logPartition).toBeNull();
    // the same model twice: every residual is 0, up to float32
    const same = await certify(arm, arm);
    expect(same.klStudentTarget.estimate).toBeLessThan(1e-6);
    // a table that says everything that a Transformer can, and one that does not
    const uniform = folder.write("uniform.json", {
      ...machine(30, "reward", [0]),
      states: 1,
      arcs: [
        [0, 0, 0, 0],
        [0, 1, 0, 0],
      ],
    });
    expect((await certify(uniform, arm)).klTargetStudent.estimate).not.toBeNull();
    const some = await certify(files.long, arm);
    expect(some.klTargetStudent).toEqual({ estimate: null, standardError: 0, interval: [null, null] });
    expect(some.warnings.join()).toMatch(/gives probability 0 to responses of the target/);
    expect(await arbel("certify", ebm, arm, "--samples", "10")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/large-ebm: is an EBM .* cannot be sampled exactly/),
    });
  });
});

describe("certify", () => {
  test("a tree's student against an automaton's target, and the other way round", async () => {
    const student = folder.write("wide.json", { ...tree, kind: "logits" });
    const target = folder.write("narrow.json", machine(3, "reward", [0, -1]));
    const certified = await arbelJson("certify", student, target, "--samples", "2000");
    // the tree says "bb", the automaton does not
    expect(certified.exact.klStudentTarget).toBeNull();
    expect(certified.exact.klTargetStudent).toBeGreaterThan(0);
    expect(certified.exact.logPartition).toBeCloseTo(toLogits(readTable(target)).logPartition, 12);
    const back = await arbelJson("certify", target, student, "--samples", "2000");
    expect(back.exact.klStudentTarget).toBeCloseTo(certified.exact.klTargetStudent, 12);
    expect(back.exact.klTargetStudent).toBeNull();
  });
});

describe("a resumed run", () => {
  const argv = () => [
    "--target",
    files.tree,
    "--student",
    "tabular",
    "--objective",
    "reverse-kl",
    "--samples-per-step",
    "8",
  ];

  test("tells its result again, and is refused where options or files differ", async () => {
    const out = folder.path("again");
    const target = folder.write("changing.json", tree);
    const first = await distilled(...argv(), "--target", target, "--steps", "20", "--out", out);
    const resume = (...more: string[]) => arbel("distill", "--resume", "--out", out, ...more);
    const { certificate, kl } = JSON.parse((await resume("--json")).stdout);
    expect({ certificate, kl }).toEqual({ certificate: first.certificate, kl: first.kl });
    expect((await resume("--student", "ngram:2")).stderr).toMatch(
      /--student ngram:2: .* was begun with --student tabular/,
    );
    expect((await resume("--given", "a*")).stderr).toMatch(/--given a\*: .* was begun without --given/);
    folder.write("changing.json", { ...tree, levels: [[[1, -1, 0.25]], ...tree.levels.slice(1)] });
    expect(await resume()).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/changing\.json: has changed since/),
    });
    expect((await arbel("train", "--resume", "--out", out)).stderr).toMatch(/holds a run of arbel distill/);
  });
});

describe.runIf(existsSync(built))("as a process", () => {
  const { begin, underWay } = longRuns(() => folder, "distill");
  const runs: Readonly<Record<string, { argv: () => string[]; file: string }>> = {
    tabular: {
      argv: () => [
        "--target",
        files.long,
        "--student",
        "tabular",
        "--objective",
        "path-consistency",
        "--samples-per-step",
        "2048",
      ],
      file: "student.safetensors",
    },
    transformer: {
      argv: () => [
        "--target",
        files.tree,
        ...TINY,
        "--objective",
        "forward-kl",
        "--samples-per-step",
        "64",
        "--threads",
        "1",
      ],
      file: "model.safetensors",
    },
  };
  const STEPS = ["--steps", "300", "--certify-samples", "200", "--seed", "11"];

  const numbers = (out: string) =>
    readFileSync(folder.path(`${out}/log.jsonl`), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => {
        const { step, value, kl, gradientNorm } = JSON.parse(line);
        return [step, value, kl, gradientNorm];
      });

  describe.each(Object.keys(runs))("%s", (name) => {
    const { argv, file } = runs[name] as (typeof runs)[string];
    const student = (out: string) => readFileSync(folder.path(`${out}/${file}`));
    const whole = `whole-${name}`;
    beforeAll(() => {
      mkdirSync(folder.path(whole), { recursive: true });
      spawnSync(process.execPath, [built, "distill", ...argv(), ...STEPS, "--out", folder.path(whole)]);
    });

    test("saves on Ctrl-C, says how to resume, and ends with the same numbers", async () => {
      const out = `stopped-${name}`;
      const child = begin(out, ...argv(), ...STEPS);
      const end = ended(child);
      await underWay(out);
      child.kill("SIGINT");
      const { code, stderr } = await end;
      expect(code).toBe(130);
      expect(stderr).toMatch(/arbel: stopped and saved: go on with arbel distill --resume --out /);
      expect(existsSync(folder.path(`${out}/${file}`))).toBe(false);
      expect((await ended(begin(out, "--resume"))).code).toBe(0);
      expect(student(out).equals(student(whole))).toBe(true);
      expect(numbers(out)).toEqual(numbers(whole));
    });

    test("killed again and again, ends with the same numbers", async () => {
      const out = `killed-${name}`;
      const child = begin(out, ...argv(), ...STEPS, "--save-every", "0.01");
      await underWay(out);
      child.kill("SIGKILL");
      await ended(child);
      for (const wait of [400, 600]) {
        const again = begin(out, "--resume", "--save-every", "0.01");
        setTimeout(() => again.kill("SIGKILL"), wait);
        await ended(again);
      }
      expect((await ended(begin(out, "--resume"))).code).toBe(0);
      expect(student(out).equals(student(whole))).toBe(true);
      expect(numbers(out)).toEqual(numbers(whole));
    });
  });
});

describe("bad input is refused before any work", () => {
  const module = (name: string, code: string) => ["--reference", files.short, "--reward", folder.write(name, code)];
  const SAMPLED = ["--samples-per-step", "4", "--steps", "9", ...TINY];
  const bad: [what: string, argv: () => string[], names: RegExp][] = [
    ["nothing to learn", () => EXACT, /--target is missing: name what to learn, or a --reference/],
    [
      "no objective",
      () => ["--target", files.tree, "--exact", "--student", "tabular"],
      /--objective is missing: forward-kl/,
    ],
    [
      "an unknown objective",
      () => ["--target", files.tree, "--objective", "ppo"],
      /'ppo' is invalid.*forward-kl, reverse-kl, bellman/,
    ],
    [
      "no student",
      () => ["--target", files.tree, "--exact", "--objective", "bellman"],
      /--student is missing: tabular, ngram:N/,
    ],
    [
      "an unknown student",
      () => ["--target", files.tree, ...EXACT, "--student", "lstm"],
      /--student lstm: is not known: use tabular, ngram:N/,
    ],
    [
      "an n-gram of order 0",
      () => ["--target", files.tree, ...EXACT, "--student", "ngram:0"],
      /--student ngram:0: "order" must be a whole number ≥ 1/,
    ],
    [
      "no expectations",
      () => ["--target", files.tree, "--objective", "bellman", "--student", "tabular"],
      /--exact is missing: say --exact, or --samples-per-step/,
    ],
    ["two kinds of expectations", () => ["--target", files.tree, ...EXACT, "--samples-per-step", "9"], /leave one out/],
    [
      "samples of none",
      () => ["--target", files.tree, "--samples-per-step", "0"],
      /--samples-per-step.*'0'.*from 1 to/,
    ],
    [
      "one sample and a baseline",
      () => ["--target", files.tree, "--objective", "reverse-kl", "--student", "tabular", "--samples-per-step", "1"],
      /compares each response with others: draw at least 2/,
    ],
    [
      "β = 0",
      () => ["--target", files.tree, ...EXACT, "--temperature", "0"],
      /--temperature.*'0'.*must be a number > 0/,
    ],
    [
      "β < 0",
      () => ["--target", files.tree, ...EXACT, "--temperature", "-1"],
      /--temperature.*'-1'.*must be a number > 0/,
    ],
    ["a β too small", () => ["--target", files.tree, ...EXACT, "--temperature", "1e-308"], /the target: .*overflow/],
    [
      "a certificate of one sample",
      () => ["--target", files.tree, ...EXACT, "--certify-samples", "1"],
      /--certify-samples.*'1'.*≥ 2/,
    ],
    ["no step", () => ["--target", files.tree, ...EXACT, "--steps", "0"], /--steps.*'0'.*≥ 1/],
    [
      "a constraint that nothing meets",
      () => ["--target", files.tree, ...EXACT, "--given", "a*", "b+"],
      /--given "b\+": no response of positive probability matches it and those before it/,
    ],
    [
      "a constraint that is no pattern",
      () => ["--target", files.tree, ...EXACT, "--given", "("],
      /--given "\(": .*cannot be read/,
    ],
    [
      "a moment out of reach",
      () => ["--target", files.tree, ...EXACT, "--moment", ".*a.*=1.5"],
      /--moment: the moment "\.\*a\.\*" cannot be 1\.5: .* between 0 and 1/,
    ],
    [
      "moments that contradict",
      () => ["--target", files.tree, ...EXACT, "--moment", "a.*=0.8", "b.*=0.7"],
      /the moments "a\.\*" \(0\.8\) and "b\.\*" \(0\.7\) cannot be met together/,
    ],
    [
      "a moment without number",
      () => ["--target", files.tree, ...EXACT, "--moment", ".*a"],
      /--moment.*must be REGEX=NUMBER/,
    ],
    [
      "a reward without number",
      () => ["--target", files.tree, ...EXACT, "--pattern-reward", ".*a=x"],
      /--pattern-reward.*must be REGEX=NUMBER/,
    ],
    [
      "a module that is missing",
      () => ["--reference", files.short, ...EXACT, "--reward", folder.path("no.mjs")],
      /no\.mjs: there is no such file/,
    ],
    ["a module that is no code", () => [...module("code.mjs", "export default ("), ...EXACT], /--reward .*code\.mjs: /],
    [
      "a module without function",
      () => [...module("none.mjs", "export const x = 1;"), ...EXACT],
      /none\.mjs: exports no function: write export default/,
    ],
    [
      "a module that never loads",
      () => [...module("load.mjs", "await new Promise(() => {});"), ...EXACT, "--reward-timeout", "0.3"],
      /load\.mjs: was not loaded within 0\.3 s/,
    ],
    [
      "a function that throws",
      () => [...module("throws.mjs", "export default () => { throw new Error('no\\nluck'); }"), ...EXACT],
      /--reward .*throws\.mjs: the function .* failed on responses 0 to 14: no luck/,
    ],
    [
      "a function that hangs",
      () => [...module("hangs.mjs", "export default () => { for (;;); }"), ...EXACT, "--reward-timeout", "0.3"],
      /hangs\.mjs: .* no answer within 0\.3 s/,
    ],
    [
      "a promise that is not kept",
      () => [
        ...module("waits.mjs", "export default () => new Promise(() => {});"),
        ...EXACT,
        "--reward-timeout",
        "0.3",
      ],
      /waits\.mjs: .* no answer within 0\.3 s/,
    ],
    [
      "a function that gives NaN",
      () => [...module("nan.mjs", "export default (ys) => ys.map(() => NaN);"), ...EXACT],
      /nan\.mjs: .* gave NaN for response 0/,
    ],
    [
      "a function that gives too few",
      () => [...module("few.mjs", "export default () => [1];"), ...EXACT],
      /few\.mjs: .* one number for each of 15 responses, got 1/,
    ],
    [
      "a function that gives no list",
      () => [...module("list.mjs", "export default () => 3;"), ...EXACT],
      /list\.mjs: .* one number for each of 15 responses/,
    ],
    [
      "a process that a module ends",
      () => [...module("exit.mjs", "export default () => process.exit(0);"), ...EXACT],
      /exit\.mjs: .*ended its thread/,
    ],
    [
      "two spaces",
      () => ["--target", files.tree, "--reference", files.short, ...EXACT],
      /tree\.json and --reference .*short\.json: .*horizons are 3 and 4/,
    ],
    [
      "two vocabularies",
      () => ["--target", files.tree, "--reference", folder.write("c.json", { ...tree, tokens: ["a", "c"] }), ...EXACT],
      /tokens at index 1 are "b" and "c"/,
    ],
    [
      "logits beside a reference",
      () => ["--target", folder.write("l.json", { ...tree, kind: "logits" }), "--reference", files.tree, ...EXACT],
      /l\.json: holds logits, but beside --reference it is a reward/,
    ],
    [
      "exact expectations of too much",
      () => ["--target", files.long, ...TINY, "--exact", "--objective", "forward-kl"],
      /--exact: the space has \d+ responses, a Transformer goes through at most 1048576: give --samples-per-step/,
    ],
    [
      "exact expectations of a program",
      () => ["--reference", files.long, "--reward", files.letters, ...TINY, "--exact", "--objective", "forward-kl"],
      /--exact: the space has .* give --samples-per-step/,
    ],
    [
      "soft Bellman regression on a program",
      () => ["--reference", files.long, "--reward", files.letters, ...SAMPLED, "--objective", "bellman"],
      /--objective bellman: needs a reward of every action/,
    ],
    [
      "a table of too much",
      () => [
        "--reference",
        files.long,
        "--reward",
        files.letters,
        "--samples-per-step",
        "4",
        "--objective",
        "forward-kl",
        "--student",
        "tabular",
      ],
      /--student tabular: .* lower the horizon, or use a Transformer/,
    ],
    [
      "heads that do not fit",
      () => ["--target", files.tree, ...SAMPLED, "--objective", "forward-kl", "--heads", "3"],
      /"width" must be an even multiple of "heads"/,
    ],
    [
      "a behaviour without part",
      () => ["--target", files.tree, ...EXACT, "--behaviour", "uniform"],
      /--behaviour: has no part in the exact reverse-kl/,
    ],
    [
      "a behaviour of another space",
      () => [
        "--target",
        files.tree,
        "--student",
        "tabular",
        "--objective",
        "forward-kl",
        "--samples-per-step",
        "4",
        "--behaviour",
        files.short,
      ],
      /--behaviour .*short\.json and the target: .*horizons are 4 and 3/,
    ],
    [
      "an empty target",
      () => ["--target", folder.write("e.json", { ...tree, horizon: 1, levels: [[[null, null, null]]] }), ...EXACT],
      /e\.json: .*no response has positive probability/,
    ],
    ["nothing to resume", () => ["--resume"], /holds no run to resume/],
  ];
  test.each(bad)("%s", async (_, argv, names) => {
    const out = folder.path("refused");
    const { code, stdout, stderr } = await arbel("distill", ...argv(), "--out", out);
    expect(stderr).toMatch(names);
    expect(stderr).toMatch(/^arbel: [^\n]+\n$/);
    expect(stderr).not.toMatch(/\bat \S+ \(|\.[jt]s:\d/);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(existsSync(out)).toBe(false);
  });

  test("a function that fails once the run is on its way ends it with one sentence", async () => {
    const fails =
      "let calls = 0; export default (ys) => { if (++calls > 2) throw new Error('spent'); return ys.map(() => 0); }";
    const out = folder.path("spent");
    const argv = ["--reference", files.long, "--reward", folder.write("spent.mjs", fails), ...SAMPLED];
    const { code, stderr } = await arbel("distill", ...argv, "--objective", "reverse-kl", "--out", out);
    expect(code).toBe(2);
    expect(stderr.trimEnd().split("\n").at(-1)).toMatch(
      /^arbel: --reward .*spent\.mjs: the function .* failed on responses 0 to 3: spent$/,
    );
    expect(existsSync(`${out}/model.safetensors`)).toBe(false);
  });

  test("certificates of one sample, and of models that cannot be compared", async () => {
    expect((await arbel("certify", files.tree, files.tree, "--samples", "1")).stderr).toMatch(/--samples.*≥ 2/);
    expect((await arbel("certify", files.tree, files.short, "--samples", "9")).stderr).toMatch(
      /tree\.json and .*short\.json: the models live on different spaces: the horizons are 3 and 4/,
    );
    mkdirSync(folder.path("empty"), { recursive: true });
    expect((await arbel("certify", folder.path("empty"), files.tree, "--samples", "9")).stderr).toMatch(
      /empty: is a folder without a model/,
    );
  });
});
