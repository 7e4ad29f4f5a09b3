import { afterAll, beforeAll, expect, test } from "vitest";
import { automaton, formatSafetensors, layered, type Table, tableOfArcs, tree } from "../src/space/index.ts";
import { arbel, type Folder, temporaryFolder } from "./testing/command-line.ts";

const small = tableOfArcs(tree({ tokens: ["a", "b"], horizon: 2, eos: true }), "logits", () => 0);

const merged = tableOfArcs(
  layered(
    automaton({
      tokens: ["a", "b"],
      states: 2,
      start: 0,
      arcs: [
        [0, 0, 0],
        [0, 1, 1],
        [1, 0, 0],
      ],
      accept: [0, 1],
    }),
    { horizon: 4, eos: true },
  ),
  "reward",
  () => 0,
);

// biome-ignore lint/suspicious/noExplicitAny: headers are spoiled in every way
type Header = Record<string, any>;

/** The file of a table with its header changed, and its data. */
const withHeader = (
  table: Table,
  change: (header: Header) => void,
  dataChange = (data: Buffer) => data,
): Uint8Array => {
  const bytes = Buffer.from(formatSafetensors(table));
  const length = Number(bytes.readBigUInt64LE(0));
  const header: Header = JSON.parse(bytes.toString("utf8", 8, 8 + length));
  change(header);
  return withText(JSON.stringify(header), dataChange(bytes.subarray(8 + length)));
};

const withText = (header: string, data: Uint8Array, length = Buffer.byteLength(header)): Uint8Array => {
  const first = Buffer.alloc(8);
  first.writeBigUInt64LE(BigInt(length));
  return Buffer.concat([first, Buffer.from(header), data]);
};

const tensor = (change: (tensor: Header) => void) => withHeader(small, (header) => change(header["level.1"]));
const metadata = (change: (metadata: Header) => void) => withHeader(small, (header) => change(header.__metadata__));
const number = (at: number, value: number) =>
  withHeader(
    small,
    () => {},
    (data) => {
      const changed = Buffer.from(data);
      changed.writeDoubleLE(value, 8 * at);
      return changed;
    },
  );
/** One entry of a structure tensor changed. */
const structure = (name: string, at: number, value: number) => {
  let begin = 0;
  return withHeader(
    merged,
    (header) => {
      begin = header[name].data_offsets[0];
    },
    (data) => {
      const changed = Buffer.from(data);
      changed.writeInt32LE(value, begin + 4 * at);
      return changed;
    },
  );
};
const whole = formatSafetensors(small);

