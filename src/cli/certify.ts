import type { Command } from "commander";
import { type Certificate, certify, certifyExactly, type Estimate } from "../bellman/index.ts";
import { jsonOption, seedOption, whole } from "./arguments.ts";
import { checkMemory } from "./memory.ts";
import { checkComparable, readModel } from "./model.ts";
import type { Output } from "./output.ts";
import { columns, count, nats, toJson } from "./text.ts";

const EXAMPLES = `
Example: arbel certify student.json reward.json --samples 10000 --seed 7

Keys of --json: logPartition, klStudentTarget, klTargetStudent, each { estimate, standardError, interval };
bracket: { lower, upper }, effectiveSampleSize, exact: { logPartition, klStudentTarget, klTargetStudent }, samples, seed,
warnings.`;

type Exact = ReturnType<typeof certifyExactly>;

/** `arbel certify`: how far a student is from its target, from the student's samples, beside the exact values. */
export const addCertify = (program: Command, output: Output): void => {
  program
    .command("certify")
    .description("certify a student against a target from samples of the student")
    .argument("<student>", "table to sample, .json or .safetensors; rewards go through M")
    .argument("<target>", "table it should agree with, on the same space")
    .requiredOption("--samples <n>", "how many responses to sample, at least 2", whole(2))
    .addOption(seedOption())
    .addOption(jsonOption())
    .addHelpText("after", EXAMPLES)
    .action((pathStudent: string, pathTarget: string, options: { samples: number; seed: number; json?: true }) => {
      const { samples, seed, json } = options;
      const [student, target] = [readModel(pathStudent), readModel(pathTarget)];
      checkComparable(pathStudent, student, pathTarget, target);
      checkMemory("--samples", samples, student.table.space);
      const { samples: _, seed: __, warnings, ...certificate } = certify(student.arm, target.table, { samples, seed });
      const exact = certifyExactly(student.arm, target.arm);
      const result = { ...certificate, exact, samples, seed, warnings };
      return output.print(json ? `${toJson(result, 2)}\n` : textFor(pathStudent, pathTarget, result));
    });
};

const textFor = (pathStudent: string, pathTarget: string, result: Certificate & { exact: Exact }): string => {
  const { exact, samples, seed, bracket, effectiveSampleSize, warnings } = result;
  const row = (name: string, { estimate, standardError, interval }: Estimate, value: number) => [
    name,
    nats(estimate),
    nats(standardError),
    `${nats(interval[0])} … ${nats(interval[1])}`,
    nats(value),
  ];
  const estimates = columns([
    ["nats", "estimate", "standard error", "95 % interval", "exact"],
    row("log-partition", result.logPartition, exact.logPartition),
    row("KL(student‖target)", result.klStudentTarget, exact.klStudentTarget),
    row("KL(target‖student)", result.klTargetStudent, exact.klTargetStudent),
  ]);
  const share = ((100 * effectiveSampleSize) / samples).toFixed(1);
  const facts = columns(
    [
      ["log-partition between", `${nats(bracket.lower)} and ${nats(bracket.upper)} nats`],
      ["effective sample size", `${effectiveSampleSize.toFixed(1)} of ${count(samples)}, ${share} %`],
      ["seed", String(seed)],
    ],
    [0, 1],
  );
  const warned = warnings.map((warning) => `warning: ${warning}\n`).join("");
  return `student  ${pathStudent}\ntarget   ${pathTarget}\n\n${estimates}\n${facts}${warned}`;
};
