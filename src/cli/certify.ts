import type { Command } from "commander";
import {
  type Certificate,
  certify,
  certifyExactly,
  type Estimate,
  type ResidualBreakdown,
  residualBreakdown,
} from "../bellman/index.ts";
import { jsonOption, seedOption, whole } from "./arguments.ts";
import { checkMemory } from "./memory.ts";
import { checkComparable, readModel } from "./model.ts";
import type { Output } from "./output.ts";
import { columns, count, nats, percent, responseText, toJson } from "./text.ts";

const EXAMPLES = `
Example: arbel certify student.json reward.json --samples 10000 --seed 7

Keys of --json: logPartition, klStudentTarget, klTargetStudent, each { estimate, standardError, interval };
bracket: { lower, upper }, effectiveSampleSize, paretoShape, guarantees: { residualRange: { lower, upper }, logPartition, klBound,
confident: { logPartition, klStudentTarget, klTargetStudent } }, exact: { logPartition, klStudentTarget, klTargetStudent },
breakdown: { positions: [{ depth, probability, mean, standardDeviation, variance, forbidden }], states: [{ depth, state, prefix,
probability, squaredResidual, variance }] }, samples, seed, warnings. Estimates, with their intervals, are from the samples;
"guarantees" are not: residualRange, logPartition and klBound are certain, "confident" fails with a chance of at most 5 %.`;

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
      const breakdown = residualBreakdown(student.arm, target.table);
      const result = { ...certificate, exact, breakdown, samples, seed, warnings };
      return output.print(json ? `${toJson(result, 2)}\n` : textFor(pathStudent, pathTarget, result));
    });
};

type Result = Certificate & { readonly exact: Exact; readonly breakdown: ResidualBreakdown };

const between = ([lower, upper]: Estimate["interval"]): string => `${nats(lower)} … ${nats(upper)}`;

const textFor = (pathStudent: string, pathTarget: string, result: Result): string => {
  const { exact, samples, seed, bracket, effectiveSampleSize, paretoShape, warnings } = result;
  const row = (name: string, { estimate, standardError, interval }: Estimate, value: number) => [
    name,
    nats(estimate),
    nats(standardError),
    between(interval),
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
      ["Pareto shape of the largest weights", shape(paretoShape)],
      ["seed", String(seed)],
    ],
    [0, 1],
  );
  const warned = warnings.map((warning) => `warning: ${warning}\n`).join("");
  const parts = [estimates, facts, guaranteed(result), residualsText(result.breakdown)].filter((part) => part !== "");
  return `student  ${pathStudent}\ntarget   ${pathTarget}\n\n${parts.join("\n")}${warned}`;
};

const shape = (paretoShape: number): string => {
  if (paretoShape === Infinity) return "unknown, too few samples";
  return paretoShape === -Infinity ? "none, the largest are equal" : paretoShape.toFixed(2);
};

const guaranteed = ({ guarantees }: Result): string => {
  if (!guarantees) return "";
  const { residualRange, logPartition, klBound, confident } = guarantees;
  return columns([
    ["guaranteed, nats", "certain", "but for a chance of 5 %"],
    ["log-partition", between(logPartition), between(confident.logPartition)],
    ["KL(student‖target)", `≤ ${nats(klBound)}`, between(confident.klStudentTarget)],
    ["KL(target‖student)", `≤ ${nats(klBound)}`, between(confident.klTargetStudent)],
    ["residual of a response", between([residualRange.lower, residualRange.upper]), ""],
  ]);
};

/** Depths that the text shows; JSON has them all. */
const SHOWN = 12;

const residualsText = ({ positions, states }: ResidualBreakdown): string => {
  const depths = columns([
    ["residual at depth", "reached", "mean", "deviation", "variance"],
    ...positions
      .slice(0, SHOWN)
      .map(({ depth, probability, mean, standardDeviation, variance }) => [
        String(depth),
        percent(probability),
        nats(mean),
        nats(standardDeviation),
        nats(variance),
      ]),
  ]);
  const more = positions.length > SHOWN ? `… ${positions.length - SHOWN} more depths\n` : "";
  if (states.length === 0) return `${depths}${more}`;
  const worst = columns([
    ["errs most after", "reached", "variance"],
    ...states.map(({ prefix, probability, variance }) => [
      responseText(prefix.join("")),
      percent(probability),
      nats(variance),
    ]),
  ]);
  return `${depths}${more}\n${worst}`;
};
