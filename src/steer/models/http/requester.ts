import { InputError } from "../../../space/index.ts";
import { limiter } from "./limiter.ts";
import { quoted, ReportedError, reportedError, reportedFailure } from "./reported-error.ts";
import { type Retry, tellRetry } from "./retry.ts";
import { ServerError } from "./server-error.ts";
import { lastingRepair, reasonOf } from "./unreachable.ts";

/** Knobs of every request to a server. */
export interface RequestOptions {
  /** Sent as `Authorization: Bearer`; never part of an error. */
  readonly key?: string | undefined;
  /** Seconds until a request is given up, the body included. Default: 60. */
  readonly timeout?: number | undefined;
  /** How often a request is repeated that failed for reasons that pass. Default: 4. */
  readonly retries?: number | undefined;
  /** Requests under way at a time. Default: 8. */
  readonly concurrency?: number | undefined;
  /** Seconds before the first repetition; each later one waits twice as long, up to a minute. Default: 0.5. */
  readonly backOff?: number | undefined;
  /**
   * Hears of each repetition before the pause: a server that hangs is waited for several times `timeout`. The key is never part
   * of it. It is not waited for, and what it throws is dropped.
   */
  readonly onRetry?: ((retry: Retry) => void) | undefined;
}

/** Sends JSON and reads JSON. */
export interface Requester {
  /** Without a body, GET. @throws ServerError; what the signal says once it is aborted */
  send(path: string, body?: unknown, signal?: AbortSignal): Promise<unknown>;
}

/** What those who ask a server know of it together. */
export interface Contact {
  /** Whether any request was answered, whatever the answer. */
  hasAnswered: boolean;
}

/** The longest pause, and the longest that a server's `Retry-After` is obeyed, in seconds. */
const LONGEST_WAIT = 60;

/** The longest that a timer of Node can be, in seconds. */
const LONGEST_TIMEOUT = 2 ** 31 / 1000 - 1;

/** The longest body that is read, in bytes: rows of all tokens of the largest vocabularies take some 50 MB. */
const LONGEST_BODY = 2 ** 28;

/** Statuses that pass: too slow, too many requests, and errors of the server's own but "not implemented". */
const passes = (status: number): boolean => status === 408 || status === 429 || (status >= 500 && status !== 501);

/**
 * Requests with time-outs, bounded concurrency, and bounded repetition with growing pauses, or those that a `Retry-After` asks
 * for.
 *
 * @param base the address that paths are added to
 * @param contact shared by all requesters of a server: a connection that is refused before any answer is not asked for again
 * @throws RangeError for a knob out of range; InputError for a key that no request can carry
 */
export const requester = (
  base: string,
  options: RequestOptions = {},
  contact: Contact = { hasAnswered: false },
): Requester => {
  const { key, timeout = 60, retries = 4, concurrency = 8, backOff = 0.5, onRetry } = options;
  checkAtLeast("timeout", timeout, Number.MIN_VALUE);
  checkAtLeast("retries", retries, 0);
  checkAtLeast("concurrency", concurrency, 1);
  checkAtLeast("backOff", backOff, 0);
  if (key) checkKey(key);
  const limited = limiter(Math.floor(concurrency));
  const headers = { "content-type": "application/json", ...(key ? { authorization: `Bearer ${key}` } : {}) };
  const withoutKey = (text: string) => (key ? text.replaceAll(key, "…") : text);
  // before a text is shortened, or a part of the key would be left
  const told = (text: string) => quoted(withoutKey(text));

  /** One attempt. */
  const attempt = async (url: string, body: unknown, signal: AbortSignal | undefined): Promise<unknown> => {
    const slow = AbortSignal.timeout(1000 * Math.min(timeout, LONGEST_TIMEOUT));
    let response: Response;
    let text: string;
    try {
      response = await fetch(url, {
        method: body === undefined ? "GET" : "POST",
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        // elsewhere, POST may become GET, and a prompt is for the host that was named
        redirect: "manual",
        signal: signal ? AbortSignal.any([signal, slow]) : slow,
      });
      contact.hasAnswered = true;
      text = await bodyOf(response, url);
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof ServerError) throw error;
      if (slow.aborted) throw new Passing(`did not answer in ${timeout} s`, { cause: error });
      const why = `cannot be reached (${told(reasonOf(error))})`;
      const repair = lastingRepair(error, contact.hasAnswered);
      if (repair !== undefined) throw new ServerError(`${url}: ${why}, ${repair}`, { cause: error });
      throw new Passing(why, { cause: error });
    }
    const { status } = response;
    if (status >= 300 && status < 400) {
      const place = told(response.headers.get("location") ?? "nowhere");
      throw new ServerError(`${url}: answered ${status}, moved to ${place}: give the address where it is now`, {
        status,
      });
    }
    if (!response.ok) {
      const reason = reportedFailure(parsed(text)?.value);
      const why = `answered ${status}${reason === undefined ? "" : ` (${told(reason)})`}`;
      if (!passes(status)) throw new ServerError(`${url}: ${why}${repairOf(status)}`, { status });
      throw new Passing(why, { status, retryAfter: response.headers.get("retry-after") });
    }
    const json = parsed(text);
    if (!json) throw new Passing(`answered what is no JSON (${text.length} characters)`, { status });
    const reported = reportedError(json.value);
    if (reported === undefined) return json.value;
    throw new ReportedError(`${url}: answered with an error (${told(reported)}): put that right, then try again`, {
      status,
    });
  };

  return {
    send: async (path, body, signal) => {
      const url = `${base}${path}`;
      for (let failures = 0; ; failures++) {
        try {
          return await limited(() => attempt(url, body, signal), signal);
        } catch (error) {
          if (!(error instanceof Passing)) throw error;
          const wait = waitFor(error.retryAfter) ?? Math.min(backOff * 2 ** failures, LONGEST_WAIT);
          if (failures >= retries || wait > LONGEST_WAIT) {
            throw givenUp(url, error, failures + 1, failures < retries ? wait : 0);
          }
          tellRetry(onRetry, {
            url: withoutKey(url),
            attempt: failures + 1,
            attempts: Math.ceil(retries),
            waitSeconds: wait,
            reason: error.message,
          });
          await pause(wait, signal);
        }
      }
    },
  };
};

