import { armOf, EmptyModelError, generator, type RandomGenerator, uniform } from "../bellman/index.ts";
import { normal } from "../learn/index.ts";
import { type Kind, type Space, type Table, type Tree, tableOfArcs, tree } from "../space/index.ts";

/** How the numbers of a random table are drawn. */
export interface RewardLaw {
  readonly id: string;
  readonly label: string;
  draw(random: RandomGenerator): number;
}

/** Laws that claims 1 and 2 are tried on: the usual one, and those that break careless arithmetic. */
export const REWARD_LAWS: readonly RewardLaw[] = [
  { id: "normal", label: "normal", draw: normal },
  { id: "scale-40", label: "normal, scale 40", draw: (random) => 40 * normal(random) },
  { id: "offset-plus", label: "normal + 5,000", draw: (random) => normal(random) + 5_000 },
  { id: "offset-minus", label: "normal − 5,000", draw: (random) => normal(random) - 5_000 },
  {
    id: "forbidden",
    label: "normal, 30 % at −∞",
    draw: (random) => (uniform(random) < 0.3 ? -Infinity : normal(random)),
  },
];

/** A space of the paper's size with its name. */
export interface NamedSpace {
  readonly id: string;
  readonly label: string;
  readonly space: Tree;
}

/** The spaces of the paper's appendix C, and the variable-length one of the known reproduction. */
export const PAPER_SPACES: readonly NamedSpace[] = [
  { id: "variable-585", label: "585 responses, V=8, T=4, EOS", space: tree({ tokens: 8, horizon: 4, eos: true }) },
  { id: "fixed-4096", label: "4,096 responses, V=8, T=4", space: tree({ tokens: 8, horizon: 4, eos: false }) },
  { id: "fixed-65536", label: "65,536 responses, V=4, T=8", space: tree({ tokens: 4, horizon: 8, eos: false }) },
];

/** A random table that leaves some response possible; draws again where −∞ left none. */
export const randomTable = (space: Space, kind: Kind, law: RewardLaw, random: RandomGenerator): Table => {
  for (;;) {
    const drawn = tableOfArcs(space, kind, () => law.draw(random));
    if (!isEmpty(drawn)) return drawn;
  }
};

const isEmpty = (drawn: Table): boolean => {
  try {
    armOf(drawn);
    return false;
  } catch (error) {
    if (error instanceof EmptyModelError) return true;
    throw error;
  }
};

/** The random numbers of one part of the report, apart from those of all others. */
export const streamOf = (seed: number, part: string): RandomGenerator => {
  let hash = seed >>> 0;
  // FNV-1a over the part's name: neighbouring seeds and parts get unrelated generators
  for (const character of part) hash = Math.imul(hash ^ (character.codePointAt(0) as number), 0x01000193) >>> 0;
  return generator(hash);
};

/** A whole-number seed for one part of the report. */
export const seedOf = (seed: number, part: string): number => streamOf(seed, part).next() >>> 0;
