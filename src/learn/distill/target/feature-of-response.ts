import { score } from "../../../bellman/index.ts";
import { accepts, step } from "../../../space/index.ts";
import type { Feature, FeaturePart } from "./feature.ts";

/** A feature of one response, in its own unit; −∞ where a table of it forbids the response. */
export const featureOfResponse = (feature: Feature, response: readonly number[]): number =>
  feature.parts.reduce((sum, { weight, part }) => {
    const value = partOfResponse(part, response);
    return value === -Infinity ? value : sum + weight * value;
  }, 0);

const partOfResponse = (part: FeaturePart, response: readonly number[]): number => {
  switch (part.kind) {
    case "table":
      return score(part.table, response);
    case "occurs":
      return accepts(part.machine, response) ? 1 : 0;
    case "length":
      return response.length;
    case "count": {
      const { machine } = part;
      let [state, count] = [machine.start, 0];
      for (let t = 0; t < response.length && state >= 0; t++) {
        state = step(machine, state, response[t] as number);
        if (state >= 0) count += machine.accepting[state] as number;
      }
      return count;
    }
  }
};
