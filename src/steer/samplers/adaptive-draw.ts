import { type Choose, sumOf } from "./choose.ts";
import { DEAD, type Drawn } from "./step.ts";

/**
 * Draws the next token of one prefix by checking single tokens: yields a token, is told its entry of the wish's row, and ends with
 * the first token that is allowed (entry above −∞).
 *
 * *The token.* Tokens come from the model without replacement. Leaving out a token once it is rejected renormalises the rest, so the
 * first allowed one has probability `π(a)/w`, with `w` the probability of all that are allowed: as by plain rejection, but no token is
 * checked twice.
 *
 * *The weight.* `w` is unknown, and the number of trials tells of it only together with the token. So `checks` more tokens `c` are drawn
 * without replacement from what is left after it. With `A` the probability of what was found to be allowed before such a draw and `r` that of
 * what was not checked, `A + r·1{c allowed}` has expectation `A + r·(w − A)/r = w`, whatever happened before: a mean of these is an
 * estimate `ŵ` with `E[ŵ | a] = w`, so that `E[ŵ·1{a}] = π(a)` for allowed `a`. It is never 0, since the token itself is in `A`.
 * With `exp(row_a)` as a further factor the particle is properly weighted (theory §8).
 *
 * @param weights `π` of the tokens that may follow, `[vocabulary]`; used up
 * @param checks more tokens to check, at least 1: each makes the weight less uneven
 */
export function* adaptiveDraw(weights: Float64Array, choose: Choose, checks: number): Generator<number, Drawn, number> {
  let unchecked = sumOf(weights);
  const take = (token: number): number => {
    const probability = weights[token] as number;
    weights[token] = 0;
    unchecked = sumOf(weights);
    return probability;
  };
  let [token, entry, allowed] = [-1, -Infinity, 0];
  while (entry === -Infinity) {
    if (unchecked <= 0) return DEAD;
    token = choose(weights, unchecked);
    entry = yield token;
    allowed = take(token);
  }
  let sum = 0;
  for (let check = 0; check < checks; check++) {
    const rest = unchecked;
    if (rest <= 0) {
      sum += allowed;
      continue;
    }
    const next = choose(weights, rest);
    const fits = (yield next) > -Infinity;
    sum += allowed + (fits ? rest : 0);
    const probability = take(next);
    if (fits) allowed += probability;
  }
  return { token, logWeight: Math.log(sum / checks) + entry };
}
