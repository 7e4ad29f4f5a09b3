import type { Retry } from "../steer/index.ts";
import type { Output } from "./output.ts";
import { printable } from "./text.ts";

/** Milliseconds in which a line is not said again: requests that are sent side by side fail side by side. */
const TOGETHER = 1000;

/** Takes away the bar that may stand on a terminal's line, which the next step draws again. */
const CLEAR = "\r\u001b[K";

/** Says each repetition of a request to a server on stderr, in a line. */
export const retryLines = (output: Output): ((retry: Retry) => Promise<void>) => {
  const said = new Map<string, number>();
  return async ({ url, attempt, attempts, waitSeconds, reason }) => {
    const wait = Number(waitSeconds.toFixed(1));
    const line = printable(`${url} ${reason}: asking again in ${wait} s (${attempt} of ${attempts})`);
    const now = performance.now();
    if (now - (said.get(line) ?? -Infinity) < TOGETHER) return;
    said.set(line, now);
    await output.log(output.terminal ? CLEAR + line : line);
  };
};
