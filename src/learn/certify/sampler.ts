import { tree } from "../../space/index.ts";
import type { ResponseBatch } from "../distill/objectives/response-batch.ts";
import { drawing, growTrie } from "../distill/students/drawn-trie.ts";
import { rowPolicy } from "../distill/students/row-policy.ts";
import type { Student, StudentView } from "../distill/students/student.ts";
import { supportOf } from "../distill/students/support.ts";
import { transformerSteps } from "../distill/students/transformer-steps.ts";
import type { Engine, Resident } from "../engine/engine.ts";
import type { Architecture } from "../models/architecture.ts";
import { rowsPerChunk } from "../risks/chunks.ts";
import { drawGenerator } from "../risks/draw.ts";
import { type Proposal, propose } from "../risks/proposal.ts";
import type { Draw } from "../risks/risk.ts";
import type { Rows } from "../risks/rows.ts";

/** Responses drawn from a student, with what it made of them. */
export interface Drawn {
  readonly rows: Rows;
  /** `log π(y_t|s_t)`, in nats, `[count × horizon]`; 0 after the end. */
  readonly logPolicy: Float64Array;
}

/** A student that can be drawn from; it need not be enumerable. */
export interface Sampler {
  /** Independent responses; the same draw gives the same ones. */
  draw(count: number, draw: Draw): Promise<Drawn>;
  /** Frees what it holds on an engine. */
  dispose(): Promise<void>;
}

/** A student from a proposal: a table's, or a Transformer's. */
export const proposalSampler = (proposal: Proposal): Sampler => ({
  draw: async (count, draw) => {
    const rows = await propose(proposal, count, drawGenerator(draw));
    return { rows, logPolicy: await proposal.logPolicy(rows) };
  },
  dispose: () => proposal.dispose(),
});

/**
 * The student of a distillation as it is now, kept to the responses that its target allows.
 *
 * The caller goes on owning it: `dispose` does nothing.
 */
export const studentSampler = (student: Student): Sampler => ({
  draw: async (count, draw) => {
    const view = await student.draw(count, draw);
    return { rows: view.rows, logPolicy: logPolicyAlong(view, view.rows, view.batch) };
  },
  dispose: () => Promise.resolve(),
});

/**
 * A causal Transformer on the whole tree of its responses: each distinct prefix goes through it once, and remembers keys and values.
 *
 * The weights are those of the resident at each call.
 *
 * @throws RangeError where the model is no ARM, or has prompts
 */
export const transformerSampler = (options: {
  readonly engine: Engine;
  readonly model: Architecture;
  readonly weights: Resident;
}): Sampler => {
  const { engine, model, weights } = options;
  if (model.kind !== "arm" || model.prompts > 0) throw new RangeError("a sampler must be an ARM without prompts");
  const { horizon, eos, actions } = model;
  const space = tree({ tokens: actions - (eos ? 1 : 0), horizon, eos });
  const support = supportOf({ kind: "function", space, name: "any response", scores: allAlike });
  const steps = transformerSteps(engine, model, rowsPerChunk(model));
  return {
    draw: async (count, draw) => {
      const choose = drawing(drawGenerator(draw), actions);
      const drawn = await growTrie({ model, steps, weights, support, count, choose });
      const view = { graph: drawn.trie.graph(), live: drawn.trie.live, logits: drawn.logits };
      return { rows: drawn.rows, logPolicy: logPolicyAlong(view, drawn.rows, drawn) };
    },
    dispose: () => steps.dispose(),
  };
};

const allAlike = ({ count }: Rows): Promise<Float64Array> => Promise.resolve(new Float64Array(count));

/** `log π` of the actions of responses, by the states that they pass. */
const logPolicyAlong = (
  view: Pick<StudentView, "graph" | "live" | "logits">,
  { count, horizon }: Rows,
  { arcs, offsets }: Pick<ResponseBatch, "arcs" | "offsets">,
): Float64Array => {
  const { graph } = view;
  const policy = rowPolicy(view);
  const out = new Float64Array(count * horizon);
  for (let row = 0; row < count; row++) {
    const first = offsets[row] as number;
    let state = graph.start;
    for (let place = first; place < (offsets[row + 1] as number); place++) {
      const arc = arcs[place] as number;
      policy.value(state);
      out[row * horizon + place - first] = policy.logPolicy[arc] as number;
      state = graph.targets[arc] as number;
    }
  }
  return out;
};
