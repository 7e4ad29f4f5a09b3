import type { NextTokens } from "../models/index.ts";

/** `π` of the tokens that may follow, and 0 for others, `[vocabulary]`. */
export const textWeights = ({ logProbabilities }: NextTokens, allowed: Int32Array): Float64Array => {
  const weights = new Float64Array(logProbabilities.length);
  for (const token of allowed) weights[token] = Math.exp(logProbabilities[token] as number);
  return weights;
};

/** The same, and as one more weight that of all that may not follow or was not reported, `[vocabulary + 1]`. */
export const freeWeights = (row: NextTokens, allowed: Int32Array): Float64Array => {
  const weights = new Float64Array(row.logProbabilities.length + 1);
  weights.set(textWeights(row, allowed));
  const { logProbabilities } = row;
  let others = row.missing;
  for (let token = 0, next = 0; token < logProbabilities.length; token++) {
    if (allowed[next] === token) next++;
    else others += Math.exp(logProbabilities[token] as number);
  }
  weights[logProbabilities.length] = others;
  return weights;
};
