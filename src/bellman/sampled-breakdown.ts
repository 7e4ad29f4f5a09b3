/** The student's error at one depth, from samples; numbers that they do not tell are undefined. */
export interface SampledPosition {
  readonly depth: number;
  /** Share of the samples that get there. */
  readonly probability: number;
  /** Mean of `e(s,a)`, in nats, without forbidden actions; its negative is the depth's part of `KL(student‖target)` where nothing is. */
  readonly mean?: number;
  /** Standard deviation of `e(s,a)`, in nats, likewise. */
  readonly standardDeviation?: number;
  /** `E[ξ²]` over all responses, in nats²: present where nearly all samples pass states that many others pass. */
  readonly variance?: number;
  /** Share of the samples that take an action there that the target forbids. */
  readonly forbidden?: number;
  /** Standard errors of the numbers of the same names. */
  readonly standardErrors: { readonly probability: number; readonly mean?: number; readonly variance?: number };
}

/** A prefix after which the student errs, from samples. */
export interface SampledContext {
  readonly depth: number;
  readonly prefix: readonly string[];
  /** Share of the samples that begin with the prefix. */
  readonly probability: number;
  /** `probability · E[ξ²]`, in nats²: the prefix's part of the variance of `Δ`. */
  readonly variance: number;
  /** Standard errors of the numbers of the same names. */
  readonly standardErrors: { readonly probability: number; readonly variance: number };
}

/** Where a student errs, as far as its samples tell. */
export interface SampledBreakdown {
  readonly positions: readonly SampledPosition[];
  /** The worst prefixes, worst first, of those whose variance is more than two standard errors. */
  readonly states: readonly SampledContext[];
}

/** Samples of a student, `count` of them. */
export interface CertifiedSamples {
  readonly tokens: readonly string[];
  readonly horizon: number;
  readonly count: number;
  /** Actions of each, EOS included, `[count × horizon]`. */
  readonly actions: Int32Array;
  /** Number of actions of each, `[count]`. */
  readonly lengths: Int32Array;
  /** `Δ(y)`, in nats, `[count]`; −∞ where the target forbids the response. */
  readonly residuals: Float64Array;
  /** `e(s_t, y_t) = log π_target − log π_student`, in nats, `[count × horizon]`, where the target's policy is known. */
  readonly steps?: Float64Array;
}

/** Fewest samples that pass a prefix for its variance to be estimated. */
const PASSES = 30;

/** Parts of the variance below this, in nats², are rounding. */
const NOTHING = 1e-24;

/** Share of a depth's samples that must pass such prefixes for the depth's variance to be told. */
const COVERED = 0.95;

/**
 * Where a student errs, estimated from its samples alone: what {@link residualBreakdown} computes from tables.
 *
 * The part of a prefix `s`, `p(s)·E[ξ²|s]`, is the variance of `E[Δ|s,a]` over the student's actions `a` there: the samples' variance between
 * actions, less what the scatter within them adds (analysis of variance). Errors are by the delta method.
 *
 * @param options.states how many prefixes to list, default 5
 * @example
 * ```ts
 * import { sampledBreakdown } from "arbel";
 * // 60 samples of two actions; the target likes responses that begin with "a" by 1 nat more than the student does
 * const count = 60;
 * const actions = Int32Array.from({ length: 2 * count }, (_, i) => (i % 2 === 0 ? (i / 2) % 2 : (i % 3 === 0 ? 1 : 0)));
 * const residuals = Float64Array.from({ length: count }, (_, i) => (actions[2 * i] === 0 ? 1 : 0));
 * const lengths = new Int32Array(count).fill(2);
 * const { states } = sampledBreakdown({ tokens: ["a", "b"], horizon: 2, count, actions, lengths, residuals });
 * console.log(states.map(({ prefix, variance }) => [prefix.length, variance])); // [ [ 0, 0.25 ] ]
 * ```
 */
export const sampledBreakdown = (
  samples: CertifiedSamples,
  options: { readonly states?: number } = {},
): SampledBreakdown => {
  const { states = 5 } = options;
  const contexts = contextsOf(samples);
  const told = contexts.filter(({ variance, error }) => variance > 2 * error + NOTHING);
  told.sort((a, b) => b.variance - a.variance);
  const { count } = samples;
  return {
    positions: Array.from({ length: samples.horizon }, (_, depth) =>
      positionOf(
        samples,
        depth,
        contexts.filter((context) => context.depth === depth),
      ),
    ),
    states: told.slice(0, states).map(({ depth, first, passes, variance, error }) => ({
      depth,
      prefix: Array.from(
        { length: depth },
        (_, t) => samples.tokens[samples.actions[first * samples.horizon + t] as number] as string,
      ),
      probability: passes / count,
      variance,
      standardErrors: { probability: shareError(passes / count, count), variance: error },
    })),
  };
};

