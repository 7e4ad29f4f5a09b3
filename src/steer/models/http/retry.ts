/** A request that failed for a reason that may pass, and is about to be repeated. */
export interface Retry {
  /** The address that was asked. */
  readonly url: string;
  /** Which repetition of this request it is, from 1. */
  readonly attempt: number;
  /** How many repetitions there are at most. */
  readonly attempts: number;
  /** Seconds until then. */
  readonly waitSeconds: number;
  /** What went wrong, as it follows the address in a sentence: "did not answer in 60 s". */
  readonly reason: string;
}

/** Tells who listens, and goes on whatever comes of it: an exception, a promise that is rejected, or one that never ends. */
export const tellRetry = async (onRetry: ((retry: Retry) => void) | undefined, retry: Retry): Promise<void> => {
  try {
    await onRetry?.(retry);
  } catch {}
};
