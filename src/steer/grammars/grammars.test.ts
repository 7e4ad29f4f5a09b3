import { beforeAll, describe, expect, test } from "vitest";
import { InputError } from "../../space/index.ts";
import { allows } from "../constraints/index.ts";
import { constrain } from "../potentials/index.ts";
import { smallVocabulary, sumAlong, tokenSequences } from "../testing/small-models.ts";
import type { GrammarEngine } from "./engine.ts";
import { grammar } from "./grammar.ts";
import { grammarPotential } from "./grammar-potential.ts";
import { jsonSchemaGrammar } from "./json-schema.ts";
import { loadGrammarEngine } from "./node/load-grammar-engine.ts";

let engine: GrammarEngine;
beforeAll(() => {
  engine = loadGrammarEngine();
});

const PERSON = {
  type: "object",
  properties: {
    name: { type: "string", minLength: 1, maxLength: 8 },
    age: { type: "integer", minimum: 0, maximum: 130 },
    tags: { type: "array", items: { enum: ["x", 'a"b', 3, null] }, minItems: 1, maxItems: 2 },
    code: { type: "string", pattern: "^[A-Zé]{2}\\d+$" },
    note: { type: "string" },
  },
  required: ["name", "age"],
  additionalProperties: false,
};

describe("a JSON Schema", () => {
  test.each([
    ['{"name": "Zoé", "age": 42}', true],
    ['{"name": "a", "age": 130, "tags": ["a\\"b", null], "code": "Aé12", "note": "\\u0041\\n"}', true],
    ['{"name": "Zoé", "age": 131}', false],
    ['{"name": "Zoé"}', false],
    ['{"age": 1, "name": "Zoé"}', false],
    ['{"name": "", "age": 1}', false],
    ['{"name": "much too long", "age": 1}', false],
    ['{"name": "a\\"b\\u00e9", "age": 1}', true],
    ['{"name": "a\\q", "age": 1}', false],
    ['{"name": "a", "age": 1, "code": "AB"}', false],
    ['{"name": "a\tb", "age": 1}', false],
    ['{"name": "a", "age": 1, "tags": []}', false],
    ['{"name": "a", "age": 1, "tags": ["y"]}', false],
    ['{"name": "a", "age": 1, "code": "a12"}', false],
    ['{"name": "a", "age": 1, "note": "a\nb"}', false],
    ['{"name": "a", "age": 01}', false],
    ['{"name": "a", "age": 1, "other": 2}', false],
    ['{"name":"a","age":1}', false],
  ])("%s: %s", async (text, valid) => {
    expect(allows(grammar(await jsonSchemaGrammar(PERSON, engine)), text)).toBe(valid);
  });

  test.each([
    [
      { type: "object", properties: { a: { type: "integer" }, b: { type: "boolean" }, c: { type: "null" } } },
      ["{}", '{"a": 1}', '{"b": true}', '{"c": null}', '{"a": 1, "c": null}', '{"a": 0, "b": false, "c": null}'],
      ['{"b": true, "a": 1}', '{"a": 1,}', '{, "b": true}', '{"a": 1 "b": true}'],
    ],
    [
      { type: "array", items: { type: "integer", minimum: 0, maximum: 10 }, minItems: 2, maxItems: 3 },
      ["[0, 10]", "[1, 2, 3]"],
      ["[]", "[1]", "[1, 2, 3, 4]", "[11, 1]", "[1,2]"],
    ],
    [
      { type: "string", minLength: 2, maxLength: 2 },
      ['"\\n😀"', String.raw`"\ud83d\uDE00\u00e9"`, String.raw`"\ud7ff\ue000"`],
      [String.raw`"\ud83d\ude00"`, String.raw`"a\ud83d"`, String.raw`"a\ude00"`, String.raw`"\ud83d\ud83d"`],
    ],
    [{ type: "array", items: { const: "x" }, maxItems: 1 }, ["[]", '["x"]'], ['["x", "x"]']],
    [{ type: "array", items: { type: "null" }, minItems: 1 }, ["[null]", "[null, null, null]"], ["[]"]],
    [
      { anyOf: [{ $ref: "#/$defs/short" }, { type: "number" }], $defs: { short: { type: "string", maxLength: 2 } } },
      ['""', '"é🐋"', '"\\n"', "-0.5e+3", "12"],
      ['"abc"', "01", "1.", ".5", "--1"],
    ],
    [
      { enum: ["a", { k: [1, null], "l/m": {} }, 2.5, true, []] },
      ['"a"', "2.5", "true", '{"k": [1, null], "l/m": {}}', "[]"],
      ["a", "false", "2", '{"k":[1,null],"l/m":{}}'],
    ],
    [{ enum: ["km/h", 0.1, -1.1, 'a"\\\u007f\n'] }, ['"km/h"', "0.1", "-1.1", '"a\\"\\\\\u007f\\n"'], ['"km\\/h"']],
    [
      {
        type: "object",
        properties: { 'a"b': { type: "null" }, "c\\nd": { const: 0.3 }, "e\nf": { type: "boolean" } },
        required: ['a"b', "c\\nd"],
      },
      ['{"a\\"b": null, "c\\\\nd": 0.3}', '{"a\\"b": null, "c\\\\nd": 0.3, "e\\nf": true}'],
      ['{"a"b": null, "c\\\\nd": 0.3}', '{"a\\"b": null, "c\\nd": 0.3}', '{"a\\"b": null}'],
    ],
  ])("%j allows what is valid", async (schema, valid, invalid) => {
    const constraint = grammar(await jsonSchemaGrammar(schema, engine));
    for (const text of valid) expect([text, allows(constraint, text)]).toEqual([text, true]);
    for (const text of invalid) expect([text, allows(constraint, text)]).toEqual([text, false]);
  });

  test("any JSON has masks", async () => {
    const vocabulary = smallVocabulary(["[", "]", "{", "}", '"', ":", ",", "1", "a", " "]);
    const potential = await grammarPotential(
      await jsonSchemaGrammar(true, engine, { whitespace: "none" }),
      vocabulary,
      engine,
    );
    for (const [text, valid] of [
      ['[1,{"a":[]}]', 0],
      ["1", 0],
      ["[1", -Infinity],
      ["{a:1}", -Infinity],
    ] as const) {
      expect([text, await sumAlong(potential, await vocabulary.encode(text), 10)]).toEqual([text, valid]);
    }
    potential.dispose();
  });

  test("lays out its blanks as asked", async () => {
    const none = grammar(await jsonSchemaGrammar(PERSON, engine, { whitespace: "none" }));
    expect(allows(none, '{"name":"a","age":1}')).toBe(true);
    const any = grammar(await jsonSchemaGrammar(PERSON, engine, { whitespace: "any" }));
    for (const text of ['{"name":"a","age":1}', '{ "name" : "a",\n\t"age": 1 }']) expect(allows(any, text)).toBe(true);
    const constant = { type: "array", items: { const: { a: [1, 2] } } };
    const compact = grammar(await jsonSchemaGrammar(constant, engine, { whitespace: "none" }));
    expect(allows(compact, '[{"a":[1,2]}]')).toBe(true);
    const loose = grammar(await jsonSchemaGrammar(constant, engine, { whitespace: "any" }));
    for (const text of ['[{"a":[1,2]}]', '[ { "a" :\n[1, 2 ] }]']) expect(allows(loose, text)).toBe(true);
    await expect(jsonSchemaGrammar(PERSON, engine, { whitespace: "tabs" as "any" })).rejects.toThrow(
      /"whitespace" must be/,
    );
  });

  test.each([
    [{ type: "integer", minimum: -12, maximum: 105 }, -12, 105],
    [{ type: "integer", exclusiveMinimum: 7, maximum: 1000 }, 8, 1000],
    [{ type: "integer", minimum: 95, exclusiveMaximum: 102 }, 95, 101],
    [{ type: "integer", minimum: 0 }, 0, Infinity],
    [{ type: "integer", maximum: -3 }, -Infinity, -3],
  ])("integers of %j are the whole numbers within", async (schema, least, most) => {
    const constraint = grammar(await jsonSchemaGrammar(schema, engine));
    const wrong: number[] = [];
    for (let n = -1200; n <= 1200; n++) if (allows(constraint, String(n)) !== (n >= least && n <= most)) wrong.push(n);
    expect(wrong).toEqual([]);
  });

  test.each([
    [{ type: "array", items: { type: "string" }, uniqueItems: true }, /at # has "uniqueItems" for an array/],
    [{ not: { type: "string" } }, /at # has "not" without a type.*say what is allowed instead/],
    [{ oneOf: [{ type: "string" }] }, /has "oneOf" without a type.*use "anyOf"/],
    [{ type: "integer", multipleOf: 3 }, /"multipleOf" for an integer.*list the values/],
    [{ type: "number", minimum: 0.5 }, /"minimum" for a number.*integers only/],
    [{ type: "integer", minimum: 0.5 }, /"minimum": 0.5 for an integer/],
    [
      { type: "object", properties: { a: { type: "string", contentEncoding: "base64" } } },
      /#\/properties\/a has "contentEncoding"/,
    ],
    [{ type: "object", required: ["a"] }, /object without "properties"/],
    [{ type: "object", properties: { a: true }, required: ["b"] }, /requires "b", which is no property/],
    [
      { type: "object", properties: { a: true }, additionalProperties: true },
      /"additionalProperties" other than false/,
    ],
    [{ type: "array" }, /array without "items"/],
    [{ type: "array", items: true, minItems: 3, maxItems: 2 }, /"minItems" above "maxItems"/],
    [{ type: "string", format: "nosuch" }, /the format "nosuch"/],
    [{ type: "string", pattern: "a" }, /not anchored, "a"/],
    [{ type: "string", pattern: "^a|b$" }, /not anchored/],
    [{ type: "string", pattern: "^.*$" }, /allows quotes, backslashes or control characters/],
    [{ type: "string", pattern: "^a$", minLength: 2 }, /"pattern" beside "minLength"/],
    [{ type: "string", pattern: "^a\\b$" }, /a word boundary/],
    [{ type: "integer", minimum: 3, exclusiveMaximum: 3 }, /lower bound above its upper bound/],
    [{ type: ["string", "null"] }, /a list of types.*"anyOf"/],
    [{ type: "strange" }, /"type": "strange"/],
    [{ enum: [1], type: "string" }, /"type" beside "enum"/],
    [{ enum: [] }, /empty "enum"/],
    [{ const: undefined }, /"const" with what is no JSON value/],
    [{ enum: [1, Number.NaN] }, /"enum" with what is no JSON value/],
    [{ $ref: "http://x" }, /refers to "http:\/\/x"/],
    [{ $ref: "#/$defs/b", $defs: { a: true } }, /refers to "#\/\$defs\/b"/],
    [{ $ref: "#/default", default: { type: "array", items: true, uniqueItems: true } }, /refers to "#\/default"/],
    [{ anyOf: [{ type: "null" }, { type: "array", items: { $ref: "#/anyOf/0" } }] }, /refers to "#\/anyOf\/0"/],
    [false, /at # is false/],
    [{ anyOf: [{ type: "string" }, { type: "array", items: { minimum: 2 } }] }, /#\/anyOf\/1\/items has "minimum"/],
  ])("%j: what the engine would drop is refused by name", async (schema, message) => {
    await expect(jsonSchemaGrammar(schema, engine)).rejects.toThrow(InputError);
    await expect(jsonSchemaGrammar(schema, engine)).rejects.toThrow(message);
  });

  test.each(["date", "time", "date-time", "ipv4", "ipv6", "uuid", "email"])(
    "the format %s is followed",
    async (format) => {
      const constraint = grammar(await jsonSchemaGrammar({ type: "string", format }, engine));
      expect(allows(constraint, '"no such thing!"')).toBe(false);
      const good = {
        date: "2024-02-29",
        time: "12:34:56Z",
        "date-time": "2024-02-29T12:34:56Z",
        ipv4: "127.0.0.1",
        ipv6: "fe80::1",
        uuid: "123e4567-e89b-12d3-a456-426614174000",
        email: "a.b@example.org",
      }[format];
      expect(allows(constraint, JSON.stringify(good))).toBe(true);
    },
  );

  test("references that nest have masks, and no automaton", async () => {
    const tree = {
      type: "object",
      properties: { 'a"b': { anyOf: [{ $ref: "#" }, { const: "c/d" }] } },
      required: ['a"b'],
    };
    const source = await jsonSchemaGrammar(tree, engine, { whitespace: "none" });
    expect(() => grammar(source)).toThrow(/refers to itself other than at its end/);
    const vocabulary = smallVocabulary(['{"a\\"b":', '"c/d"', "}", "{"]);
    const potential = await grammarPotential(source, vocabulary, engine);
    expect(await sumAlong(potential, [0, 0, 1, 2, 2], 4)).toBe(0);
    expect(await sumAlong(potential, [0, 0, 1, 2], 4)).toBe(-Infinity);
    expect(await sumAlong(potential, [0, 2], 4)).toBe(-Infinity);
    potential.dispose();
  });
});

describe("the masks of the grammar engine", () => {
  const SPELLINGS = ["a", "b", "ab", "é", [0xc3], [0xa9], [0xa9, 0x62], [0xf0, 0x9f, 0x98], [0x80]];
  const END = SPELLINGS.length;

  test.each(['root ::= "a"* ("é" | "b")? "b"', "root ::= [^a]{1,2}", 'root ::= "😀" | "a" root', 'root ::= ""'])(
    "%s: they are those of the automaton, also where tokens cut characters",
    async (source) => {
      const vocabulary = smallVocabulary(SPELLINGS);
      const masks = await grammarPotential(source, vocabulary, engine);
      const automaton = constrain(grammar(source), vocabulary);
      for (const tokens of tokenSequences(END, 3)) {
        expect([tokens, await sumAlong(masks, tokens, END)]).toEqual([tokens, await sumAlong(automaton, tokens, END)]);
      }
      masks.dispose();
    },
  );

  test("branches may be asked about in any order, at once", async () => {
    const masks = await grammarPotential('root ::= "ab" root | "b"', smallVocabulary(["a", "b"]), engine);
    const { state } = masks.start();
    const [left, right] = [masks.advance(state, 0), masks.advance(state, 1)];
    const after = masks.advance(masks.advance(left, 1), 0);
    const [one, two] = await Promise.all([masks.rows([after, right]), masks.rows([left, state])]);
    expect(one).toEqual([Float64Array.of(-Infinity, 0, -Infinity), Float64Array.of(-Infinity, -Infinity, 0)]);
    expect(two).toEqual([Float64Array.of(-Infinity, 0, -Infinity), Float64Array.of(0, 0, -Infinity)]);
    masks.dispose();
  });

  test("a grammar that no token can begin is refused", async () => {
    await expect(grammarPotential('root ::= "x"', smallVocabulary(["a"]), engine)).rejects.toThrow(/can begin a text/);
  });
});
