import { armOf } from "../bellman/index.ts";
import type { FolderModel } from "../learn/files/index.ts";
import { refuseFrom } from "../space/files/index.ts";
import { countResponses, InputError, type Tree, tree } from "../space/index.ts";
import { engineOf } from "./engine.ts";
import type { FileModel } from "./model.ts";
import type { Output } from "./output.ts";

/** Reads what `arbel train` wrote. @throws InputError */
export const readFolder = async (folder: string): Promise<FolderModel> => {
  const { readModelFolder } = await import("../learn/files/index.ts");
  return readModelFolder(folder);
};

/** A trained model as a table on its space: logits of an ARM, rewards of an EBM. @throws InputError where there are too many responses */
export const tableOfFolder = async (folder: string, output: Output): Promise<FileModel> => {
  const model = await readFolder(folder);
  const { EXACT_RESPONSES_LIMIT, transformerTable } = await import("../learn/index.ts");
  const { horizon, eos, prompts } = model.architecture;
  if (prompts > 0) throw new InputError(`${folder}: the model is conditional on prompts, a table is not`);
  const space: Tree = refuseFrom(folder, () => tree({ tokens: model.tokens, horizon, eos }));
  const responses = countResponses(space);
  if (responses > BigInt(EXACT_RESPONSES_LIMIT)) {
    const many = responses > 10n ** 15n ? "far more" : `${responses}`;
    throw new InputError(
      `${folder}: the space has ${many} responses, a table takes at most ${EXACT_RESPONSES_LIMIT}: use --to onnx`,
    );
  }
  const engine = await engineOf({ engine: "onnx" }, output);
  try {
    const weights = await engine.resident(model.parameters);
    const table = await transformerTable({ engine, model: model.architecture, space, weights });
    return { table, arm: armOf(table) };
  } finally {
    await engine.dispose();
  }
};
