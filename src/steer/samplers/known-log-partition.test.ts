import { expect, test } from "vitest";
import { exactly } from "./known-log-partition.ts";

test("the guarantee of a known log Z tells no smaller width than that of its interval", () => {
  for (const width of [0, 3e-16, 1.4e-7, 6.4e-7, 9.6e-7, 1.02e-3, 2e-3, 0.94]) {
    const guarantee = exactly({ estimate: 0, standardError: 0, interval: [0, width], exact: true });
    const told = Number(/is at most (\S+) nats above/.exec(guarantee)?.[1]);
    expect(told).toBeGreaterThanOrEqual(width);
    expect(told).toBeLessThanOrEqual(2 * width);
  }
});
