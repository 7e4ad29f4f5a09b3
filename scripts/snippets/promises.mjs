/**
 * Loaded before a snippet: defines `printAsPromised`, and fails the process where a line prints something else than the
 * comment beside it says, or nothing.
 */
import { format, inspect } from "node:util";

/** @type {import("./compile.mjs").Promised[]} */
const promises = JSON.parse(process.env.SNIPPET_PROMISES ?? "[]");
/** @type {Set<number>} */
const printed = new Set();

/**
 * @param {number} index
 * @param {unknown[]} values
 */
const printAsPromised = (index, ...values) => {
  console.log(...values);
  printed.add(index);
  const promise = /** @type {(typeof promises)[number]} */ (promises[index]);
  const text = format(...values);
  // A string may stand in its quotes, and several values may be parted by commas.
  const alternatives = [
    text,
    values.map((value) => format(value)).join(","),
    values.map((value) => inspect(value)).join(","),
  ];
  if (!alternatives.some((alternative) => keeps(promise.text, alternative))) {
    fail(`${promise.place}: the comment says ${promise.text}, but it prints ${text.replace(/\s+/g, " ")}`);
  }
};

/** @param {string} message */
const fail = (message) => {
  process.stderr.write(`${message}\n`);
  process.exitCode = 1;
};

/**
 * Without the spaces that only lay a value out, and with one kind of quotes.
 *
 * @param {string} text
 */
const tight = (text) =>
  text
    .trim()
    .replace(/\s+/g, " ")
    .replace(/['`]/g, '"')
    .replace(/ ?([[\]{}(),:]) ?/g, "$1");

/**
 * `…` stands for anything; `≈ 0.69` for what rounds to it.
 *
 * @param {string} promised
 * @param {string} text
 */
const keeps = (promised, text) => {
  if (promised.startsWith("≈")) {
    const shown = promised.slice(1).trim();
    const digits = /\.(\d*)/.exec(shown)?.[1]?.length ?? 0;
    return Math.abs(Number(text) - Number(shown)) <= 0.5 * 10 ** -digits * (1 + 1e-9);
  }
  const pattern = tight(promised)
    .split(/…|\.{3}/)
    .map((part) => part.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
  return new RegExp(`^${pattern.join(".*")}$`, "u").test(tight(text));
};

Object.assign(globalThis, { printAsPromised });
process.on("exit", (code) => {
  if (code !== 0) return;
  for (const [index, { place }] of promises.entries()) {
    if (!printed.has(index)) fail(`${place}: the line was never reached, so its comment was not checked`);
  }
});
