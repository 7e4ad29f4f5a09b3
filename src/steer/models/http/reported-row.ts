import type { NextTokens } from "../language-model.ts";
import { ServerError } from "./server-error.ts";

/** What a server says of one token: its id, where the server's name for it is known, and `log π`, in nats. */
export interface ReportedToken {
  readonly id: number | undefined;
  readonly logProbability: unknown;
}

/** Rounding of float32 log-probabilities, added up. */
const TOLERANCE = 1e-3;

/** Servers whose JSON has no −∞ write this, or less. */
const NEVER = -9999;

/**
 * A row from what a server reported. A row of all tokens is whole, and is normalised; one of some says what is missing.
 *
 * @param source what errors call the server
 * @throws ServerError where a number is none, positive, or contradicts another, a token is unknown, or the probabilities add
 * up to more than 1
 */
export const reportedRow = (tokens: readonly ReportedToken[], size: number, source: string): NextTokens => {
  const row = new Float64Array(size).fill(-Infinity);
  const seen = new Set<number>();
  for (const { id, logProbability } of tokens) {
    if (typeof logProbability !== "number" || !(logProbability <= TOLERANCE)) {
      throw new ServerError(
        `${source}: gave the log-probability ${JSON.stringify(logProbability) ?? "nothing"} for a token: a number ≤ 0 is needed`,
      );
    }
    if (id === undefined) continue;
    if (!Number.isInteger(id) || id < 0 || id >= size) {
      throw new ServerError(
        `${source}: reported the token ${id}, but there are the tokens 0 to ${size - 1}: give its own tokenizer`,
      );
    }
    const value = logProbability <= NEVER ? -Infinity : Math.min(0, logProbability);
    if (seen.has(id) && Math.abs(Math.exp(row[id] as number) - Math.exp(value)) > TOLERANCE) {
      throw new ServerError(`${source}: gave two probabilities for the token ${id}`);
    }
    seen.add(id);
    row[id] = value;
  }
  if (seen.size === 0) throw new ServerError(`${source}: reported no tokens`);
  return finished(row, seen.size === size, source);
};

const finished = (row: Float64Array, isWhole: boolean, source: string): NextTokens => {
  const sum = row.reduce((mass, logProbability) => mass + Math.exp(logProbability), 0);
  if (sum > 1 + TOLERANCE || (isWhole && sum < 1 - TOLERANCE)) {
    throw new ServerError(
      `${source}: gave probabilities that add up to ${sum.toFixed(4)}: they are no log-probabilities of one distribution`,
    );
  }
  if (!isWhole && sum < 1) return { logProbabilities: row, missing: 1 - sum };
  return { logProbabilities: row.map((logProbability) => logProbability - Math.log(sum)), missing: 0 };
};
