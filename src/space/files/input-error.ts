/** Input that cannot be used: the message is one sentence that names the file or argument, the place and the repair. */
export class InputError extends Error {
  override readonly name = "InputError";
}

/** Runs work on data from a source; what its checks throw becomes an {@link InputError} that names the source. */
export const refuseFrom = <T>(source: string, work: () => T): T => {
  try {
    return work();
  } catch (error) {
    if (error instanceof InputError || !(error instanceof Error)) throw error;
    throw new InputError(`${source}: ${oneLine(error.message)}`, { cause: error });
  }
};

/** A value for a message: one line, and short whatever its size. */
export const show = (value: unknown): string => {
  if (typeof value === "string") return JSON.stringify(shorten(value));
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  if (value === undefined) return "nothing";
  return String(value);
};

const shorten = (text: string) => (text.length > 40 ? `${text.slice(0, 40)}…` : text);

/** Text without line breaks and control characters. */
export const oneLine = (text: string): string => text.replaceAll(/[\p{Cc}\s]+/gu, " ").trim();
