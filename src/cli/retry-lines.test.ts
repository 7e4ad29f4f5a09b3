import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { outputTo } from "./output.ts";
import { retryLines } from "./retry-lines.ts";

const retry = { url: "http://host:1/completion", attempt: 1, attempts: 4, waitSeconds: 2, reason: "answered 500" };
const line = "http://host:1/completion answered 500: asking again in 2 s (1 of 4)\n";

/** What is written to stderr, by a terminal or not. */
const written = (isTTY: boolean) => {
  const stderr = Object.assign(new PassThrough(), { isTTY });
  const lines = retryLines(outputTo({ stdout: new PassThrough(), stderr }));
  return { lines, text: () => String(stderr.read() ?? "") };
};

test("requests that fail together, for the same reason, are one line", async () => {
  const { lines, text } = written(false);
  for (const attempt of [1, 1, 1, 2, 1, 2]) await lines({ ...retry, attempt });
  expect(text()).toBe(line + line.replace("(1", "(2"));
});

test("a line takes the place of the bar on a terminal, and nothing in it acts on the terminal", async () => {
  const { lines, text } = written(true);
  await lines({ ...retry, reason: "answered \u001b[2J" });
  expect(text()).toBe(`\r\u001b[K${line.replace("500", "\\u001b[2J")}`);
});
