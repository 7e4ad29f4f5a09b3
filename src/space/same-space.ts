import { END, type Layer, type Space } from "./space.ts";

/**
 * The first way in which two spaces differ, in words, or undefined where tables on one fit the other: the same tokens
 * in the same order, horizon, EOS, kind, start, states and arcs.
 *
 * @example
 * ```ts
 * import { differenceOf, tree } from "arbel";
 * const short = tree({ tokens: 2, horizon: 3, eos: true });
 * const long = tree({ tokens: 2, horizon: 4, eos: true });
 * console.log(differenceOf(short, long)); // "the horizons are 3 and 4"
 * ```
 */
export const differenceOf = (a: Space, b: Space): string | undefined => {
  if (a === b) return undefined;
  const difference = differenceOfHeads(a, b);
  if (difference !== undefined || a.kind === "tree") return difference;
  if (a.start !== b.start) return `the start states are ${a.start} and ${b.start}`;
  for (let depth = 0; depth < a.horizon; depth++) {
    const [left, right] = [a.layer(depth), b.layer(depth)];
    // shared layers are compared once, whatever the horizon
    if (depth > 0 && left === a.layer(depth - 1) && right === b.layer(depth - 1)) continue;
    const found = differenceOfLayers(left, right);
    if (found !== undefined) return `at depth ${depth}, ${found}`;
  }
  return undefined;
};

/**
 * Checks that two models can be compared.
 *
 * @throws RangeError where their spaces differ, naming the first difference
 */
export const checkSameSpace = (a: Space, b: Space): void => {
  const difference = differenceOf(a, b);
  if (difference !== undefined) {
    throw new RangeError(`the models live on different spaces: ${difference}; give two models on the same space`);
  }
};

/** The first way in which two spaces differ before their states and arcs, in words. */
export const differenceOfHeads = (a: Space, b: Space): string | undefined => {
  if (a.tokens.length !== b.tokens.length) {
    return `the vocabularies have ${a.tokens.length} and ${b.tokens.length} tokens`;
  }
  const index = a.tokens.findIndex((token, i) => token !== b.tokens[i]);
  if (index >= 0) {
    return `the tokens at index ${index} are ${JSON.stringify(a.tokens[index])} and ${JSON.stringify(b.tokens[index])}`;
  }
  if (a.horizon !== b.horizon) return `the horizons are ${a.horizon} and ${b.horizon}`;
  if (a.eos !== b.eos) return `responses end with EOS in the ${a.eos ? "first" : "second"} only`;
  if (a.kind !== b.kind) return `the kinds are ${a.kind} and ${b.kind}`;
  return undefined;
};

/** The first difference between two depths, in words. */
export const differenceOfLayers = (left: Layer, right: Layer): string | undefined => {
  if (left === right) return undefined;
  if (left.states !== right.states) return `there are ${left.states} and ${right.states} states`;
  if (left.arcs !== right.arcs) return `there are ${left.arcs} and ${right.arcs} arcs`;
  for (let state = 0; state < left.states; state++) {
    const [begin, end] = [left.firstArc(state), left.firstArc(state + 1)];
    const count = right.firstArc(state + 1) - right.firstArc(state);
    if (end - begin !== count) return `state ${state} has ${end - begin} and ${count} arcs`;
    for (let arc = begin; arc < end; arc++) {
      const [action, other] = [left.action(arc, state), right.action(arc, state)];
      if (action !== other) return `an arc of state ${state} has action ${action} and ${other}`;
      const [target, otherTarget] = [left.target(arc, state), right.target(arc, state)];
      if (target !== otherTarget) {
        return `state ${state} leads by action ${action} to ${nameOf(target)} and ${nameOf(otherTarget)}`;
      }
    }
  }
  return undefined;
};

const nameOf = (target: number) => (target === END ? "the end" : `state ${target}`);
