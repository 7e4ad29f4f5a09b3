import { armOf, type Model, type RandomGenerator, uniform } from "../../bellman/index.ts";
import { propose, tableProposal } from "./proposal.ts";
import { pickRows, type Rows } from "./rows.ts";

/** Where the responses to learn come from. */
export interface ResponseSource {
  /** Largest number of actions of a response. */
  readonly horizon: number;
  /** Responses, drawn independently. */
  draw(count: number, random: RandomGenerator): Promise<Rows>;
}

/** Responses of a data set, drawn with replacement. */
export const dataSource = (data: Rows): ResponseSource => {
  if (data.count < 1) throw new RangeError("the data holds no response: give at least one");
  return {
    horizon: data.horizon,
    draw: (count, random) => {
      const indices = Int32Array.from({ length: count }, () => Math.floor(uniform(random) * data.count));
      return Promise.resolve(pickRows(data, indices));
    },
  };
};

/** Fresh samples of a known distribution. */
export const modelSource = (model: Model): ResponseSource => {
  const proposal = tableProposal(armOf(model));
  return { horizon: proposal.horizon, draw: (count, random) => propose(proposal, count, random) };
};
