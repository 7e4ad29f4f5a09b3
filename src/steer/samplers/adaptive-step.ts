import type { NextTokens } from "../models/index.ts";
import { adaptiveDraw } from "./adaptive-draw.ts";
import { textWeights } from "./model-weights.ts";
import type { Prefix } from "./prefix.ts";
import { DEAD, type Drawn, type Said, type Step } from "./step.ts";

/** A draw under way. */
interface Trial {
  readonly prefix: Prefix;
  readonly draw: Generator<number, Drawn, number>;
  readonly place: number;
  /** The token whose entry it waits for. */
  readonly token: number;
}

/**
 * Chooses by adaptive rejection: asks the wish for single entries instead of rows, in rounds of one for each prefix, and once for prefixes that
 * ask for the same.
 *
 * @param checks more tokens that each draw checks for its weight
 */
export const adaptiveStep =
  (checks: number): Step =>
  async (explorer, growing) => {
    const rows = await explorer.model(growing.map(({ prefix }) => prefix));
    const said = new Array<Said>(growing.length).fill(DEAD);
    const told = new Map<Prefix, Map<number, number>>();
    let trials: Trial[] = [];
    const go = (trial: Trial, next: IteratorResult<number, Drawn>) => {
      if (!next.done) trials.push({ ...trial, token: next.value });
      else if (next.value.token >= 0) {
        const logModel = explorer.logModelOf(rows[trial.place] as NextTokens, next.value.token);
        said[trial.place] = { ...next.value, logModel };
      }
    };
    for (const [place, { prefix, choose }] of growing.entries()) {
      const weights = textWeights(rows[place] as NextTokens, explorer.allowed(prefix));
      const draw = adaptiveDraw(weights, choose, checks);
      go({ prefix, draw, place, token: -1 }, draw.next());
    }
    while (trials.length > 0) {
      const asked = distinct(trials, told);
      const entries = await explorer.entries(
        asked.map(({ prefix }) => prefix),
        asked.map(({ token }) => token),
      );
      for (const [i, { prefix, token }] of asked.entries()) remember(told, prefix, token, entries[i] as number);
      const round = trials;
      trials = [];
      for (const trial of round) go(trial, trial.draw.next(told.get(trial.prefix)?.get(trial.token) as number));
    }
    return said;
  };

/** Trials whose answers are not known, each question once. */
const distinct = (trials: readonly Trial[], told: ReadonlyMap<Prefix, ReadonlyMap<number, number>>): Trial[] => {
  const questions = new Map<Prefix, Map<number, Trial>>();
  for (const trial of trials) {
    if (told.get(trial.prefix)?.has(trial.token)) continue;
    const ofPrefix = questions.get(trial.prefix) ?? new Map<number, Trial>();
    ofPrefix.set(trial.token, trial);
    questions.set(trial.prefix, ofPrefix);
  }
  return [...questions.values()].flatMap((ofPrefix) => [...ofPrefix.values()]);
};

const remember = (told: Map<Prefix, Map<number, number>>, prefix: Prefix, token: number, entry: number): void => {
  const ofPrefix = told.get(prefix) ?? new Map<number, number>();
  ofPrefix.set(token, entry);
  told.set(prefix, ofPrefix);
};
