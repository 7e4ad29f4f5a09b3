import { mkdirSync, truncateSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { arbel, type Folder, temporaryFolder } from "./testing/command-line.ts";

/** A small valid tree; each case spoils one thing. */
const tree = (spoiled: object = {}) => ({
  format: "arbel-table",
  version: 1,
  kind: "reward",
  tokens: ["a", "b"],
  horizon: 2,
  eos: true,
  levels: [
    [[0.5, -1, 0]],
    [
      [null, null, 0],
      [null, null, 1],
    ],
  ],
  ...spoiled,
});

/** A small valid automaton. */
const automaton = (spoiled: object = {}) => ({
  format: "arbel-table",
  version: 1,
  kind: "reward",
  space: "automaton",
  tokens: ["a", "b"],
  horizon: 4,
  eos: true,
  states: 2,
  start: 0,
  arcs: [
    [0, 0, 0, 1],
    [0, 1, 1, 2],
  ],
  accept: [
    [0, 0.5],
    [1, null],
  ],
  ...spoiled,
});

const text = (spoiled: object, find: string, replace: string) => JSON.stringify(tree(spoiled)).replace(find, replace);

/** What is wrong, the file's content, and what the message must name. */
const files: [what: string, content: unknown, names: RegExp][] = [
  ["an empty file", "", /is not JSON/],
  ["text that is not JSON", "reward: 1", /is not JSON/],
  ["text cut short", JSON.stringify(tree()).slice(0, -9), /is not JSON/],
  ["NaN as JSON has it not", text({}, "0.5", "NaN"), /is not JSON.*null/],
  ["bytes that are no text", Uint8Array.of(0x7b, 0xff, 0xfe, 0x7d), /not UTF-8/],
  ["a list", [tree()], /one JSON object/],
  ["null", "null", /one JSON object/],
  ["deep nesting", "[".repeat(1_000_000), /is nested more than 16 deep/],
  ["deep nesting that closes", "[".repeat(200_000) + "]".repeat(200_000), /is nested more than 16 deep/],
  [
    "deep nesting in a field",
    text({}, "0.5", "[".repeat(100_000) + "]".repeat(100_000)),
    /is nested more than 16 deep/,
  ],
  ["a key twice", text({}, `"horizon":2`, `"horizon":2,"horizon":3`), /"horizon" stands twice/],
  ["no format", tree({ format: undefined }), /"format"/],
  ["another format", tree({ format: "table" }), /"format" must be "arbel-table", got "table"/],
  ["a table inside", { name: "x", reward: tree() }, /"format".*under "reward"/],
  ["no version", tree({ version: undefined }), /"version".*write 1/],
  ["a future version", tree({ version: 2 }), /"version" is 2.*knows version 1 only: update/],
  ["another kind", tree({ kind: "energy" }), /"kind" must be "reward" or "logits", got "energy"/],
  ["another space", tree({ space: "lattice" }), /"space" must be "tree" or "automaton"/],
  ["no tokens", tree({ tokens: [] }), /"tokens".*at least one/],
  ["a number of tokens", tree({ tokens: 2 }), /"tokens" must be a list/],
  ["a token that is no text", tree({ tokens: ["a", 2] }), /tokens\[1\] must be a text/],
  ["a token twice", tree({ tokens: ["a", "a"] }), /tokens\[0\] and tokens\[1\] are both "a".*distinct/],
  ["horizon 0", tree({ horizon: 0 }), /"horizon" must be a whole number ≥ 1, got 0/],
  ["a negative horizon", tree({ horizon: -3 }), /"horizon".*-3/],
  ["a broken horizon", tree({ horizon: 2.5 }), /"horizon".*2\.5/],
  ["a horizon in quotes", tree({ horizon: "2" }), /"horizon".*"2"/],
  ["eos as a number", tree({ eos: 1 }), /"eos" must be true or false, got 1/],
  ["no levels", tree({ levels: undefined }), /"levels" must be a list/],
  ["a level missing", tree({ levels: [[[0, 0, 0]]] }), /"levels" must hold 2 levels.*got 1: add 1/],
  ["a level too many", tree({ levels: [[], [], []] }), /"levels" must hold 2 levels.*got 3: remove 1/],
  ["a row missing", tree({ levels: [[[0, 0, 0]], [[null, null, 0]]] }), /levels\[1\] must hold 2 rows.*got 1: add 1/],
  [
    "a row too long",
    tree({ levels: [[[0, 0, 0, 0]], [[], []]] }),
    /levels\[0\]\[0\] must hold 3 numbers.*got 4: remove 1/,
  ],
  ["a row that is a number", tree({ levels: [[0], [[], []]] }), /levels\[0\]\[0\] must be a list/],
  ["a number in quotes", tree({ levels: [[["0", 0, 0]], []] }), /levels\[0\]\[0\]\[0\] is "0"/],
  ["true as a number", tree({ levels: [[[0, true, 0]], []] }), /levels\[0\]\[0\]\[1\] is true/],
  ["1e999", text({}, "0.5", "1e999"), /levels\[0\]\[0\]\[0\] is Infinity.*null/],
  ["-1e999", text({}, "0.5", "-1e999"), /levels\[0\]\[0\]\[0\] is -Infinity.*null/],
  [
    "a token at the last depth",
    tree({
      levels: [
        [[0, 0, 0]],
        [
          [null, null, 0],
          [null, 0, 0],
        ],
      ],
    }),
    /levels\[1\]\[1\]\[1\] is 0.*only EOS/,
  ],
  [
    "a tree without responses",
    tree({
      levels: [
        [[0, 0, null]],
        [
          [null, null, null],
          [null, null, null],
        ],
      ],
    }),
    /the model is empty.*prefix \["a"\]/,
  ],
  [
    "logits without responses",
    tree({ kind: "logits", horizon: 1, levels: [[[null, null, null]]] }),
    /the model is empty.*\[\]/,
  ],
  ["a tree too large", tree({ horizon: 60 }), /EiB.*limit is 4 GiB: lower the horizon/],
  ["a tree far too large", tree({ horizon: 1e9 }), /limit is 4 GiB: lower the horizon/],
  ["a path too long", tree({ horizon: 1e9, tokens: ["a"] }), /TiB.*limit is 4 GiB: lower the horizon/],
  ["an automaton without its space", { ...automaton(), space: undefined }, /"space": "automaton"/],
  ["an automaton too long", automaton({ horizon: 1e9 }), /limit is 4 GiB: lower the horizon/],
  ["no states", automaton({ states: 0 }), /"states" must be a whole number from 1/],
  ["too many states", automaton({ states: 1e12 }), /"states" must be a whole number from 1/],
  ["a start out of range", automaton({ start: 2 }), /"start" must be a whole number from 0 to 1, got 2/],
  ["no arcs", automaton({ arcs: undefined }), /"arcs" must be a list/],
  ["an arc without number", automaton({ arcs: [[0, 0, 0]] }), /arcs\[0\] must be \[from, token, to, number\]/],
  [
    "an arc from nowhere",
    automaton({
      arcs: [
        [0, 0, 0, 1],
        [2, 0, 0, 1],
      ],
    }),
    /arcs\[1\]\[0\].*from 0 to 1, got 2/,
  ],
  ["an arc by no token", automaton({ arcs: [[0, 2, 0, 1]] }), /arcs\[0\]\[1\].*from 0 to 1, got 2/],
  ["an arc to nowhere", automaton({ arcs: [[0, 0, -1, 1]] }), /arcs\[0\]\[2\].*from 0 to 1, got -1/],
  ["an arc's number in quotes", automaton({ arcs: [[0, 0, 0, "1"]] }), /arcs\[0\]\[3\] is "1"/],
  [
    "two arcs by one token",
    automaton({
      arcs: [
        [0, 0, 0, 1],
        [0, 0, 1, 1],
      ],
    }),
    /arcs 0 and 1.*"a".*deterministic/,
  ],
  ["no accepting states", automaton({ accept: undefined }), /"accept" must be a list/],
  [
    "an accepting state twice",
    automaton({
      accept: [
        [1, 0],
        [1, 0],
      ],
    }),
    /accept\[0\] and accept\[1\] both name state 1/,
  ],
  ["an accepting state out of range", automaton({ accept: [[9, 0]] }), /accept\[0\]\[0\].*got 9/],
  ["an accepting state without number", automaton({ accept: [0] }), /accept\[0\] must be a list/],
  ["an automaton that accepts nothing", automaton({ accept: [] }), /the model is empty/],
  ["numbers beside arcs and in levels", automaton({ levels: [] }), /arcs\[0\] must be \[from, token, to\]/],
  [
    "levels of the wrong length",
    automaton({ horizon: 2, arcs: [[0, 0, 1]], accept: [1], levels: [[0, 0], []] }),
    /levels\[1\] must hold 1 numbers, got 0/,
  ],
  [
    "depths that do not add up",
    automaton({ horizon: 2, states: 3, arcs: [], depths: [1, 1] }),
    /"depths" must add up to the 3 states/,
  ],
  [
    "an arc that skips a depth",
    automaton({ horizon: 3, states: 3, arcs: [[0, 0, 2, 0]], accept: [[2, 0]], depths: [1, 1, 1] }),
    /arcs\[0\] leads from depth 0 to depth 2/,
  ],
];

let folder: Folder;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

/** Refused with exit code 2 and one sentence, and nothing written. */
const expectRefused = async (argv: readonly string[], names: RegExp) => {
  const before = folder.list();
  const { code, stdout, stderr } = await arbel(...argv);
  expect(stderr).toMatch(/^arbel: [^\n]+\n$/);
  expect(stderr).toMatch(names);
  expect(stderr.length).toBeLessThan(500);
  expect(stderr).not.toMatch(/\bat \S+ \(|\.ts:\d|\.js:\d/);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(folder.list()).toEqual(before);
};

describe("refuses a JSON table with", () => {
  test.each(files)("%s", async (_, content, names) => {
    const file = folder.write("in.json", content);
    const began = performance.now();
    await expectRefused(["convert", file, "--to", "logits", "--out", folder.path("out.json")], names);
    await expectRefused(["describe", file], /in\.json: /);
    expect(performance.now() - began).toBeLessThan(3_000);
  });

  test("more than 256 MiB, at once", async () => {
    const file = folder.write("in.json", "");
    truncateSync(file, 2 ** 28 + 1);
    await expectRefused(["describe", file], /in\.json: 256 MiB of JSON is above the limit.*\.safetensors/);
  });

  test("the valid ones are not refused", async () => {
    for (const content of [tree(), automaton()]) {
      expect(await arbel("describe", folder.write("in.json", content))).toMatchObject({ code: 0, stderr: "" });
    }
  });
});

describe("refuses arguments:", () => {
  const commands: [argv: string[], names: RegExp][] = [
    [[], /a command is missing/],
    [["descrbe", "GOOD"], /unknown command 'descrbe'.*describe/],
    [["--frob"], /unknown option '--frob'/],
    [["describe"], /missing required argument 'in'/],
    [["describe", "GOOD", "GOOD"], /too many arguments/],
    [["describe", "GOOD", "--frob"], /unknown option '--frob'/],
    [["describe", "GOOD", "--best"], /'--best <k>' argument missing/],
    [["describe", "GOOD", "--best", "-1"], /--best.*'-1'.*whole number/],
    [["describe", "GOOD", "--best", "1.5"], /--best.*'1\.5'.*whole number/],
    [["describe", "GOOD", "--best", ""], /--best.*whole number/],
    [["compare", "GOOD"], /missing required argument 'b'/],
    [["compare", "GOOD", "OTHER"], /good\.json and \S*other\.json: .*different spaces: the horizons are 2 and 1/],
    [["certify", "GOOD", "GOOD"], /'--samples <n>' not specified/],
    [["certify", "GOOD", "GOOD", "--samples", "1"], /--samples.*'1'.*≥ 2/],
    [["certify", "GOOD", "GOOD", "--samples", "1000000000000"], /--samples 1000000000000: .*memory/],
    [["certify", "GOOD", "OTHER", "--samples", "10"], /different spaces/],
    [["sample", "GOOD"], /'--count <n>' not specified/],
    [["sample", "GOOD", "--count", "-1"], /--count.*'-1'.*whole number/],
    [["sample", "GOOD", "--count", "ten"], /--count.*'ten'.*whole number/],
    [["sample", "GOOD", "--count", "1", "--seed", "abc"], /--seed.*'abc'.*whole number/],
    [["sample", "GOOD", "--count", "1", "--seed", "4294967296"], /--seed.*from 0 to 4294967295/],
    [["sample", "GOOD", "--count", "1", "--given", "("], /--given "\(": .*cannot be read/],
    [["sample", "GOOD", "--count", "1", "--given", "(?=a)a"], /--given .*look-ahead/],
    [["sample", "GOOD", "--count", "1", "--given", "(a|b)*a(a|b){25}"], /--given .*explodes/],
    [["sample", "GOOD", "--count", "1", "--given", "ccc"], /--given "ccc": no response .* matches/],
    [["convert", "GOOD", "--out", "OUT.json"], /'--to <kind>' not specified/],
    [["convert", "GOOD", "--to", "logits"], /'--out <out>' not specified/],
    [["convert", "GOOD", "--to", "energy", "--out", "OUT.json"], /--to.*'energy'.*logits, reward/],
    [
      ["convert", "GOOD", "--to", "logits", "--out", "OUT.csv"],
      /out\.csv: the extension "\.csv".*\.json or \.safetensors/,
    ],
    [["convert", "GOOD", "--to", "logits", "--out", "OUT"], /out: the extension is missing/],
    [["convert", "GOOD", "--to", "logits", "--out", "FOLDER.json"], /folder\.json: is a folder/],
    [["convert", "GOOD", "--to", "logits", "--out", "NOWHERE/out.json"], /nowhere: there is no such file or folder/],
    [["convert", "GOOD", "--to", "logits", "--out", "GOOD/out.json"], /good\.json: is a file, not a folder/],
    [["convert", "GOOD", "--to", "logits", "--out", "/proc/out.json"], /\/proc/],
    [["describe", "MISSING.json"], /missing\.json: there is no such file/],
    [["describe", "FOLDER.json"], /folder\.json: is a folder/],
    [["describe", "GOOD/x.json"], /x\.json: a part of the name is a file/],
    [["describe", "good.JSON"], /the extension "\.JSON" is not known/],
  ];
  test.each(commands)("arbel %s", async (argv, names) => {
    const [good, other] = [
      folder.write("good.json", tree()),
      folder.write("other.json", tree({ horizon: 1, levels: [[[null, null, 0]]] })),
    ];
    mkdirSync(folder.path("folder.json"));
    const named = argv.map((word) => {
      if (!/^[A-Z]{3,}/.test(word)) return word;
      if (word.startsWith("GOOD")) return word.replace("GOOD", good);
      return word === "OTHER" ? other : folder.path(word.toLowerCase());
    });
    await expectRefused(named, names);
  });
});
