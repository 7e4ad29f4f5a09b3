import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { tableOfArcs } from "../table.ts";
import { tree } from "../tree.ts";
import { atomicWrite } from "./atomic-write.ts";
import { readTable, writeTable } from "./disk.ts";
import { makeFolder } from "./folder.ts";
import { InputError } from "./input-error.ts";
import { sameNumbers } from "./number-text.ts";

const table = tableOfArcs(tree({ tokens: ["é", "b"], horizon: 3, eos: true }), "logits", (depth, state, action) =>
  state === 1 ? -Infinity : depth + action / 3,
);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "arbel-files-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test.each(["json", "safetensors"])("a table written as .%s is read back", (extension) => {
  const path = join(folder, `table.${extension}`);
  writeTable(path, table);
  const back = readTable(path);
  expect([back.kind, back.space.tokens, back.levels]).toEqual([table.kind, table.space.tokens, table.levels]);
  expect(readdirSync(folder)).toEqual([`table.${extension}`]);
});

test.each(["json", "safetensors"])("a table in shared memory written as .%s is read back", (extension) => {
  const space = tree({ tokens: 2, horizon: 17, eos: false });
  const large = tableOfArcs(space, "reward", (depth, state, action) => Math.sin(depth + state) / (action + 1));
  const path = join(folder, `large.${extension}`);
  writeTable(path, large);
  for (const { levels } of [large, readTable(path)]) {
    expect(levels[16]?.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(levels.every((level, depth) => sameNumbers(level, large.levels[depth] as Float64Array))).toBe(true);
  }
});

test("the data of a safetensors file is aligned", () => {
  const path = join(folder, "table.safetensors");
  writeTable(path, table);
  const bytes = readFileSync(path);
  expect((8 + Number(bytes.readBigUInt64LE(0))) % 8).toBe(0);
  expect(bytes.subarray(-8).readDoubleLE()).toBe((table.levels[2] as Float64Array).at(-1));
});

test("a write that fails leaves the old file and nothing else", () => {
  const path = join(folder, "table.json");
  writeFileSync(path, "old");
  function* failing() {
    yield new Uint8Array(100);
    throw new Error("no more");
  }
  expect(() => atomicWrite(path, failing())).toThrow("no more");
  expect(readdirSync(folder)).toEqual(["table.json"]);
  expect(readFileSync(path, "utf8")).toBe("old");
});

test("makes folders with their parents, and refuses where the system does, at once", () => {
  makeFolder(join(folder, "a", "b", ""));
  makeFolder(join(folder, "a", "b"));
  expect(readdirSync(join(folder, "a"))).toEqual(["b"]);
  writeFileSync(join(folder, "file"), "");
  for (const path of [join(folder, "file"), join(folder, "file", "x"), "/proc/arbel/x"]) {
    expect(() => makeFolder(path)).toThrow(InputError);
  }
});

test("names what cannot be read or written", () => {
  mkdirSync(join(folder, "folder.json"));
  symlinkSync("loop.json", join(folder, "loop.json"));
  const cases: [name: string, read: RegExp, write: RegExp][] = [
    ["missing/x.json", /x\.json: there is no such file/, /missing: there is no such file or folder/],
    ["folder.json", /folder\.json: is a folder/, /folder\.json: is a folder/],
    [
      "table.csv",
      /"\.csv" is not known: use \.json or \.safetensors/,
      /"\.csv" is not known: use \.json or \.safetensors/,
    ],
    ["table", /extension is missing/, /extension is missing/],
  ];
  for (const [name, read, write] of cases) {
    const path = join(folder, name);
    expect(() => readTable(path)).toThrow(InputError);
    expect(() => readTable(path)).toThrow(read);
    expect(() => writeTable(path, table)).toThrow(InputError);
    expect(() => writeTable(path, table)).toThrow(write);
  }
  expect(() => readTable(join(folder, "loop.json"))).toThrow(/the link leads back/);
  expect(() => readTable("/dev/null/x.json")).toThrow(InputError);
});
