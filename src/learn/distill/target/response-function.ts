/** A number for whole responses, by any program: a reward model, a classifier, a test suite. */
export interface ResponseFunction {
  /** What messages call it. */
  readonly name: string;
  /** One number for each response of a batch, in order; responses are token indices, without EOS. */
  readonly values: (responses: readonly (readonly number[])[]) => ArrayLike<number> | Promise<ArrayLike<number>>;
}

/** How a {@link ResponseFunction} is called. */
export interface CallOptions {
  /** Most responses a call (default 256). */
  readonly batch?: number;
  /** Seconds that a promised answer may take (default 60); work that never yields cannot be interrupted. */
  readonly timeout?: number;
}

/**
 * A function's numbers for some responses, batch by batch.
 *
 * @returns one number for each response, finite or −∞
 * @throws Error where the function throws or does not answer in time, with its own error as the cause; RangeError where it gives
 * NaN, +∞, or too few or too many numbers
 */
export const callFunction = async (
  f: ResponseFunction,
  responses: readonly (readonly number[])[],
  options: CallOptions = {},
): Promise<Float64Array> => {
  const { batch = 256, timeout = 60 } = options;
  if (!Number.isSafeInteger(batch) || batch < 1) {
    throw new RangeError(`"batch" must be a whole number ≥ 1, got ${String(batch)}`);
  }
  if (!(timeout > 0)) throw new RangeError(`"timeout" must be > 0 seconds, got ${String(timeout)}`);
  const out = new Float64Array(responses.length);
  for (let first = 0; first < responses.length; first += batch) {
    const asked = responses.slice(first, first + batch);
    const answer = await answerOf(f, asked, first, timeout);
    checkAnswer(f, answer, asked, first);
    out.set(Float64Array.from(answer), first);
  }
  return out;
};

const answerOf = async (
  f: ResponseFunction,
  asked: readonly (readonly number[])[],
  first: number,
  timeout: number,
): Promise<ArrayLike<number>> => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    // timers take at most 2³¹ − 1 milliseconds
    const limit = Math.min(1000 * timeout, 2 ** 31 - 1);
    timer = setTimeout(() => reject(new Error(`no answer within ${timeout} s`)), limit);
  });
  try {
    return await Promise.race([Promise.resolve(f.values(asked)), late]);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const last = first + asked.length - 1;
    throw new Error(`the function "${f.name}" failed on responses ${first} to ${last}: ${reason}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
};

const checkAnswer = (
  { name }: ResponseFunction,
  answer: ArrayLike<number>,
  asked: readonly (readonly number[])[],
  first: number,
): void => {
  if (answer?.length !== asked.length) {
    throw new RangeError(
      `the function "${name}" must give one number for each of ${asked.length} responses, got ${
        answer?.length === undefined ? String(answer) : `${answer.length}`
      }`,
    );
  }
  for (let i = 0; i < asked.length; i++) {
    const x: unknown = answer[i];
    if (typeof x === "number" && x < Infinity) continue;
    throw new RangeError(
      `the function "${name}" gave ${String(x)} for response ${first + i}, tokens ${JSON.stringify(asked[i])}: ` +
        "it must give a finite number, or −∞ to forbid",
    );
  }
};
