import type { Model } from "../../bellman/index.ts";
import type { NumberTensors } from "../number-tensor.ts";
import type { Proposal } from "../risks/proposal.ts";
import type { CheckpointOptions } from "../training/saver.ts";
import type { ObjectiveName } from "./objective-name.ts";
import type { Behaviour } from "./objectives/behaviour.ts";
import type { ScoredTarget } from "./scored-target.ts";
import type { Student, StudentMaker } from "./students/student.ts";

/** Where a run is: with the run's options it decides all that follows, bit for bit on one engine. */
export interface DistillState {
  /** Steps made so far. */
  readonly step: number;
  /** Parameters, what the optimiser (`adam.*`) and the objective (`objective.*`) remember. */
  readonly tensors: NumberTensors;
}

/** What a run consists of. */
export interface DistillOptions {
  /** What the student is to become: a table, the `arm` of a tilted target, or a {@link functionTarget}. */
  readonly target: Model | ScoredTarget;
  /** `tabularStudent()`, `ngramStudent({ order })` or `transformerStudent({ engine, … })`. */
  readonly student: StudentMaker;
  readonly objective: ObjectiveName;
  /** Steps of the whole run. */
  readonly steps: number;
  /** Decides all random numbers: a whole number from 0 to 2³² − 1. */
  readonly seed: number;
  /** Responses drawn anew for every step; without it expectations are exact, where the space allows that. */
  readonly samplesPerStep?: number;
  /**
   * Whose responses: with samples, `"student"` (default: on-policy), `"uniform"`, a model, or anything that can be drawn from; with exact
   * expectations, whom the squared residuals of `"bellman"` and `"path-consistency"` are averaged over, `"uniform"` by default.
   */
  readonly behaviour?: Behaviour | Proposal;
  /**
   * Largest learning rate, falling to 0 along half a cosine; default 1e-3 for Transformers, and for tables and n-grams 0.2 with exact
   * expectations and soft Bellman regression, else 0.05.
   */
  readonly learningRate?: number;
  /** Largest learning rate of the `log Z` that path consistency learns, in nats (default 0.2). */
  readonly logPartitionRate?: number;
  /** Steps between exact divergences (default a fiftieth of the run); the last step always has them. */
  readonly klEvery?: number;
  /** Where to go on from; default: from the student's first parameters. */
  readonly resume?: DistillState;
  /** Where states go. */
  readonly checkpoint?: CheckpointOptions<DistillState>;
  /** Stops the run after the step that it is in; its reason is thrown once the state is saved. */
  readonly signal?: AbortSignal;
}

/** Exact divergences of a student, in nats: `forward` is `KL(p_R‖p_θ)`, `reverse` is `KL(p_θ‖p_R)`. */
export interface Divergences {
  readonly forward: number;
  readonly reverse: number;
}

/** One step of a run. */
export interface DistillProgress {
  /** Steps made so far, this one included. */
  readonly step: number;
  /** Steps of the whole run. */
  readonly steps: number;
  /** Responses drawn so far; 0 with exact expectations. */
  readonly samples: number;
  /**
   * The objective's value before this step, in nats or squared nats: exact, or this step's estimate. That of the reverse
   * divergence lacks `log Z` where a function's target does not give it.
   */
  readonly value: number;
  /** Exact divergences after this step, every so many steps, where the space allows. */
  readonly kl?: Divergences;
  readonly learningRate: number;
  /** Norm of the whole gradient by the student's parameters, before any clipping. */
  readonly gradientNorm: number;
  readonly stepMilliseconds: number;
  /** Responses learned from in a second, by this step; absent with exact expectations. */
  readonly samplesPerSecond?: number;
  /** Estimate from the last steps. */
  readonly secondsLeft: number;
}

/** How a run ended. */
export interface Distilled {
  /** The student, which the caller disposes of. */
  readonly student: Student;
  /** Exact divergences, where the space allows. */
  readonly kl?: Divergences;
  /** `log Z` in nats, where it is known or was learned or estimated on the way. */
  readonly logPartition?: number;
}
