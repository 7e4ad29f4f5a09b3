import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { readBytes } from "../space/files/index.ts";

/** A module of the user's, in a thread of its own. */
export interface ModuleThread {
  /** What kind each export is that was asked about, as `typeof` says. */
  readonly kinds: Readonly<Record<string, string>>;
  /** What an exported function gives for some arguments, or promises. @throws Error with what it throws */
  call(name: string, ...given: readonly unknown[]): Promise<unknown>;
  /** Ends the thread, also where the module hangs. */
  dispose(): Promise<void>;
}

/**
 * What the thread runs: a script, as a file beside this one would be another from sources and from the package.
 *
 * What the module throws becomes text, as any error may be more than a message can hold. Calls and answers have a port of their own: libraries may
 * say and hear things at `parentPort`, as they do in threads of theirs.
 */
const SCRIPT = `const { workerData: { url, names, port } } = require("node:worker_threads");
const textOf = (error) => String(error instanceof Error ? error.message : error);
const loaded = import(url).then((module) => {
  // what a CommonJS module exports is all in its default
  const whole = module.default;
  return { ...(typeof whole === "object" ? whole : {}), ...module };
});
loaded.then(
  (module) => port.postMessage({ value: Object.fromEntries(names.map((name) => [name, typeof module[name]])) }),
  (error) => port.postMessage({ error: textOf(error) }),
);
port.on("message", async ({ id, name, given }) => {
  try {
    port.postMessage({ id, value: await (await loaded)[name](...given) });
  } catch (error) {
    port.postMessage({ id, error: textOf(error) });
  }
});`;

/** A message from the thread: that it has loaded, or the answer to a call. */
interface Answer {
  readonly id?: number;
  readonly error?: string;
  readonly value?: unknown;
}

/**
 * Loads a module in a thread, so that one which never yields can be stopped, and what it prints goes to stderr.
 *
 * @param names exports to tell the kinds of
 * @param timeout seconds that loading may take
 * @throws InputError where there is no such file; Error where it cannot be loaded
 */
export const openModuleThread = async (
  path: string,
  names: readonly string[],
  timeout: number,
): Promise<ModuleThread> => {
  readBytes(path);
  const url = pathToFileURL(resolve(path)).href;
  const { port1: port, port2: theirs } = new MessageChannel();
  const worker = new Worker(SCRIPT, {
    eval: true,
    workerData: { url, names, port: theirs },
    transferList: [theirs],
    execArgv: [],
    name: "arbel-module",
    stdout: true,
  });
  worker.stdout.pipe(process.stderr, { end: false });
  worker.unref();
  const answers = answersOf(worker, port);
  const dispose = async () => {
    await worker.terminate();
  };
  let kinds: Readonly<Record<string, string>>;
  try {
    kinds = (await inTime(answers.to(LOADED), timeout)) as Readonly<Record<string, string>>;
  } catch (error) {
    await dispose();
    throw error;
  }
  let calls = LOADED;
  return {
    kinds,
    call: (name, ...given) => {
      const id = ++calls;
      const answer = answers.to(id);
      port.postMessage({ id, name, given });
      return answer;
    },
    dispose,
  };
};

/** Stands for the number of a call where the thread says that it has loaded. */
const LOADED = 0;

/** The answers of a thread by their calls, in whatever order they come; a thread that ends has none. */
const answersOf = (worker: Worker, port: MessagePort): { readonly to: (id: number) => Promise<unknown> } => {
  const waiting = new Map<number, (answer: Answer) => void>();
  let ended: string | undefined;
  const give = (answer: Answer) => {
    const { id = LOADED } = answer;
    waiting.get(id)?.(answer);
    waiting.delete(id);
  };
  const end = (why: string) => {
    ended ??= why;
    for (const id of [...waiting.keys()]) give({ id, error: ended });
  };
  port.on("message", give);
  port.on("messageerror", () => end("gave what cannot be passed on between threads"));
  worker.on("error", (error) => end(error instanceof Error ? error.message : String(error)));
  worker.on("exit", () => end("ended its thread"));
  port.unref();
  return {
    to: async (id) => {
      if (ended !== undefined) throw new Error(ended);
      const { error, value } = await new Promise<Answer>((resolve) => waiting.set(id, resolve));
      if (error !== undefined) throw new Error(error);
      return value;
    },
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
