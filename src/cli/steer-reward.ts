import { InputError } from "../space/index.ts";
import type { CompletePotential, RewardFunction } from "../steer/index.ts";
import { type ModuleThread, openModuleThread } from "./module-thread.ts";

/** A reward module as a potential. */
export interface SteerReward {
  readonly potential: CompletePotential;
  /** Ends its thread, also where the module hangs. */
  dispose(): Promise<void>;
}

/**
 * A module's `reward`, or its default, as a potential whose failures name the file; its `partial` guesses, if there is one.
 *
 * @param timeout seconds that loading may take, and each batch
 * @throws InputError where the module cannot be used
 */
export const openSteerReward = async (
  steering: typeof import("../steer/index.ts"),
  path: string,
  { temperature, rewardTimeout: timeout }: { readonly temperature: number; readonly rewardTimeout: number },
): Promise<SteerReward> => {
  const thread = await loaded(path, timeout);
  const { reward: named, default: whole, partial: guess } = thread.kinds;
  try {
    if (named !== "function" && whole !== "function") {
      const got = named === "undefined" ? whole : named;
      throw new InputError(`${path}: must export a function "reward", or one as its default, got ${got}`);
    }
    if (guess !== "function" && guess !== "undefined") {
      throw new InputError(
        `${path}: "partial" must be a function, got ${guess}: leave it out where nothing can be guessed`,
      );
    }
  } catch (error) {
    await thread.dispose();
    throw error;
  }
  const calling =
    (name: string): RewardFunction =>
    (responses) =>
      thread.call(name, responses) as Promise<ArrayLike<number>>;
  const f = calling(named === "function" ? "reward" : "default");
  const { score, partial } = steering.reward(f, {
    name: path,
    temperature,
    timeout,
    ...(guess === "function" ? { partial: calling("partial") } : {}),
  });
  return {
    potential: {
      name: path,
      score: (...call) => score(...call).catch(blamed(path, call[1]?.signal)),
      ...(partial ? { partial: (...call) => partial(...call).catch(blamed(path, call[1]?.signal)) } : {}),
    },
    dispose: thread.dispose,
  };
};

const loaded = async (path: string, timeout: number): Promise<ModuleThread> => {
  try {
    return await openModuleThread(path, ["reward", "default", "partial"], timeout);
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${path}: cannot be loaded as a module: ${(error as Error).message}`, { cause: error });
  }
};

/** Whatever a reward module does wrong is bad input. */
const blamed =
  (path: string, signal: AbortSignal | undefined) =>
  (error: unknown): never => {
    if (signal?.aborted || !(error instanceof Error)) throw error;
    throw new InputError(`${path}: ${error.message}`, { cause: error });
  };
