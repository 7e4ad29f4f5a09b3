import type { Command } from "commander";
import { type Comparison, compare } from "../bellman/index.ts";
import { jsonOption } from "./arguments.ts";
import { checkComparable } from "./model.ts";
import type { Output } from "./output.ts";
import { columns, nats, toJson } from "./text.ts";
import { ANY_MODEL, readTableModel } from "./trained.ts";

const EXAMPLES = `
Example: arbel compare target.json student.safetensors

Keys of --json: kl: { forward: KL(A‖B), reverse: KL(B‖A) }, distance: { raw, gaugeFree },
bounds: { paper, sharp, sharpExpected: { forward, reverse } }.`;

/** `arbel compare`: two models on one space. */
export const addCompare = (program: Command, output: Output): void => {
  program
    .command("compare")
    .description("exact divergences of two models, distances of their logits, and bounds")
    .argument("<a>", `${ANY_MODEL}; rewards go through M`)
    .argument("<b>", "model to compare it with, on the same space")
    .addOption(jsonOption())
    .addHelpText("after", EXAMPLES)
    .action(async (pathA: string, pathB: string, options: { json?: true }) => {
      const read = (path: string) => readTableModel(path, output, "estimate by arbel certify");
      const [a, b] = [await read(pathA), await read(pathB)];
      checkComparable(pathA, a, pathB, b);
      const comparison = compare(a.arm, b.arm);
      return output.print(options.json ? `${toJson(comparison, 2)}\n` : textFor(pathA, pathB, comparison));
    });
};

const textFor = (pathA: string, pathB: string, { kl, distance, bounds }: Comparison): string => {
  const { sharp, paper, sharpExpected } = bounds;
  const divergences = columns([
    ["nats", "KL(A‖B)", "KL(B‖A)"],
    ["exact", nats(kl.forward), nats(kl.reverse)],
    ["≤ sharp bound, expected over states", nats(sharpExpected.forward), nats(sharpExpected.reverse)],
    ["≤ sharp bound, T·h(range)", nats(sharp), nats(sharp)],
    ["≤ the paper's bound, 2·T·ε", nats(paper), nats(paper)],
  ]);
  const distances = columns(
    [
      ["distance of logits, ε", nats(distance.raw), "nats"],
      ["the same, free of gauge", nats(distance.gaugeFree), "nats"],
    ],
    [0, 2],
  );
  return `A  ${pathA}\nB  ${pathB}\n\n${divergences}\n${distances}`;
};
