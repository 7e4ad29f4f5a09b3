import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import type { ResponseFunction } from "../learn/index.ts";
import { readBytes } from "../space/files/index.ts";
import { InputError, type Space, textOf } from "../space/index.ts";

/** A user's function on whole responses, in a thread of its own. */
export interface RewardModule {
  readonly reward: ResponseFunction;
  /** Ends the thread, also where the function hangs. */
  dispose(): Promise<void>;
}

/**
 * What the thread runs: a script, as a file beside this one would be another from sources and from the package.
 *
 * It answers each message, in order; what the module throws becomes text, as any error may be more than a message can hold.
 */
const SCRIPT = `const { parentPort, workerData } = require("node:worker_threads");
const textOf = (error) => String(error instanceof Error ? error.message : error);
const loaded = import(workerData).then((module) => {
  const reward = module.default ?? module.reward;
  if (typeof reward !== "function") throw new Error("exports no function: write export default (texts, responses) => texts.map(…)");
  return reward;
});
loaded.then(() => parentPort.postMessage({}), (error) => parentPort.postMessage({ error: textOf(error) }));
parentPort.on("message", async ({ texts, responses }) => {
  try {
    parentPort.postMessage({ values: await (await loaded)(texts, responses) });
  } catch (error) {
    parentPort.postMessage({ error: textOf(error) });
  }
});`;

/** A message from the thread. */
interface Answer {
  readonly error?: string;
  readonly values?: unknown;
}

/**
 * Loads a module that exports, by default or as `reward`, a function `(texts, responses) => numbers`: one number for each response
 * of a batch, or a promise of them; `texts` are the responses' texts, `responses` their tokens' indices.
 *
 * It runs in a thread, so that one which never yields can be stopped, and what it prints goes to stderr.
 *
 * @param timeout seconds that loading may take
 * @throws InputError where it cannot be loaded
 */
export const openRewardModule = async (path: string, space: Space, timeout: number): Promise<RewardModule> => {
  readBytes(path);
  const url = pathToFileURL(resolve(path)).href;
  const worker = new Worker(SCRIPT, { eval: true, workerData: url, execArgv: [], name: "arbel-reward", stdout: true });
  worker.stdout.pipe(process.stderr, { end: false });
  worker.unref();
  const answers = answersOf(worker);
  try {
    checked(await inTime(answers.next(), timeout));
  } catch (error) {
    await worker.terminate();
    throw new InputError(`--reward ${path}: ${(error as Error).message}`, { cause: error });
  }
  const values = async (responses: readonly (readonly number[])[]): Promise<ArrayLike<number>> => {
    worker.postMessage({ texts: responses.map((response) => textOf(space, response)), responses });
    return checked(await answers.next()).values as ArrayLike<number>;
  };
  return {
    reward: { name: path, values },
    dispose: async () => {
      await worker.terminate();
    },
  };
};

const checked = (answer: Answer): Answer => {
  if (answer.error !== undefined) throw new Error(answer.error);
  return answer;
};

/** The answers of a thread, one after the other; a thread that ends has none. */
const answersOf = (worker: Worker): { readonly next: () => Promise<Answer> } => {
  const waiting: ((answer: Answer) => void)[] = [];
  let ended: string | undefined;
  const end = (why: string) => {
    ended ??= why;
    for (const give of waiting.splice(0)) give({ error: ended });
  };
  worker.on("message", (answer: Answer) => waiting.shift()?.(answer));
  worker.on("messageerror", () => waiting.shift()?.({ error: "gave what cannot be passed on between threads" }));
  worker.on("error", (error) => end(error instanceof Error ? error.message : String(error)));
  worker.on("exit", () => end("ended its thread"));
  return {
    next: () => (ended === undefined ? new Promise((give) => waiting.push(give)) : Promise.resolve({ error: ended })),
  };
};

const inTime = async <T>(work: Promise<T>, seconds: number): Promise<T> => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    // timers take at most 2³¹ − 1 milliseconds
    const limit = Math.min(1000 * seconds, 2 ** 31 - 1);
    timer = setTimeout(() => reject(new Error(`was not loaded within ${seconds} s`)), limit);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
};
