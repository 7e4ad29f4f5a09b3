import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Command, Option } from "commander";
import type { Engine } from "../learn/index.ts";
import type { PlanName } from "../paper/index.ts";
import { makeFolder } from "../space/files/index.ts";
import { jsonOption, seedOption, whole } from "./arguments.ts";
import { engineOf } from "./engine.ts";
import { interruptible } from "./interrupted.ts";
import type { Output } from "./output.ts";
import { showProgress } from "./progress.ts";
import { columns, toJson } from "./text.ts";

const EXAMPLES = `
Writes report.html, report.json and one CSV a table; nothing is fetched from the network. Trained Transformers are kept in the
folder's runs/: stopped by Ctrl-C or killed at any moment, the same command goes on from there and ends with the same
numbers. Remove runs/ to train anew.

On two quiet cores --quick takes a minute, the default seven to nine, --paper (5,000 steps, larger models,
V=4 T=8) ten hours.

Example: arbel reproduce --out arbel-report --seed 7

Keys of --json: out, seed, plan, engine, seconds, claims, figures and distillation: [{ id, heading, holds }].`;

/** A claim, a figure or a finding on distillation of the report, as `report.json` has it. */
interface Claim {
  readonly id: string;
  readonly heading: string;
  readonly holds: boolean;
}

/** What `arbel reproduce` is given. */
interface Flags {
  readonly out: string;
  readonly seed: number;
  readonly quick?: true;
  readonly paper?: true;
  readonly engine: "onnx" | "jax";
  readonly threads?: number;
  readonly json?: true;
}

/** `arbel reproduce`: the report on the paper's claims and figures. */
export const addReproduce = (program: Command, output: Output): void => {
  program
    .command("reproduce")
    .description("recompute the paper's claims and figures and write a report")
    .addOption(new Option("--quick", "train the smallest Transformers only, for fewer steps").conflicts("paper"))
    .option("--paper", "train as long as the paper, and larger Transformers too")
    .option("--out <folder>", "folder for the report, made where there is none", "arbel-report")
    .addOption(
      new Option("--engine <name>", "onnx: ONNX Runtime, jax: jax-js, which is slower and needs nothing else")
        .choices(["onnx", "jax"])
        .default("onnx"),
    )
    .option("--threads <k>", "threads of ONNX Runtime (default: one a core)", whole(1, 1024))
    .addOption(seedOption())
    .addOption(jsonOption())
    .addHelpText("after", EXAMPLES)
    .action((flags: Flags) => reproduceCommand(flags, output));
};

const reproduceCommand = async (flags: Flags, output: Output): Promise<void> => {
  const { out, seed, json } = flags;
  makeFolder(out);
  const began = performance.now();
  // figures and training are loaded by the one command that needs them
  const { reproduce } = await import("../paper/index.ts");
  const advice = () => `stopped, trainings are saved: the same command goes on with ${out}`;
  await interruptible(advice, async (signal) => {
    const engine = await engineOf(flags, output);
    try {
      const plan = await planOf(flags, engine, output);
      await showProgress(output, reproduce({ out, seed, signal, engine, plan }));
    } finally {
      await engine.dispose();
    }
  });
  const seconds = Math.round((performance.now() - began) / 100) / 10;
  const { plan, engine, claims, figures, distillation } = reportIn(join(out, "report.json"));
  const all = [...claims, ...figures, ...distillation];
  await output.print(
    json
      ? `${toJson({ out, seed, plan, engine, seconds, claims, figures, distillation }, 2)}\n`
      : textFor(all, join(out, "report.html"), seconds, seed),
  );
  const failed = all.filter(({ holds }) => !holds).length;
  if (failed > 0)
    throw new Error(`${failed} of ${all.length} claims, figures and findings do not hold: ${out} says where`);
};

const planOf = async ({ quick, paper }: Flags, { name }: Engine, output: Output): Promise<PlanName> => {
  if (paper) return "paper";
  if (quick || name !== "jax") return quick ? "quick" : "default";
  await output.log("on jax-js, some eight times slower, the report is that of --quick: allow five to ten minutes");
  return "quick";
};

const reportIn = (path: string) => {
  const report = JSON.parse(readFileSync(path, "utf8")) as {
    plan: string;
    engine: string;
    claims: Claim[];
    figures: Claim[];
    distillation: Claim[];
  };
  const told = (sections: readonly Claim[]): Claim[] =>
    sections.map(({ id, heading, holds }) => ({ id, heading, holds }));
  return {
    ...report,
    claims: told(report.claims),
    figures: told(report.figures),
    distillation: told(report.distillation),
  };
};

const textFor = (claims: readonly Claim[], page: string, seconds: number, seed: number): string => {
  const rows = claims.map(({ heading, holds }) => [holds ? "holds" : "FAILS", heading]);
  return `${columns(rows, [0, 1])}\nwrote ${page} in ${seconds} s, seed ${seed}\n`;
};
