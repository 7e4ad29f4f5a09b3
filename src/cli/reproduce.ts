import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { makeFolder } from "../space/files/index.ts";
import { jsonOption, seedOption } from "./arguments.ts";
import type { Output } from "./output.ts";
import { showProgress } from "./progress.ts";
import { columns, toJson } from "./text.ts";

const EXAMPLES = `
Writes report.html, report.json and one CSV a table; nothing is fetched from the network.

Example: arbel reproduce --out arbel-report --seed 7

Keys of --json: out, seed, seconds, claims: [{ id, heading, holds }].`;

/** A claim of the report, as `report.json` has it. */
interface Claim {
  readonly id: string;
  readonly heading: string;
  readonly holds: boolean;
}

/** `arbel reproduce`: the report on the paper's claims. */
export const addReproduce = (program: Command, output: Output): void => {
  program
    .command("reproduce")
    .description("recompute the paper's claims and write a report")
    .option("--out <folder>", "folder for the report, made where there is none", "arbel-report")
    .addOption(seedOption())
    .addOption(jsonOption())
    .addHelpText("after", EXAMPLES)
    .action(async ({ out, seed, json }: { out: string; seed: number; json?: true }) => {
      makeFolder(out);
      const began = performance.now();
      // figures and training are loaded by the one command that needs them
      const { reproduce } = await import("../paper/index.ts");
      await showProgress(output, reproduce({ out, seed }));
      const seconds = Math.round((performance.now() - began) / 100) / 10;
      const claims = claimsOf(join(out, "report.json"));
      await output.print(
        json
          ? `${toJson({ out, seed, seconds, claims }, 2)}\n`
          : textFor(claims, join(out, "report.html"), seconds, seed),
      );
      const failed = claims.filter(({ holds }) => !holds).length;
      if (failed > 0) throw new Error(`${failed} of ${claims.length} claims do not hold: ${out} says where`);
    });
};

const claimsOf = (path: string): Claim[] => {
  const report = JSON.parse(readFileSync(path, "utf8")) as { claims: Claim[] };
  return report.claims.map(({ id, heading, holds }) => ({ id, heading, holds }));
};

const textFor = (claims: readonly Claim[], page: string, seconds: number, seed: number): string => {
  const rows = claims.map(({ heading, holds }) => [holds ? "holds" : "FAILS", heading]);
  return `${columns(rows, [0, 1])}\nwrote ${page} in ${seconds} s, seed ${seed}\n`;
};
