import type { SteeringRow } from "./compare-methods.ts";

/** All methods on one wish. */
export interface SteeringCase {
  readonly id: string;
  /** What is wished, as the end of a sentence. */
  readonly label: string;
  /** The same as a title. */
  readonly title: string;
  /** Exact `log Z`, in nats. */
  readonly logPartition: number;
  /** Model calls that fitting the surrogate took. */
  readonly fitCalls: number;
  readonly rows: readonly SteeringRow[];
}
