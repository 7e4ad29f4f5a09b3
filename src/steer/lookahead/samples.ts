import type { LanguageModel } from "../models/index.ts";
import type { ConstraintPotential } from "../potentials/constrain.ts";
import type { Potential } from "../potentials/potential.ts";
import type { Surrogate } from "./surrogate.ts";
import { surrogateLookahead } from "./surrogate-lookahead.ts";

/** A sample that has not ended. */
export interface Sample {
  readonly context: readonly number[];
  readonly wish: Potential | undefined;
  readonly state: unknown;
}

/** Samples by turns of the prompts and, every other one, of the wishes. */
export const beginnings = (
  samples: number,
  prompts: readonly (readonly number[])[],
  wishes: readonly Potential[],
): Sample[] =>
  Array.from({ length: samples }, (_, index) => {
    const turn = Math.floor(index / prompts.length);
    const wish = turn % 2 === 1 && wishes.length > 0 ? wishes[((turn - 1) / 2) % wishes.length] : undefined;
    const context = prompts[index % prompts.length] as readonly number[];
    return wish ? begun(context, wish as Potential) : { context, wish, state: undefined };
  });

/** Samples of the wishes, by turns of the prompts and the wishes, that look ahead by a surrogate; of the model without wishes. */
export const guided = (
  samples: number,
  prompts: readonly (readonly number[])[],
  wishes: readonly ConstraintPotential[],
  surrogate: Surrogate,
): Sample[] => {
  if (wishes.length === 0) return beginnings(samples, prompts, wishes);
  const guides = prompts.map((prompt) =>
    wishes.map((wish) => surrogateLookahead(wish, surrogate, prompt) as Potential),
  );
  return Array.from({ length: samples }, (_, index) => {
    const [place, turn] = [index % prompts.length, Math.floor(index / prompts.length)];
    return begun(prompts[place] as readonly number[], guides[place]?.[turn % wishes.length] as Potential);
  });
};

const begun = (context: readonly number[], wish: Potential): Sample => ({ context, wish, state: wish.start().state });

/** A sample one token later. */
export const extended = ({ context, wish, state }: Sample, token: number): Sample => ({
  context: [...context, token],
  wish,
  state: wish?.advance(state, token),
});

/** Rows of the samples' wishes, asked for together; nothing for samples of the model alone. */
export const maskRows = async (
  open: readonly Sample[],
  signal: AbortSignal | undefined,
): Promise<(Float64Array | undefined)[]> => {
  const rows = new Array<Float64Array | undefined>(open.length);
  for (const wish of new Set(open.map(({ wish }) => wish))) {
    if (!wish) continue;
    const places = [...open.keys()].filter((place) => open[place]?.wish === wish);
    const found = await wish.rows(
      places.map((place) => open[place]?.state),
      { signal },
    );
    for (const [index, place] of places.entries()) rows[place] = found[index];
  }
  return rows;
};

/** A token drawn by the model, within a mask; undefined in a dead end. Tokens that stand for nothing are never drawn. */
export const drawToken = (
  row: Float64Array,
  mask: Float64Array | undefined,
  { vocabulary }: LanguageModel,
  at: number,
): number | undefined => {
  const ends = new Set(vocabulary.ends);
  const weights = row.map((logProbability, token) => {
    if (!vocabulary.bytes[token] && !ends.has(token)) return 0;
    return Math.exp(logProbability + (mask ? (mask[token] as number) : 0));
  });
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (!(total > 0)) return undefined;
  let rest = at * total;
  let last: number | undefined;
  for (let token = 0; token < weights.length; token++) {
    const weight = weights[token] as number;
    if (weight === 0) continue;
    last = token;
    rest -= weight;
    if (rest < 0) break;
  }
  return last;
};
