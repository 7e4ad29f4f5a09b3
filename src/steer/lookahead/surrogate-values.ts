import type { TokenAutomaton } from "../potentials/token-automaton.ts";
import type { BackOff } from "./back-off.ts";

/** Most bytes of values that are kept. */
const VALUE_BYTES = 2 ** 28;

/** Most tokens that values look ahead where a response has no bound. */
const STEPS_LIMIT = 512;

/** Where values change by less than this factor from one token more, they have settled. */
const SETTLED = 1e-9;

/** Values below this share of what the shorter context alone would give are rounding. */
const LEAST_SHARE = 1e-12;

/** `log P(the surrogate finishes within the constraint)`, by place. */
export interface SurrogateValues {
  /** In nats, of a node, a context and the number of tokens that may still follow; −∞ only of nodes that cannot finish. */
  value(node: number, context: number, left: number): number;
}

/** Values for one number of tokens left: `log h(node, context) = scales[node] + log shares[node · contexts + context]`. */
interface Layer {
  /** `[nodes × contexts]`, 1 at each node's largest. */
  readonly shares: Float64Array;
  /** In nats, `[nodes]`; −∞ where nothing can finish. */
  readonly scales: Float64Array;
}

/**
 * The probabilities that a surrogate finishes within a constraint, by backward dynamic programming (theory §7):
 * `h_t(q, c) = [q accepts]·P(end|c) + Σ_a P(a|c)·h_{t−1}(q·a, c·a)` over nodes `q` of the automaton and contexts `c`.
 *
 * One layer costs, for each node, one look at each known (context, token) whose token the node allows. Each node's numbers
 * are scaled, so that long texts of tiny probability do not underflow.
 *
 * With a bound on the tokens, layers are kept for each number of tokens left as far as 256 MiB go, and the one with
 * the most left stands for those between; without, the layer where values have settled stands for all.
 *
 * @throws RangeError where not even one layer fits
 */
export const surrogateValues = (
  automaton: TokenAutomaton,
  surrogate: BackOff,
  maximumTokens: number,
): SurrogateValues => {
  const bytes = 8 * automaton.nodes * surrogate.contexts;
  if (3 * bytes > VALUE_BYTES) {
    throw new RangeError(
      `values of ${automaton.nodes} places of the constraint and ${surrogate.contexts} contexts need ${Math.round(bytes / 2 ** 20)} MiB a token, ` +
        `the limit is ${Math.floor(VALUE_BYTES / 3 / 2 ** 20)}: simplify the constraint, or fit the surrogate with a lower "order" or higher "minimumVisits"`,
    );
  }
  const bounded = maximumTokens < Infinity;
  const layersKept = bounded ? Math.floor(VALUE_BYTES / bytes) - 2 : 0;
  const layers: Layer[] = [];
  let last = firstLayer(automaton, surrogate);
  const steps = Math.min(maximumTokens, STEPS_LIMIT);
  for (let left = 1; left <= steps; left++) {
    if (layers.length < layersKept) layers.push(last);
    const layer = nextLayer(automaton, surrogate, last);
    const settled = !bounded && left > (automaton.least[0] as number) && change(last, layer) < SETTLED;
    last = layer;
    if (settled) break;
  }
  return {
    value: (node, context, left) => {
      const { shares, scales } = layers[left] ?? last;
      const scale = scales[node] as number;
      const share = shares[node * surrogate.contexts + context] as number;
      // a node that can finish keeps a finite value, however small: −∞ would lose responses
      return share > 0 ? scale + Math.log(share) : scale + LOWEST;
    },
  };
};

/** Logarithm of the smallest share. */
const LOWEST = -700;

/** No token may follow: only an end. */
const firstLayer = ({ nodes, accepting }: TokenAutomaton, { contexts, ends }: BackOff): Layer => {
  const layer = { shares: new Float64Array(nodes * contexts), scales: new Float64Array(nodes).fill(-Infinity) };
  for (let node = 0; node < nodes; node++) {
    if (accepting[node]) settle(layer, node, ends, 0);
  }
  return layer;
};

