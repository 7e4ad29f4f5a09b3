import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { certifyExactly, logProbability } from "../src/bellman/index.ts";
import { run } from "../src/cli/run.ts";
import { parseTable } from "../src/space/index.ts";
import { arbel, arbelJson, type Folder, temporaryFolder } from "./testing/command-line.ts";

const reward = {
  format: "arbel-table",
  version: 1,
  kind: "reward",
  tokens: ["a", "b\n"],
  horizon: 3,
  eos: true,
  levels: [
    [[1, 0.5, -1]],
    [
      [0, null, 0.25],
      [2, -1, 0],
    ],
    [
      [null, null, 0],
      [null, null, 1],
      [null, null, null],
      [null, null, 0.5],
    ],
  ],
};
const student = {
  ...reward,
  kind: "logits",
  levels: [
    [[1, 1, 0]],
    [
      [0, null, 0],
      [1, 0, 0],
    ],
    reward.levels[2],
  ],
};

let folder: Folder;
let [rewardFile, studentFile] = ["", ""];
beforeAll(() => {
  folder = temporaryFolder();
  rewardFile = folder.write("reward.json", reward);
  studentFile = folder.write("student.json", student);
});
afterAll(() => folder.remove());

describe("help", () => {
  test.each([[["--help"]], [["describe", "--help"]], [["sample", "--help"]], [["--version"]]])(
    "%s goes to stdout",
    async (argv) => {
      const { code, stdout, stderr } = await arbel(...argv);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(stdout).toMatch(argv[0] === "--version" ? /^\d+\.\d+\.\d+\n$/ : /Example/);
    },
  );
});

describe("describe", () => {
  test("prints a table for people", async () => {
    const { stdout } = await arbel("describe", rewardFile);
    expect(stdout).toMatch(/reward on a tree\n/);
    expect(stdout).toMatch(/^vocabulary +2 +tokens$/m);
    expect(stdout).toMatch(/^entropy +\d\.\d{6} +nats/m);
    // a line break in a token cannot break a line
    expect(stdout).toMatch(/^ +\d+\.\d+ % +-\d\.\d{6} +"b\\nb\\n"$/m);
  });

  test("prints the fixed keys in order", async () => {
    const described = await arbelJson("describe", rewardFile, "--best", "1");
    expect(Object.keys(described).join()).toBe(
      "kind,vocabulary,horizon,eos,states,arcs,responses,support,logPartition,entropy,expectedLength,best",
    );
    expect(Object.keys(described.best[0]).join()).toBe("tokens,text,logProbability");
    expect(described).toMatchObject({ vocabulary: 2, states: 7, arcs: 13, responses: 7, support: 5 });
  });

  test("lists no response, or as many as there are", async () => {
    expect((await arbelJson("describe", rewardFile, "--best", "0")).best).toEqual([]);
    expect((await arbelJson("describe", rewardFile, "--best", "1000")).best).toHaveLength(5);
  });

  test("prints counts beyond 2^53 as texts", async () => {
    const loop = {
      ...reward,
      levels: undefined,
      space: "automaton",
      horizon: 70,
      states: 1,
      start: 0,
      arcs: [
        [0, 0, 0, 0],
        [0, 1, 0, 0],
      ],
      accept: [[0, 0]],
    };
    const described = await arbelJson("describe", folder.write("loop.json", loop));
    expect(described).toMatchObject({
      states: 1,
      arcs: 3,
      responses: String(2n ** 70n - 1n),
      support: String(2n ** 70n - 1n),
    });
  });
});

describe("compare", () => {
  test("prints the fixed keys", async () => {
    const compared = await arbelJson("compare", rewardFile, studentFile);
    expect(compared).toEqual({
      kl: { forward: expect.any(Number), reverse: expect.any(Number) },
      distance: { raw: expect.any(Number), gaugeFree: expect.any(Number) },
      bounds: {
        paper: expect.any(Number),
        sharp: expect.any(Number),
        sharpExpected: { forward: expect.any(Number), reverse: expect.any(Number) },
      },
    });
  });

  test("prints infinity as null, and as ∞ for people", async () => {
    const certain = folder.write("certain.json", { ...reward, levels: [[[1, null, null]], ...reward.levels.slice(1)] });
    const { kl } = await arbelJson("compare", rewardFile, certain);
    expect(kl).toEqual({ forward: null, reverse: expect.any(Number) });
    expect((await arbel("compare", rewardFile, certain)).stdout).toMatch(/^exact +∞ +\d\.\d{6}$/m);
  });
});

