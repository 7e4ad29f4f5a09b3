import { type Model, toLogits } from "../../bellman/index.ts";
import { checkSameTokens, type Table } from "../../space/index.ts";
import { drawGenerator } from "../risks/draw.ts";
import { type Proposal, propose, rowSums, tableProposal } from "../risks/proposal.ts";
import type { Draw } from "../risks/risk.ts";
import type { Behaviour } from "./objectives/behaviour.ts";
import type { ScoredTarget } from "./scored-target.ts";
import type { ResponseView, Student } from "./students/student.ts";

/**
 * What draws the responses of a step, and has the student look at the states they pass.
 *
 * @throws RangeError where the behaviour is of other tokens or another horizon than the target
 */
export const responsesFrom = (
  behaviour: Behaviour | Proposal,
  target: ScoredTarget,
  student: Student,
): ((count: number, draw: Draw) => Promise<ResponseView>) => {
  if (behaviour === "student") return student.draw;
  const proposal = proposalOf(behaviour, target);
  const { horizon } = target.space;
  if (proposal.horizon !== horizon) {
    throw new RangeError(
      `"behaviour" has the horizon ${proposal.horizon}, the target ${horizon}: make one for the other`,
    );
  }
  return async (count, draw) => {
    const rows = await propose(proposal, count, drawGenerator(draw));
    return student.along(rows, rowSums(await proposal.logPolicy(rows), horizon));
  };
};

const proposalOf = (behaviour: Exclude<Behaviour, "student"> | Proposal, target: ScoredTarget): Proposal => {
  if (behaviour === "uniform") return tableProposal(uniform(target));
  if (typeof behaviour === "string") {
    throw new RangeError(
      `"behaviour" must be "student", "uniform", a model or a proposal, got ${JSON.stringify(behaviour)}`,
    );
  }
  if ("extend" in behaviour) return behaviour;
  const { tokens } = "logits" in behaviour ? (behaviour as Exclude<Model, Table>).logits.space : behaviour.space;
  checkSameTokens(target.space.tokens, tokens, "the target and the behaviour");
  return tableProposal(behaviour);
};

/** Every action that the target allows, equally often. */
const uniform = (target: ScoredTarget): Table => {
  if (target.kind === "function") {
    throw new RangeError('"behaviour" cannot be "uniform" for a function: give a model of its responses');
  }
  const { space, levels } = toLogits(target.reward).logits;
  return { space, kind: "logits", levels: levels.map((level) => level.map((q) => (q === -Infinity ? q : 0))) };
};
