import { type Command, Option } from "commander";
import { toReward } from "../bellman/index.ts";
import { checkTarget, formatOf, makeFolder, writeTable } from "../space/files/index.ts";
import { InputError, type Kind } from "../space/index.ts";
import { jsonOption } from "./arguments.ts";
import type { Output } from "./output.ts";
import { nats, toJson } from "./text.ts";
import { ANY_MODEL, readTableModel, readTransformer } from "./trained.ts";

const EXAMPLES = `
Examples:
  arbel convert reward.json --to logits --out logits.json
  arbel convert logits.json --to reward --out reward.safetensors
  arbel convert reward.json --to reward --out reward.safetensors   # another format, the same numbers
  arbel convert model/ --to logits --out logits.safetensors        # what arbel train wrote, all responses
  arbel convert model/ --to onnx --out model-onnx                  # for ONNX Runtime and transformers.js`;

interface Options {
  readonly to: Kind | "onnx";
  readonly out: string;
  readonly json?: true;
}

/** `arbel convert`: a reward through M, logits through M⁻¹, a copy in the other file format; or a trained model. */
export const addConvert = (program: Command, output: Output): void => {
  program
    .command("convert")
    .description("turn a reward into logits (M) or logits into a reward (M⁻¹), or a trained model into either or ONNX")
    .argument("<in>", ANY_MODEL)
    .addOption(new Option("--to <kind>", "what to write").choices(["logits", "reward", "onnx"]).makeOptionMandatory())
    .requiredOption("--out <out>", "file to write, .json or .safetensors; for onnx, a folder")
    .addOption(jsonOption())
    .addHelpText("after", EXAMPLES)
    .action((path: string, options: Options) =>
      options.to === "onnx" ? convertToOnnx(path, options, output) : convertToTable(path, options.to, options, output),
    );
};

const convertToTable = async (path: string, to: Kind, { out, json }: Options, output: Output): Promise<void> => {
  formatOf(out);
  checkTarget(out);
  const { table, arm } = await readTableModel(path, output, "use --to onnx");
  const copied = table.kind === to;
  writeTable(out, copied ? table : to === "logits" ? arm.logits : toReward(table));
  const { logPartition } = arm;
  if (json) return output.print(`${toJson({ out, kind: to, copied, logPartition })}\n`);
  const how = copied ? `a copy: ${path} holds ${to} already` : table.kind === "reward" ? "q = M(r)" : "r = M⁻¹(q)";
  return output.print(`wrote ${out}: ${to}, ${how}; log-partition ${nats(logPartition)} nats\n`);
};

const convertToOnnx = async (path: string, { out, json }: Options, output: Output): Promise<void> => {
  const model = await readTransformer(path);
  if (model.architecture.kind === "ebm") {
    throw new InputError(`${path}: holds an EBM, which has no next-token logits: train with --model arm`);
  }
  makeFolder(out);
  const { writeOnnxFolder } = await import("../learn/files/index.ts");
  writeOnnxFolder(out, model);
  return output.print(
    json ? `${toJson({ out, kind: "onnx" })}\n` : `wrote ${out}: onnx/model.onnx and its JSON files\n`,
  );
};
