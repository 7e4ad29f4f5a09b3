import { type Automaton, byteRegex } from "../../space/index.ts";

/**
 * Which responses are allowed: texts that an automaton accepts, in a number of tokens.
 *
 * A constraint knows no vocabulary: {@link constrain} lays it over a model's tokens. Made by {@link matches}, {@link containing},
 * {@link characterLength}, {@link tokenLength} and {@link oneOf}; joined by {@link allOf}, turned round by {@link except}.
 */
export interface Constraint {
  /** What messages call it. */
  readonly name: string;
  /** Accepts the UTF-8 bytes of the texts that are allowed; its tokens are `BYTES`. */
  readonly bytes: Automaton;
  /** Fewest tokens of a response, the end not counted. */
  readonly minimumTokens: number;
  /** Most tokens of a response, the end not counted; `Infinity` where there is no bound. */
  readonly maximumTokens: number;
}

/** A constraint on the text alone. */
export const textConstraint = (name: string, bytes: Automaton): Constraint => ({
  name,
  bytes,
  minimumTokens: 0,
  maximumTokens: Infinity,
});

/** Accepts every text: what is UTF-8. */
export const anyText = (): Automaton => byteRegex("[^]*");

/** A value in quotes for a name, cut where it is long. */
export const quoted = (text: string): string => JSON.stringify(text.length > 40 ? `${text.slice(0, 39)}…` : text);

/** @throws RangeError where a text holds half of a character, which UTF-8 cannot spell and would become U+FFFD */
export const checkWhole = (text: string, what: string): string => {
  if (!/\p{Surrogate}/u.test(text)) return text;
  throw new RangeError(`"${what}" holds half of a character, in ${quoted(text)}: write whole ones`);
};
