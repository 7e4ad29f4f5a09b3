import { type Command, Option } from "commander";
import { toReward } from "../bellman/index.ts";
import { checkTarget, formatOf, writeTable } from "../space/files/index.ts";
import type { Kind } from "../space/index.ts";
import { jsonOption } from "./arguments.ts";
import { readModel } from "./model.ts";
import type { Output } from "./output.ts";
import { nats, toJson } from "./text.ts";

const EXAMPLES = `
Examples:
  arbel convert reward.json --to logits --out logits.json
  arbel convert logits.json --to reward --out reward.safetensors
  arbel convert reward.json --to reward --out reward.safetensors   # another format, the same numbers`;

/** `arbel convert`: a reward through M, logits through M⁻¹, or a copy in the other file format. */
export const addConvert = (program: Command, output: Output): void => {
  program
    .command("convert")
    .description("turn a reward into logits (M) or logits into a reward (M⁻¹)")
    .argument("<in>", "table to read, .json or .safetensors")
    .addOption(new Option("--to <kind>", "what to write").choices(["logits", "reward"]).makeOptionMandatory())
    .requiredOption("--out <out>", "file to write, .json or .safetensors")
    .addOption(jsonOption())
    .addHelpText("after", EXAMPLES)
    .action((path: string, options: { to: Kind; out: string; json?: true }) => {
      const { to, out } = options;
      formatOf(out);
      checkTarget(out);
      const { table, arm } = readModel(path);
      const copied = table.kind === to;
      writeTable(out, copied ? table : to === "logits" ? arm.logits : toReward(table));
      const { logPartition } = arm;
      if (options.json) return output.print(`${toJson({ out, kind: to, copied, logPartition })}\n`);
      const how = copied ? `a copy: ${path} holds ${to} already` : table.kind === "reward" ? "q = M(r)" : "r = M⁻¹(q)";
      return output.print(`wrote ${out}: ${to}, ${how}; log-partition ${nats(logPartition)} nats\n`);
    });
};