/** The value of a JSON text, if it is one. What `JSON.parse` says is dropped: it quotes the text, in which the key may stand. */
const parsed = (text: string): { readonly value: unknown } | undefined => {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return;
  }
};

/** A failure that may pass; its message is what follows the address. */
class Passing extends Error {
  readonly status: number | undefined;
  readonly retryAfter: string | null;
  constructor(
    message: string,
    { status, retryAfter = null, cause }: { status?: number; retryAfter?: string | null; cause?: unknown },
  ) {
    super(message, { cause });
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** What is thrown once a request is not repeated any more. */
const givenUp = (url: string, error: Passing, attempts: number, wait: number): ServerError => {
  const times = attempts === 1 ? "" : `, ${attempts} times`;
  const then = wait > 0 ? `it asks to wait ${Math.ceil(wait)} s, try again then` : "try again later";
  return new ServerError(`${url}: ${error.message}${times}: ${then}`, { status: error.status, cause: error.cause });
};

const checkAtLeast = (name: string, value: number, least: number): void => {
  if (Number.isFinite(value) && value >= least) return;
  throw new RangeError(`"${name}" must be a number ${least === Number.MIN_VALUE ? "> 0" : `≥ ${least}`}, got ${value}`);
};

/** What `fetch` says of a key with other characters quotes it, so it is refused before. */
const checkKey = (key: string): void => {
  if (/^[\x21-\x7e]+$/.test(key)) return;
  throw new InputError(
    "the key holds a space, a line break or a character that is not ASCII: set ARBEL_API_KEY to the key alone",
  );
};

/** A body's text, as long as it is no longer than any answer. By a reader, for not all browsers iterate over streams. */
const bodyOf = async (response: Response, url: string): Promise<string> => {
  const reader = response.body?.getReader();
  if (!reader) return "";
  const decoder = new TextDecoder();
  let text = "";
  let length = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    length += part.value.length;
    if (length > LONGEST_BODY) {
      await reader.cancel();
      throw new ServerError(`${url}: answered more than ${LONGEST_BODY} bytes: check the address`);
    }
    text += decoder.decode(part.value, { stream: true });
  }
  return text + decoder.decode();
};

/** The seconds that a `Retry-After` asks for: a number, or a date. */
const waitFor = (header: string | null): number | undefined => {
  if (header === null) return;
  const seconds = Number(header);
  if (header.trim() !== "" && seconds >= 0) return seconds;
  const until = Date.parse(header);
  return Number.isNaN(until) ? undefined : Math.max(0, (until - Date.now()) / 1000);
};

const pause = (seconds: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, 1000 * seconds);
    signal?.addEventListener("abort", stop, { once: true });
    if (signal?.aborted) stop();
  });

/** What to do about a status that does not pass. */
const repairOf = (status: number): string => {
  if (status === 401 || status === 403) return ": set ARBEL_API_KEY to a key that the server accepts";
  if (status === 404) return ": check the address";
  return "";
};