describe("certify", () => {
  test("prints estimates beside the exact values", async () => {
    const certified = await arbelJson("certify", studentFile, rewardFile, "--samples", "20000", "--seed", "7");
    expect(certified).toMatchObject({ samples: 20_000, seed: 7, warnings: [] });
    const exact = certifyExactly(parseTable(JSON.stringify(student)), parseTable(JSON.stringify(reward)));
    for (const key of ["logPartition", "klStudentTarget", "klTargetStudent"] as const) {
      const { estimate, standardError, interval } = certified[key];
      expect(certified.exact[key]).toBeCloseTo(exact[key], 12);
      expect(Math.abs(estimate - exact[key])).toBeLessThan(5 * standardError);
      expect(interval).toHaveLength(2);
    }
    expect(certified.bracket.lower).toBeLessThan(certified.bracket.upper);
    expect(certified.effectiveSampleSize).toBeLessThan(20_000);
  });

  test("says what is guaranteed, and where the student errs", async () => {
    const certified = await arbelJson("certify", studentFile, rewardFile, "--samples", "1000", "--seed", "7");
    const { residualRange, klBound, confident } = certified.guarantees;
    expect(residualRange.lower).toBeLessThan(residualRange.upper);
    expect(certified.exact.klTargetStudent).toBeLessThan(klBound);
    expect(confident.klTargetStudent[1]).toBeLessThanOrEqual(klBound);
    expect(certified).toHaveProperty("paretoShape");
    expect(certified.breakdown.positions).toHaveLength(3);
    const variances = certified.breakdown.states.map(({ variance }: { variance: number }) => variance);
    expect(variances).toEqual(variances.toSorted((a: number, b: number) => b - a));
    const { stdout } = await arbel("certify", studentFile, rewardFile, "--samples", "1000");
    expect(stdout).toMatch(/^guaranteed, nats +certain +but for a chance of 5 %$/m);
    expect(stdout).toMatch(/^errs most after +reached +variance$/m);
  });

  test("warns of few effective samples", async () => {
    const far = folder.write("far.json", { ...reward, levels: [[[-4, -4, 0]], ...reward.levels.slice(1)] });
    const { stdout } = await arbel("certify", far, rewardFile, "--samples", "100");
    expect(stdout).toMatch(/^seed +7$/m);
    expect(stdout).toMatch(/^warning: the effective sample size is \d/m);
  });
});

describe("sample", () => {
  test("repeats exactly, and says its seed", async () => {
    const first = await arbel("sample", rewardFile, "--count", "50");
    expect(first).toEqual(await arbel("sample", rewardFile, "--count", "50", "--seed", "7"));
    expect(first.stdout).not.toBe((await arbel("sample", rewardFile, "--count", "50", "--seed", "2")).stdout);
    expect(first.stderr).toBe("seed 7\n");
    expect(first.stdout).toMatch(/^(-\d\.\d{6}\t(a|b\\n)*\n){50}$/);
  });

  test("prints a JSON line each, with the model's probability", async () => {
    const { stdout } = await arbel("sample", rewardFile, "--count", "20", "--json");
    const table = parseTable(JSON.stringify(reward));
    const lines = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines).toHaveLength(20);
    for (const { tokens, text, logProbability: logP } of lines) {
      expect(text).toBe(tokens.join(""));
      const ids = tokens.map((token: string) => reward.tokens.indexOf(token));
      expect(logP).toBeCloseTo(logProbability(table, ids), 12);
    }
  });

  test("draws distinct responses, and says when there are no more", async () => {
    const { stdout, stderr } = await arbel("sample", rewardFile, "--count", "9", "--without-replacement");
    expect(new Set(stdout.trim().split("\n")).size).toBe(5);
    expect(stderr).toContain("only 5 responses");
  });

  test("conditions exactly on a pattern", async () => {
    const { stdout } = await arbel(
      "sample",
      rewardFile,
      "--count",
      "9",
      "--without-replacement",
      "--given",
      "a.*",
      "--json",
    );
    const lines = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map(({ text }) => text).sort()).toEqual(["a", "aa"]);
    expect(lines.reduce((sum, { logProbability: logP }) => sum + Math.exp(logP), 0)).toBeCloseTo(1, 12);
  });

  test("draws nothing when asked for nothing", async () => {
    expect(await arbel("sample", rewardFile, "--count", "0")).toMatchObject({ code: 0, stdout: "" });
  });
});

