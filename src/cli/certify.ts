import type { Command } from "commander";
import { jsonOption, seedOption, whole } from "./arguments.ts";
import { certificateJson, certifySampled, certifyTables } from "./certified.ts";
import { certificateText } from "./certify-text.ts";
import type { Output } from "./output.ts";
import { toJson } from "./text.ts";
import { ANY_MODEL, readAnyModel, withEngine } from "./trained.ts";

const EXAMPLES = `
Both may be on different spaces (a tree, an automaton) of the same tokens, horizon and ends. What has too many responses for a table, as a
large Transformer, is judged by its samples alone: then all is estimated, and exact values are null, for the reason under exact.reason.

Examples:
  arbel certify student.json reward.json --samples 10000 --seed 7
  arbel certify student/ target.safetensors --samples 10000

Keys of --json: logPartition, klStudentTarget, klTargetStudent, each { estimate, standardError, interval };
bracket: { lower, upper }, effectiveSampleSize, paretoShape, guarantees: { residualRange: { lower, upper }, logPartition, klBound,
confident: { logPartition, klStudentTarget, klTargetStudent } }, exact: { logPartition, klStudentTarget, klTargetStudent },
breakdown: { positions: [{ depth, probability, mean, standardDeviation, variance, forbidden }], states: [{ depth, state, prefix,
probability, squaredResidual, variance }] }, samples, seed, warnings. Estimates, with their intervals, are from the samples;
"guarantees" are not: residualRange, logPartition and klBound are certain, "confident" fails with a chance of at most 5 %; null where the
range is not known. The breakdown is exact where both are tables, else estimated, with standardErrors, and null where samples do not tell.`;

/** `arbel certify`: how far a student is from its target, from the student's samples, beside the exact values. */
export const addCertify = (program: Command, output: Output): void => {
  program
    .command("certify")
    .description("certify a student against a target from samples of the student")
    .argument("<student>", `model to sample: ${ANY_MODEL}; rewards go through M`)
    .argument("<target>", "model that it should agree with, likewise")
    .requiredOption("--samples <n>", "how many responses to sample, at least 2", whole(2))
    .addOption(seedOption())
    .addOption(jsonOption())
    .addHelpText("after", EXAMPLES)
    .action(async (...given: [string, string, { samples: number; seed: number; json?: true }]) => {
      const [pathStudent, pathTarget, { samples, seed, json }] = given;
      const names = [pathStudent, pathTarget] as const;
      const certified = await withEngine(output, { engine: "onnx" }, async (engine) => {
        const [student, target] = [await readAnyModel(pathStudent, engine), await readAnyModel(pathTarget, engine)];
        return student.kind === "table" && target.kind === "table"
          ? certifyTables(names, student, target, { samples, seed })
          : await certifySampled(names, student, target, { samples, seed, engine, output });
      });
      if (json) return output.print(`${toJson(certificateJson(certified), 2)}\n`);
      return output.print(`student  ${pathStudent}\ntarget   ${pathTarget}\n\n${certificateText(certified)}`);
    });
};
