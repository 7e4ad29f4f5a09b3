import type { Particle } from "./particle.ts";

/** No response that a sampler tried can satisfy the wish. */
export class DeadEndError extends Error {
  override readonly name = "DeadEndError";
  /** Tokens said when the last particle died; 0 where nothing can be said at all. */
  readonly step: number;
  constructor(message: string, step: number) {
    super(message);
    this.step = step;
  }
}

/** The error where all particles of a run have died, at a dead end or of a score of −∞. */
export const allDead = (particles: readonly Particle[], step: number): DeadEndError =>
  new DeadEndError(
    step === 0 && particles.every(({ end }) => end < 0)
      ? "no token of the model can begin a response that the wish allows: the wish is impossible, or does not go with the prompt"
      : `all ${particles.length} particles have died, the last after ${step} ${step === 1 ? "token" : "tokens"}: take more particles, a lookahead, ` +
          "a higher limit of tokens, or a looser wish",
    step,
  );
