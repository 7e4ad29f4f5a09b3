import type { Table } from "../../space/index.ts";
import type { Resident } from "../engine/engine.ts";
import type { Tensors } from "../engine/tensor.ts";

/** Which random numbers a step of training uses: the same draw gives the same numbers, so a resumed run repeats exactly. */
export interface Draw {
  /** A whole number from 0 to 2³² − 1. */
  readonly seed: number;
  /** Number of the step, from 0. */
  readonly step: number;
}

/** What a risk remembers between steps, such as the states of Markov chains. */
export interface RiskMemory {
  /** A copy of it as it is now. */
  read(): Tensors;
  /** Goes on from a copy. */
  write(tensors: Tensors): void;
}

/** What a step of training needs: the risk in nats at the current weights, and its gradient by parameter name. */
export interface Risk {
  /** An estimate of the risk from one draw, and its gradient; exact risks ignore the draw. */
  gradient(resident: Resident, draw: Draw): Promise<{ readonly risk: number; readonly gradient: Tensors }>;
  /** The risk in nats by everything this risk knows: all responses, or all held-out data. */
  evaluate(resident: Resident): Promise<number>;
  /** What the risk remembers between steps, for a checkpoint; absent where it remembers nothing. */
  readonly memory?: RiskMemory;
  /** Frees what it holds on an engine. */
  dispose(): Promise<void>;
}

/** A risk over all responses of a space, each weighted by its target probability. */
export interface ExactRisk extends Risk {
  /** Entropy of the target, in nats, averaged over the prompts: the least risk any model can have (theory §5). */
  readonly entropy: number;
  /** The model's logits, or its rewards on the last action, as a table on the space; of one prompt where there are prompts. */
  table(resident: Resident, prompt?: number): Promise<Table>;
}
