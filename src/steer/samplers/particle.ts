import type { Prefix } from "./prefix.ts";

/** A response as it grows. Particles are not changed: what one becomes is linked to what it was. */
export interface Particle {
  readonly prefix: Prefix;
  /** The token that ended it; −1 while it grows. */
  readonly end: number;
  /** Its weight: the mean over all particles estimates what of `Z` is behind them. In nats; −∞ where it died. */
  readonly logWeight: number;
  /** `log π` of its tokens, and once it has ended of any end after them, in nats. */
  readonly logModel: number;
  /** What potentials of whole responses guess of it while it grows, in nats; in its weight already. */
  readonly guess: number;
  /** What it was a token ago. */
  readonly previous: Particle | undefined;
}

/** A particle that has said nothing yet. */
export const rootParticle = (prefix: Prefix, logWeight: number): Particle => ({
  prefix,
  end: -1,
  logWeight,
  logModel: 0,
  guess: 0,
  previous: undefined,
});

/** Whether it can still grow. */
export const isGrowing = ({ end, logWeight }: Particle): boolean => end < 0 && logWeight > -Infinity;

/** Whether it is a whole response of positive weight. */
export const isResponse = ({ end, logWeight }: Particle): boolean => end >= 0 && logWeight > -Infinity;

/** Tokens of a whole response, its end included. */
export const actionsOf = ({ prefix }: Particle): number => prefix.length + 1;

/** What a whole response was when it had so many tokens. */
export const ancestorOf = (particle: Particle, length: number): Particle => {
  let ancestor = particle;
  while ((ancestor.end >= 0 || ancestor.prefix.length > length) && ancestor.previous) ancestor = ancestor.previous;
  return ancestor;
};
