import { InvalidArgumentError, Option } from "commander";

/** Reads a whole number within bounds from an option's text. @throws InvalidArgumentError naming the bounds */
export const whole =
  (minimum: number, maximum = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= minimum && number <= maximum) return number;
    const bounds = maximum === Number.MAX_SAFE_INTEGER ? `≥ ${minimum}` : `from ${minimum} to ${maximum}`;
    throw new InvalidArgumentError(`It must be a whole number ${bounds}.`);
  };

/** Reads a number > 0 from an option's text. @throws InvalidArgumentError */
export const positive = (text: string): number => {
  const number = Number(text);
  if (text.trim() !== "" && number > 0 && number < Infinity) return number;
  throw new InvalidArgumentError("It must be a number > 0.");
};

/** Reads a number ≥ 0 from an option's text. @throws InvalidArgumentError */
export const atLeastZero = (text: string): number => {
  const number = Number(text);
  if (text.trim() !== "" && number >= 0 && number < Infinity) return number;
  throw new InvalidArgumentError("It must be a number ≥ 0.");
};

/** Reads a finite number from an option's text. @throws InvalidArgumentError */
export const finite = (text: string): number => {
  const number = Number(text);
  if (text.trim() !== "" && Number.isFinite(number)) return number;
  throw new InvalidArgumentError("It must be a finite number.");
};

/** Seed of every run that is not given one. */
const DEFAULT_SEED = 7;

/** `--seed`: every run repeats exactly, with or without it. */
export const seedOption = () =>
  new Option("--seed <s>", "seed of the random numbers").argParser(whole(0, 2 ** 32 - 1)).default(DEFAULT_SEED);

/** `--json` */
export const jsonOption = () => new Option("--json", "print JSON: −∞ and ∞ as null, counts beyond 2^53 as texts");
