import { describe, expect, test } from "vitest";
import { accepts } from "./automaton.ts";
import { byteGrammar } from "./byte-grammar.ts";
import { byteRegex } from "./byte-regex.ts";
import { bytesOfText } from "./utf8.ts";

describe("a grammar over bytes", () => {
  test.each([
    ['root ::= "a" [b-d]* ("é" | "x"){2,3}', "a[b-d]*(é|x){2,3}"],
    ['root ::= item ("," item)*\nitem ::= [0-9] | [1-9] item # right recursion', "([1-9]*[0-9])(,[1-9]*[0-9])*"],
    ['root ::= "" | "a"? "b"+ "c"{2} "d"{1,}', "(a?b+c{2}d+)?"],
    ['root ::= [^a-c\\]\\n-] "\\"\\\\\\x41\\u00e9\\U0001F600" (= "z")', '[^a-c\\]\\n-]"\\\\Aé😀'],
    ['root ::= tail\ntail ::= "a" tail | "b" other | ""\nother ::= "c" tail | "d"', "(a|bc)*(bd)?"],
  ])("%s is the same automaton as a regular expression's", (grammar, pattern) => {
    const [left, right] = [byteGrammar(grammar), byteRegex(pattern)];
    // minimal and numbered from the start, equal languages are equal automata
    expect({ ...left, tokens: [] }).toEqual({ ...right, tokens: [] });
  });

  test("shares what follows, so that twenty optional parts stay small", () => {
    const rules = Array.from(
      { length: 20 },
      (_, k) => `part${k} ::= part${k + 1} | "${"abcdefghijklmnopqrst"[k]}" part${k + 1}`,
    );
    const machine = byteGrammar(`root ::= part0\n${rules.join("\n")}\npart20 ::= ""`);
    expect(machine.states).toBe(21);
    expect(accepts(machine, bytesOfText("acz".slice(0, 2)))).toBe(true);
  });

  test.each([
    ['root ::= "(" root ")" | "x"', /"root" refers to itself other than at its end/],
    ["root ::= item", /no rule "item", only root/],
    ['root = "a"', /line 1, column 6: expected "::="/],
    ['root ::= "a', /line 1, column 12: this text is not closed/],
    ["root ::= [b-a]", /wrong way round/],
    ['root ::= "a"\nroot ::= "b"', /line 2, column 10: the rule "root" stands twice/],
    ['root ::= TagDispatch(("a", b))', /"TagDispatch\(…\)" is not supported/],
    ['root ::= "\\q"', /"\\q" is no escape/],
  ])("%s is refused", (grammar, message) => {
    expect(() => byteGrammar(grammar)).toThrow(message);
  });
});