/** Scales a node's numbers so that the largest is 1. */
const settle = ({ shares, scales }: Layer, node: number, numbers: Float64Array, scale: number): void => {
  let most = 0;
  for (const number of numbers) most = Math.max(most, number);
  if (most === 0) return;
  scales[node] = scale + Math.log(most);
  const base = node * numbers.length;
  for (let context = 0; context < numbers.length; context++)
    shares[base + context] = (numbers[context] as number) / most;
};

/** Values with one token more. */
const nextLayer = (automaton: TokenAutomaton, surrogate: BackOff, before: Layer): Layer => {
  const { nodes, accepting } = automaton;
  const { contexts, ends } = surrogate;
  const layer = { shares: new Float64Array(nodes * contexts), scales: new Float64Array(nodes).fill(-Infinity) };
  const sums = new Float64Array(contexts);
  for (let node = 0; node < nodes; node++) {
    const { tokens, targets } = automaton.arcs(node);
    let scale = accepting[node] ? 0 : -Infinity;
    for (const target of targets) scale = Math.max(scale, before.scales[target] as number);
    if (scale === -Infinity) continue;
    sums.fill(0);
    for (let arc = 0; arc < tokens.length; arc++) {
      const target = targets[arc] as number;
      const factor = Math.exp((before.scales[target] as number) - scale);
      if (factor > 0) addToken(surrogate, tokens[arc] as number, factor, before.shares, target * contexts, sums);
    }
    backUp(surrogate, sums);
    if (accepting[node]) {
      const factor = Math.exp(-scale);
      for (let context = 0; context < contexts; context++)
        sums[context] = (sums[context] as number) + factor * (ends[context] as number);
    }
    settle(layer, node, sums, scale);
  }
  return layer;
};

/**
 * Adds what a token contributes at the empty context, and the corrections at the contexts that know it: what they say
 * themselves, and that the token leads to a longer context than from the shorter one.
 */
const addToken = (
  { rootProbabilities, rootNext, columns }: BackOff,
  token: number,
  factor: number,
  shares: Float64Array,
  base: number,
  sums: Float64Array,
): void => {
  const afterEmpty = shares[base + (rootNext[token] as number)] as number;
  sums[0] = (sums[0] as number) + factor * (rootProbabilities[token] as number) * afterEmpty;
  const { offsets, contexts, own, lower, next, lowerNext } = columns;
  const end = offsets[token + 1] as number;
  for (let place = offsets[token] as number; place < end; place++) {
    const context = contexts[place] as number;
    const after = shares[base + (next[place] as number)] as number;
    const afterShorter = shares[base + (lowerNext[place] as number)] as number;
    const correction = (own[place] as number) * after + (lower[place] as number) * (after - afterShorter);
    sums[context] = (sums[context] as number) + factor * correction;
  }
};

/** Adds to each context its share of the shorter one, which stands before it. */
const backUp = ({ shorter, back }: BackOff, sums: Float64Array): void => {
  for (let context = 1; context < sums.length; context++) {
    const inherited = (back[context] as number) * (sums[shorter[context] as number] as number);
    // corrections may cancel: rounding must not make a probability 0 or negative
    sums[context] = Math.max((sums[context] as number) + inherited, LEAST_SHARE * inherited);
  }
};

/** Largest difference of two layers relative to each node's largest value. */
const change = (before: Layer, after: Layer): number => {
  const contexts = after.shares.length / after.scales.length;
  let most = 0;
  for (let node = 0; node < after.scales.length; node++) {
    const scale = after.scales[node] as number;
    if (scale === -Infinity) continue;
    const factor = Math.exp((before.scales[node] as number) - scale);
    for (let context = 0; context < contexts; context++) {
      const place = node * contexts + context;
      most = Math.max(most, Math.abs((after.shares[place] as number) - factor * (before.shares[place] as number)));
    }
  }
  return most;
};
