import type { Table } from "../../space/index.ts";
import { type TransformerOnSpace, transformerTable } from "../risks/tabulate.ts";
import type { Architecture } from "./architecture.ts";

/**
 * A model of responses, however it was learned: tabular, n-gram or Transformer.
 *
 * Whatever compares, samples, describes or steers works on its table.
 */
export interface LearnedModel {
  readonly kind: Architecture["kind"];
  /** Logits of an ARM, rewards of an EBM, in nats, as they are now; of one prompt where the model has prompts. */
  table(prompt?: number): Promise<Table>;
}

/** A model that is its table: of `trainTabular`, of `fitNgram` (on merged states), or read from a file. */
export const tabularModel = (table: Table): LearnedModel => ({
  kind: table.kind === "logits" ? "arm" : "ebm",
  table: () => Promise.resolve(table),
});

/** A Transformer on a space small enough to write its table down; its weights may go on changing. */
export const transformerModel = (options: Omit<TransformerOnSpace, "prompt">): LearnedModel => ({
  kind: options.model.kind,
  table: (prompt = 0) => transformerTable({ ...options, prompt }),
});
