/** Target of an arc that ends the response. */
export const END = -1;

/**
 * One depth of a space: rows are states, and the arcs of a row stand side by side.
 *
 * A table keeps one number per arc, so `arcs` is the length of its array at this depth.
 */
export interface Layer {
  /** Number of states at this depth. */
  readonly states: number;
  /** Number of arcs stored at this depth. */
  readonly arcs: number;
  /** First arc of a state; the state's arcs are `firstArc(state) … firstArc(state + 1) − 1`. */
  firstArc(state: number): number;
  /** Action of one of the state's arcs: a token's index, or the number of tokens for EOS. */
  action(arc: number, state: number): number;
  /** State of the next depth that one of the state's arcs leads to, or {@link END}. */
  target(arc: number, state: number): number;
  /** The state's arc for an action, or −1 where the space has none. */
  arcOf(state: number, action: number): number;
}

/**
 * What can be said: a layered acyclic graph whose paths from the start to {@link END} are the responses.
 *
 * Every response follows exactly one path. With `eos`, a response is at most `horizon − 1` tokens followed by
 * EOS, the last action; without, it is exactly `horizon` tokens. Responses are arrays of token indices; EOS is implied.
 * Theory §1, §7.
 */
export interface Space {
  /** Trees merge nothing and store no arcs; automata merge states and keep arcs in typed arrays. */
  readonly kind: "tree" | "automaton";
  /** Text of each token, all distinct. */
  readonly tokens: readonly string[];
  /** Largest number of actions in a response, EOS included. */
  readonly horizon: number;
  /** Whether responses end with EOS. */
  readonly eos: boolean;
  /** Number of actions: the tokens, and EOS last if there is one. */
  readonly actions: number;
  /** State of depth 0 where every response begins. */
  readonly start: number;
  /** The arcs of one depth, `0 ≤ depth < horizon`; depths with the same arcs share one object. */
  layer(depth: number): Layer;
}

/** Text of a response: its tokens joined. */
export const textOf = (space: Space, response: ArrayLike<number>): string => {
  let text = "";
  for (let t = 0; t < response.length; t++) text += space.tokens[response[t] as number] ?? "";
  return text;
};

/** The action at one depth of a response: its token, or EOS after the last one. */
export const actionAt = (space: Space, response: ArrayLike<number>, depth: number): number =>
  depth < response.length ? (response[depth] as number) : space.tokens.length;

/** Number of actions of a response: its tokens, and EOS if the space has one. */
export const lengthOf = (space: Space, response: ArrayLike<number>): number => response.length + (space.eos ? 1 : 0);

/** Text of each token; a number `V` stands for the tokens `"0" … "V−1"`. */
export const tokenNames = (tokens: number | readonly string[]): readonly string[] => {
  if (typeof tokens === "number") {
    if (!Number.isSafeInteger(tokens) || tokens < 1) {
      throw new RangeError(`"tokens" must be a whole number ≥ 1 or a list of texts, got ${tokens}`);
    }
    return Array.from({ length: tokens }, (_, token) => String(token));
  }
  if (!Array.isArray(tokens) || tokens.length === 0) {
    throw new RangeError(`"tokens" must name at least one token`);
  }
  const seen = new Map<string, number>();
  tokens.forEach((token, index) => {
    if (typeof token !== "string") {
      throw new TypeError(`"tokens" must be texts, got ${JSON.stringify(token)} at index ${index}`);
    }
    const first = seen.get(token);
    if (first !== undefined) {
      throw new RangeError(
        `"tokens" must be distinct, but ${JSON.stringify(token)} stands at index ${first} and at index ${index}: remove one`,
      );
    }
    seen.set(token, index);
  });
  return [...tokens];
};

/** Checks a horizon. @throws RangeError where it is not a whole number ≥ 1. */
export const checkHorizon = (horizon: number): number => {
  if (typeof horizon !== "number" || !Number.isSafeInteger(horizon) || horizon < 1) {
    throw new RangeError(`"horizon" must be a whole number ≥ 1, got ${String(horizon)}`);
  }
  return horizon;
};