test("convert says when it only copies", async () => {
  const copied = await arbelJson("convert", rewardFile, "--to", "reward", "--out", folder.path("copy.safetensors"));
  expect(copied).toMatchObject({ kind: "reward", copied: true });
  const { stdout } = await arbel(
    "convert",
    folder.path("copy.safetensors"),
    "--to",
    "reward",
    "--out",
    folder.path("copy.json"),
  );
  expect(stdout).toMatch(/^wrote \S+copy\.json: reward, a copy: .*; log-partition \d\.\d{6} nats\n$/);
});

test("--debug adds a stack trace", async () => {
  const { code, stderr } = await arbel("describe", folder.path("missing.json"), "--debug");
  expect(code).toBe(2);
  expect(stderr).toMatch(/^arbel: .*missing\.json: .*\n(.*\n)*\s+at .*\n(.*\n)*caused by Error: ENOENT/);
});

test("a fault of the work itself is exit code 1", async () => {
  const failing = { write: (_: string, done: (error?: Error) => void) => done(new Error("the stream broke")) };
  let stderr = "";
  const collecting = {
    write: (text: string, done: () => void) => {
      stderr += text;
      done();
    },
  };
  expect(await run(["describe", rewardFile], { stdout: failing, stderr: collecting })).toBe(1);
  expect(stderr).toBe("arbel: the stream broke\n");
});

test("a reader of stderr that has gone away takes nothing from the result", async () => {
  const gone = { write: (_: string, done: (error?: Error) => void) => done(new Error("write EPIPE")) };
  let stdout = "";
  const collecting = {
    write: (text: string, done: () => void) => {
      stdout += text;
      done();
    },
  };
  expect(await run(["sample", rewardFile, "--count", "3", "--json"], { stdout: collecting, stderr: gone })).toBe(0);
  expect(stdout.trim().split("\n")).toHaveLength(3);
});

test("an error that quotes a damaged file does not act on the terminal", async () => {
  const damaged = folder.write("damaged.gguf", Uint8Array.of(0x1b, 0x5b, 0x32, 0x4a, 0, 0, 0, 0));
  const { code, stderr } = await arbel("steer", "--model", damaged, "--regex", "a");
  expect(code).toBe(2);
  expect(stderr).toMatch(/^arbel: .*damaged\.gguf: is no GGUF file .*\\u001b\[2J/);
});

/** The built program: `npm test` builds it first. */
const built = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));

describe.runIf(existsSync(built))("as a process", () => {
  const shell = (command: string) => spawnSync("sh", ["-c", command], { encoding: "utf8" });
  const quoted = `"${process.execPath}" "${built}"`;

  test("describes", () => {
    const { status, stdout, stderr } = shell(`${quoted} describe "${rewardFile}" --json`);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject({ kind: "reward", support: 5 });
  });

  test.each(["frob", "describe missing.json", "sample x --count -1", "describe ."])("refuses %s", (argv) => {
    const { status, stdout, stderr } = shell(`${quoted} ${argv}`);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(/^arbel: [^\n]+\n$/);
  });

  test("is quiet when its reader has seen enough", () => {
    const { stdout, stderr } = shell(
      `{ ${quoted} sample "${rewardFile}" --count 300000; echo "code $?" >&2; } | head -n 2`,
    );
    expect(stdout.trim().split("\n")).toHaveLength(2);
    expect(stderr).toBe("seed 7\ncode 0\n");
  });
});