const shareError = (share: number, count: number): number => Math.sqrt((share * (1 - share)) / count);

/** A prefix that many samples pass. */
interface Context {
  readonly depth: number;
  /** A sample that passes. */
  readonly first: number;
  readonly passes: number;
  readonly variance: number;
  readonly error: number;
}

/** Prefixes that many samples of finite residual pass, shorter ones first; samples are grouped depth by depth. */
const contextsOf = ({ horizon, count, actions, lengths, residuals }: CertifiedSamples): Context[] => {
  const contexts: Context[] = [];
  const all = Array.from({ length: count }, (_, i) => i);
  let groups = [all.filter((i) => residuals[i] !== -Infinity)];
  for (let depth = 0; depth < horizon && groups.length > 0; depth++) {
    const next: number[][] = [];
    for (const group of groups) {
      const byAction = new Map<number, number[]>();
      for (const i of group) {
        const action = actions[i * horizon + depth] as number;
        const those = byAction.get(action);
        if (those) those.push(i);
        else byAction.set(action, [i]);
      }
      contexts.push(contextOf(depth, group, [...byAction.values()], residuals, count));
      for (const those of byAction.values()) {
        const going = those.filter((i) => (lengths[i] as number) > depth + 1);
        if (going.length >= PASSES) next.push(going);
      }
    }
    groups = next;
  }
  return contexts;
};

const contextOf = (
  depth: number,
  group: readonly number[],
  actions: readonly (readonly number[])[],
  residuals: Float64Array,
  count: number,
): Context => {
  const meanOf = (those: readonly number[]) =>
    those.reduce((sum, i) => sum + (residuals[i] as number), 0) / those.length;
  const passes = group.length;
  const mean = meanOf(group);
  let [between, within, influence] = [0, 0, 0];
  for (const those of actions) {
    const deviation = meanOf(those) - mean;
    between += those.length * deviation ** 2;
    for (const i of those) {
      const rest = (residuals[i] as number) - mean - deviation;
      within += rest ** 2;
      influence += (deviation ** 2 + 2 * deviation * rest) ** 2;
    }
  }
  const freedom = actions.length - 1;
  const noise = passes > actions.length ? within / (passes - actions.length) : 0;
  const variance = Math.max(0, between - freedom * noise) / count;
  // the first term is of first order; where actions do not differ, what is left is the scatter of the noise's own part
  const spread = Math.max(0, influence / count - variance ** 2) / count;
  return {
    depth,
    first: group[0] ?? 0,
    passes,
    variance,
    error: Math.hypot(Math.sqrt(spread), (Math.sqrt(2 * freedom) * noise) / count),
  };
};

const positionOf = (
  { horizon, count, lengths, residuals, steps }: CertifiedSamples,
  depth: number,
  contexts: readonly Context[],
): SampledPosition => {
  let [reached, finite, forbidden, mean, squares] = [0, 0, 0, 0, 0];
  let allowed = 0;
  for (let i = 0; i < count; i++) {
    if ((lengths[i] as number) <= depth) continue;
    reached++;
    if (residuals[i] !== -Infinity) finite++;
    if (!steps) continue;
    const first = i * horizon;
    // once the target forbids an action, it has no policy for what follows
    if (residuals[i] === -Infinity && steps.subarray(first, first + depth).includes(-Infinity)) continue;
    const e = steps[first + depth] as number;
    if (e === -Infinity) {
      forbidden++;
      continue;
    }
    allowed++;
    const before = e - mean;
    mean += before / allowed;
    squares += before * (e - mean);
  }
  const deviation = Math.sqrt(squares / Math.max(1, allowed - 1));
  const covered = contexts.reduce((sum, { passes }) => sum + passes, 0);
  const isKnown = finite > 0 && covered >= COVERED * finite;
  const variance = contexts.reduce((sum, context) => sum + context.variance, 0);
  const error = Math.hypot(...contexts.map((context) => context.error));
  return {
    depth,
    probability: reached / count,
    ...(steps && allowed > 0 ? { mean } : {}),
    ...(steps && allowed > 1 ? { standardDeviation: deviation } : {}),
    ...(isKnown ? { variance } : {}),
    ...(steps ? { forbidden: forbidden / count } : {}),
    standardErrors: {
      probability: shareError(reached / count, count),
      ...(steps && allowed > 1 ? { mean: deviation / Math.sqrt(allowed) } : {}),
      ...(isKnown ? { variance: error } : {}),
    },
  };
};
