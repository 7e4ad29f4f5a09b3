import { constants } from "node:os";

/** A run that a signal stopped; its exit code is 128 and the signal's number, as shells have it: 130 for Ctrl-C. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  readonly exitCode: number;
  constructor(signal: NodeJS.Signals, advice: string) {
    super(advice, { cause: signal });
    this.exitCode = 128 + constants.signals[signal];
  }
}

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/**
 * Runs work that a signal aborts; a second signal ends the process at once.
 *
 * @param advice what to tell the user, once the work has stopped for the signal
 * @throws Interrupted where a signal came and the work stopped for it
 */
export const interruptible = async <T>(advice: () => string, work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
  const controller = new AbortController();
  const stop = (signal: NodeJS.Signals) => {
    forget();
    controller.abort(signal);
  };
  const forget = () => {
    for (const signal of SIGNALS) process.off(signal, stop);
  };
  for (const signal of SIGNALS) process.once(signal, stop);
  try {
    return await work(controller.signal);
  } catch (error) {
    const { aborted, reason } = controller.signal;
    throw aborted && error === reason ? new Interrupted(reason, advice()) : error;
  } finally {
    forget();
  }
};
