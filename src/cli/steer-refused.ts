import { InputError } from "../space/index.ts";

/** Runs work; what it refuses becomes bad input of a place. */
export const refused = <T>(place: string, work: () => T): T => {
  try {
    return work();
  } catch (error) {
    throw asInput(place, error);
  }
};

/** A refusal of the library as bad input of a place; other errors as they are. */
export const asInput = (place: string, error: unknown): unknown => {
  const refusal = error instanceof RangeError || error instanceof SyntaxError || error instanceof TypeError;
  return refusal && !(error instanceof InputError)
    ? new InputError(`${place}: ${error.message}`, { cause: error })
    : error;
};
