import type { NextTokens } from "../models/index.ts";
import type { Choose } from "./choose.ts";
import type { Explorer } from "./explorer.ts";
import { freeWeights } from "./model-weights.ts";
import type { Prefix } from "./prefix.ts";

/** A prefix that wants a token, and what chooses for it. */
export interface Growing {
  readonly prefix: Prefix;
  readonly choose: Choose;
}

/** What comes next; with it `E[e^logWeight·1{token}] = π(token|s)·exp(row_token)`, whatever the way of choosing. */
export interface Drawn {
  /** −1 where nothing can come. */
  readonly token: number;
  /** In nats. */
  readonly logWeight: number;
}

/** The same, with `log π` of the token, or of any end where it is one, in nats. */
export interface Said extends Drawn {
  readonly logModel: number;
}

/** A way of choosing next tokens, for all prefixes at once. */
export type Step = (explorer: Explorer, growing: readonly Growing[]) => Promise<Said[]>;

/** Nothing can come. */
export const DEAD: Said = { token: -1, logWeight: -Infinity, logModel: -Infinity };

/** Chooses from `π·exp(row)/w`, with weight `w` (theory §8): asks the wish for whole rows. */
export const weightedStep: Step = async (explorer, growing) => {
  const expansions = await explorer.expand(growing.map(({ prefix }) => prefix));
  return expansions.map(({ weights, total, logWeight, row }, i) => {
    if (!(total > 0)) return DEAD;
    const token = (growing[i] as Growing).choose(weights, total);
    return { token, logWeight, logModel: explorer.logModelOf(row, token) };
  });
};

/** Chooses from the model alone, with weight `exp(row_token)`: a token that the wish or the limit forbids is the particle's death. */
export const freeStep: Step = async (explorer, growing) => {
  const rows = await explorer.model(growing.map(({ prefix }) => prefix));
  const tokens = growing.map(({ prefix, choose }, i) => {
    const weights = freeWeights(rows[i] as NextTokens, explorer.allowed(prefix));
    const token = choose(weights);
    // the last place is all that is not allowed
    return token === weights.length - 1 ? -1 : token;
  });
  const places = [...tokens.keys()].filter((i) => (tokens[i] as number) >= 0);
  const entries = await explorer.entries(
    places.map((i) => (growing[i] as Growing).prefix),
    places.map((i) => tokens[i] as number),
  );
  const said = growing.map(() => DEAD);
  for (const [j, i] of places.entries()) {
    const [token, logWeight] = [tokens[i] as number, entries[j] as number];
    if (logWeight > -Infinity) {
      said[i] = { token, logWeight, logModel: explorer.logModelOf(rows[i] as NextTokens, token) };
    }
  }
  return said;
};
