import type { Space, Table } from "../../../space/index.ts";
import type { Graph } from "../../flat-space.ts";
import type { Architecture } from "../../models/architecture.ts";
import type { NumberTensors } from "../../number-tensor.ts";
import type { Draw } from "../../risks/risk.ts";
import type { Rows } from "../../risks/rows.ts";
import type { ResponseBatch } from "../objectives/response-batch.ts";
import type { ScoredTarget, TableTarget } from "../scored-target.ts";

/**
 * A student's logits on the arcs of a graph, as they are at one moment, and the way back from arcs to its parameters.
 *
 * All that an objective knows of a student. It answers with a cotangent `∂L/∂q(s,a)` `[arcs]`, in float64, and `pull` makes of it a
 * gradient by parameter: that is what makes every objective one for every student.
 */
export interface StudentView {
  readonly graph: Graph;
  /** 1 for an arc that the student may take, `[arcs]`; the others count as −∞, whatever their logits. */
  readonly live: Uint8Array;
  /** `q(s,a)`, in nats, `[arcs]`. */
  readonly logits: Float64Array;
  /** `r(s,a)` of the target, in nats, `[arcs]`; absent where only whole responses have scores. */
  readonly rewards?: Float64Array;
  /** Whether every state that a live arc leads to is in the graph. */
  readonly closed: boolean;
  /** `Σ_{s,a} g(s,a)·∂q(s,a)/∂θ` by parameter name, for a cotangent `g` `[arcs]`. */
  pull(cotangent: Float64Array): Promise<NumberTensors>;
}

/** A view of the states that some responses pass. */
export interface ResponseView extends StudentView {
  readonly rows: Rows;
  /** The responses by the arcs of the graph. */
  readonly batch: ResponseBatch;
}

/** What an optimiser's step was like. */
export interface StudentStep {
  readonly learningRate: number;
  /** Euclidean norm of the whole gradient, before any clipping. */
  readonly gradientNorm: number;
}

/**
 * An autoregressive model that a distillation changes: tabular, n-gram or Transformer.
 *
 * It takes only actions that some response of the target takes, where the target is a table: the others count as −∞.
 */
export interface Student {
  readonly kind: "tabular" | "ngram" | "transformer";
  /** Its kind and size in a few characters, such as `ngram:3`. */
  readonly name: string;
  /** Where its table lives: the target's space; its states split where the student tells more apart; or the tree. */
  readonly space: Space;
  /** Sizes of a Transformer. */
  readonly architecture?: Architecture;
  readonly parameterCount: number;
  /** The target on the student's own space; absent where it has no table there. */
  readonly target?: TableTarget;
  /** Its logits as they are now. @throws RangeError where its space cannot be enumerated */
  table(): Promise<Table>;
  /** A copy of its parameters as they are now: float64, or float32 of a Transformer. */
  parameters(): Promise<NumberTensors>;
  /** Its logits on its whole space. @throws RangeError where that cannot be enumerated */
  whole(): Promise<StudentView>;
  /** Responses drawn from itself, with their log-probabilities, and the states they pass. */
  draw(count: number, draw: Draw): Promise<ResponseView>;
  /**
   * The states that given responses pass.
   *
   * @param logProposal `log μ(y)` of each, in nats, under what drew it, where known
   * @throws RangeError where the student's space does not hold a response
   */
  along(rows: Rows, logProposal?: Float64Array): Promise<ResponseView>;
  /** Makes one step of its optimiser down a gradient by parameter name. */
  descend(gradient: NumberTensors): Promise<StudentStep>;
  /** A copy of all that decides its future: parameters and what its optimiser remembers. */
  state(): Promise<NumberTensors>;
  /** Goes on from a copy. @throws RangeError where names, shapes or kinds of numbers are others */
  restore(state: NumberTensors): void;
  /** Frees what it holds on an engine. */
  dispose(): Promise<void>;
}

/** What decides a student's optimiser and first parameters, beside its kind. */
export interface StudentRun {
  /** Steps that the learning rate falls to 0 over. */
  readonly steps: number;
  /** Whether gradients scatter from step to step, as those from scores of sampled responses do. */
  readonly noisy: boolean;
  /** Largest learning rate; default the student's own. */
  readonly learningRate?: number;
  /** Decides random first parameters: a whole number from 0 to 2³² − 1. */
  readonly seed: number;
}

/** A kind of student, before there is a target: made by `tabularStudent`, `ngramStudent` and `transformerStudent`. */
export interface StudentMaker {
  readonly kind: Student["kind"];
  readonly name: string;
  /** @throws RangeError where the student and the target are on different spaces or tokens */
  make(target: ScoredTarget, run: StudentRun): Student | Promise<Student>;
}