const cases: [what: string, bytes: Uint8Array, names: RegExp][] = [
  ["no bytes", new Uint8Array(0), /0 bytes, too few/],
  ["7 bytes", whole.subarray(0, 7), /7 bytes, too few/],
  ["the header cut", whole.subarray(0, 60), /header's length is \d+ bytes but 52 follow.*truncated/],
  ["an enormous header", Buffer.concat([Buffer.alloc(8, 0xff), whole.subarray(8)]), /above the limit/],
  ["a header longer than the file", withText("{}", new Uint8Array(0), 3), /truncated/],
  ["no header", withText("", new Uint8Array(0)), /header: is not JSON/],
  ["a header that is no JSON", withText("{'a':1}", new Uint8Array(0)), /header: is not JSON/],
  ["a header that is no text", withText("\ufffd", new Uint8Array(0), 2), /UTF-8/],
  ["a header that is a list", withText("[]", new Uint8Array(0)), /header: must hold one JSON object/],
  ["a header nested deeply", withText("[".repeat(99_999), new Uint8Array(0)), /header: is nested more than 16 deep/],
  ["a tensor twice", withText(`{"level.0":0,"level.0":0}`, new Uint8Array(0)), /"level\.0" stands twice/],
  ["no metadata", withHeader(small, (header) => delete header.__metadata__), /"__metadata__"/],
  ["a number in the metadata", metadata((texts) => Object.assign(texts, { horizon: 2 })), /"__metadata__".*texts/],
  ["no format", metadata((texts) => delete texts.format), /"format"/],
  ["a future version", metadata((texts) => Object.assign(texts, { version: "2" })), /"version" is 2/],
  ["a kind unknown", metadata((texts) => Object.assign(texts, { kind: "energy" })), /"kind"/],
  [
    "tokens that are no JSON",
    metadata((texts) => Object.assign(texts, { tokens: "a b" })),
    /"tokens" in the metadata: is not JSON/,
  ],
  ["a token twice", metadata((texts) => Object.assign(texts, { tokens: `["a","a"]` })), /tokens\[0\] and tokens\[1\]/],
  ["horizon 0", metadata((texts) => Object.assign(texts, { horizon: "0" })), /"horizon".*≥ 1/],
  ["a horizon beyond memory", metadata((texts) => Object.assign(texts, { horizon: "1000000000" })), /limit is 4 GiB/],
  [
    "a level missing",
    metadata((texts) => Object.assign(texts, { horizon: "3" })),
    /tensor "level\.1" has shape|"level\.2" is missing/,
  ],
  [
    "a level too many",
    metadata((texts) => Object.assign(texts, { horizon: "1" })),
    /must be −∞|"level\.1" is not part/,
  ],
  [
    "an unknown tensor",
    withHeader(small, (header) => {
      header.extra = { dtype: "F64", shape: [0], data_offsets: [0, 0] };
    }),
    /"extra" is not part/,
  ],
  [
    "a tensor that is a number",
    withHeader(small, (header) => {
      header["level.1"] = 1;
    }),
    /"level\.1" must have a dtype/,
  ],
  [
    "32-bit numbers",
    tensor((entry) => {
      entry.dtype = "F32";
    }),
    /"level\.1" has dtype "F32".*"F64"/,
  ],
  [
    "whole numbers",
    tensor((entry) => Object.assign(entry, { dtype: "I32", shape: [2, 6] })),
    /"level\.1" has dtype "I32": save it as "F64"/,
  ],
  [
    "another shape",
    tensor((entry) => {
      entry.shape = [3, 2];
    }),
    /"level\.1" has shape \[3,2\], but \[2,3\]/,
  ],
  [
    "a shape that does not fit",
    tensor((entry) => {
      entry.shape = [2, 4];
    }),
    /"level\.1" has data_offsets for 48 bytes.*64/,
  ],
  [
    "a negative size",
    tensor((entry) => {
      entry.shape = [-2, -3];
    }),
    /shape\[0\].*-2/,
  ],
  [
    "sizes beyond numbers",
    tensor((entry) => {
      entry.shape = [1e300, 1e300];
    }),
    /shape\[0\]/,
  ],
  [
    "three offsets",
    tensor((entry) => {
      entry.data_offsets = [24, 72, 72];
    }),
    /data_offsets must hold 2/,
  ],
  [
    "negative offsets",
    tensor((entry) => {
      entry.data_offsets = [-24, 24];
    }),
    /data_offsets\[0\].*-24/,
  ],
  [
    "offsets that fall",
    tensor((entry) => {
      entry.data_offsets = [72, 24];
    }),
    /data_offsets 72 to 24/,
  ],
  [
    "offsets beyond the end",
    tensor((entry) => {
      entry.data_offsets = [32, 80];
    }),
    /data_offsets 32 to 80, but 72 bytes/,
  ],
  [
    "overlapping offsets",
    tensor((entry) => {
      entry.data_offsets = [16, 64];
    }),
    /"level\.1" overlaps tensor "level\.0"/,
  ],
  [
    "a gap",
    withHeader(
      small,
      (header) => {
        header["level.1"].data_offsets = [32, 80];
      },
      (data) => Buffer.concat([data, Buffer.alloc(8)]),
    ),
    /"level\.1" leaves 8 unused bytes/,
  ],
  ["bytes at the end", Buffer.concat([whole, Buffer.alloc(3)]), /3 bytes follow the last tensor/],
  ["the data cut", whole.subarray(0, -8), /72, but 64 bytes.*truncated/],
  ["NaN", number(1, Number.NaN), /depth 0 for "b" after \[\] is NaN/],
  ["+∞", number(0, Infinity), /depth 0 for "a" after \[\] is Infinity/],
  ["a token at the last depth", number(4, 0), /depth 1 for "b" after \["a"\] must be −∞.*only EOS/],
  ["no start", withHeader(merged, (header) => delete header.__metadata__.start), /"start"/],
  ["offsets of rows that fall", structure("layer.0.offsets", 1, 9), /layer\.0\.offsets\[2\] is/],
  ["too few arcs in the rows", structure("layer.0.offsets", 2, 4), /layer\.0\.offsets must end with 5/],
  ["an action out of range", structure("layer.0.actions", 2, 3), /layer\.0\.actions\[2\] is 3.*from 0 to 2/],
  ["two arcs by one token", structure("layer.0.actions", 1, 0), /layer\.0\.actions\[1\] is 0.*deterministic/],
  ["a target out of range", structure("layer.0.targets", 0, 2), /layer\.0\.targets\[0\] is 2.*from 0 to 1/],
  ["a token that ends", structure("layer.0.targets", 0, -1), /layer\.0\.targets\[0\] is -1/],
  ["EOS that does not end", structure("layer.0.targets", 2, 0), /layer\.0\.targets\[2\] is 0.*the end/],
  ["a token at an automaton's last depth", structure("layer.3.actions", 0, 1), /layer\.3\.actions\[0\] is 1.*only EOS/],
];

let folder: Folder;
beforeAll(() => {
  folder = temporaryFolder();
});
afterAll(() => folder.remove());

test.each(cases)("refuses a safetensors file with %s", async (_, bytes, names) => {
  const file = folder.write("in.safetensors", bytes);
  const { code, stdout, stderr } = await arbel("describe", file);
  expect(stderr).toMatch(/^arbel: [^\n]*in\.safetensors: [^\n]+\n$/);
  expect(stderr).toMatch(names);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
});

test("the valid ones are not refused", async () => {
  for (const table of [small, merged]) {
    const file = folder.write("in.safetensors", formatSafetensors(table));
    expect(await arbel("describe", file)).toMatchObject({ code: 0, stderr: "" });
  }
});
