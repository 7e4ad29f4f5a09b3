import type { ResponseFunction } from "../learn/index.ts";
import { InputError, type Space, textOf } from "../space/index.ts";
import { type ModuleThread, openModuleThread } from "./module-thread.ts";

/** A user's function on whole responses, in a thread of its own. */
export interface RewardModule {
  readonly reward: ResponseFunction;
  /** Ends the thread, also where the function hangs. */
  dispose(): Promise<void>;
}

/**
 * Loads a module that exports, by default or as `reward`, a function `(texts, responses) => numbers`: one number for each response
 * of a batch, or a promise of them; `texts` are the responses' texts, `responses` their tokens' indices.
 *
 * @param timeout seconds that loading may take
 * @throws InputError where it cannot be loaded
 */
export const openRewardModule = async (path: string, space: Space, timeout: number): Promise<RewardModule> => {
  const refusal = (why: string, cause?: unknown) => new InputError(`--reward ${path}: ${why}`, { cause });
  let thread: ModuleThread;
  try {
    thread = await openModuleThread(path, ["default", "reward"], timeout);
  } catch (error) {
    throw error instanceof InputError ? error : refusal((error as Error).message, error);
  }
  const name = ["default", "reward"].find((each) => thread.kinds[each] === "function");
  if (name === undefined) {
    await thread.dispose();
    throw refusal("exports no function: write export default (texts, responses) => texts.map(…)");
  }
  const values = (responses: readonly (readonly number[])[]) =>
    thread.call(
      name,
      responses.map((response) => textOf(space, response)),
      responses,
    ) as Promise<ArrayLike<number>>;
  return { reward: { name: path, values }, dispose: thread.dispose };
};
