/** What one response says, step by step; all logarithms in nats. */
export interface Along {
  /** Number of actions, EOS included. */
  readonly length: number;
  /** `l_t = log π_θ(a_t|s_t) − log ρ(a_t|s_t)`, `[length]`. */
  readonly logRatios: Float64Array;
  /** `L = Σ_t l_t`. */
  readonly logRatio: number;
  /** `ω_t = π_θ(a_t|s_t)/π_μ(a_t|s_t)` against who drew it, `[length]`. */
  readonly weights: Float64Array;
  /** `w = Π_t ω_t`. */
  readonly weight: number;
  /** `F_t = KL(π_θ(·|s_t)‖ρ(·|s_t))`, `[length]`. */
  readonly full: Float64Array;
}

/** What one response adds to an estimate of the divergence and of its gradient. */
export interface Part {
  readonly value: number;
  /** Factor of `∇ log π_θ(a_t|s_t)`. */
  score(t: number): number;
  /** Factor of `∇ F_t`, absent where there is none. */
  full?(t: number): number;
}

/** A way of estimating `KL(p_θ‖ρ)` from responses, and the gradient that comes of differentiating it with the responses held still. */
export interface KlEstimator {
  readonly id: string;
  readonly label: string;
  /** What a response adds; `"loss"` formulas are differentiated as they stand. */
  readonly formula: string;
  /** Who draws the responses: the student as it is, or an older one. */
  readonly data: "student" | "behaviour";
  /** What a batch's sum is divided by. */
  readonly per: "response" | "token";
  /** Whether the mean value of a batch's other responses is taken from each score. */
  readonly leaveOneOut?: boolean;
  part(along: Along): Part;
  /** What its gradient is the gradient of, on average. */
  readonly gradientOf: string;
  /** What an engineer should know, in one sentence. */
  readonly advice: string;
}

const sum = (length: number, f: (t: number) => number, from = 0): number => {
  let total = 0;
  for (let t = from; t < length; t++) total += f(t);
  return total;
};

/** `k3(l) = e^−l − 1 + l ≥ 0`. */
const k3 = (logRatio: number): number => Math.expm1(-logRatio) + logRatio;
/** Its derivative, `1 − e^−l`. */
const k3Slope = (logRatio: number): number => -Math.expm1(-logRatio);
const at = (numbers: Float64Array, t: number): number => numbers[t] as number;

const ON_POLICY = { data: "student", per: "response" } as const;
const OFF_POLICY = { data: "behaviour", per: "response" } as const;

/** The estimators compared; `L`, `l_t`, `F_t`, `w` and `ω_t` as in {@link Along}. */
export const KL_ESTIMATORS: readonly KlEstimator[] = [
  {
    ...ON_POLICY,
    id: "k1-loss",
    label: "k1, as a loss",
    formula: "L",
    part: ({ logRatio }) => ({ value: logRatio, score: () => 1 }),
    gradientOf: "nothing: 0 on average",
    advice: "Good for monitoring, never as a loss: its gradient is pure noise around zero and regularises nothing.",
  },
  {
    ...ON_POLICY,
    id: "k1-reward",
    label: "k1, in the reward",
    formula: "L, score function with leave-one-out baseline",
    leaveOneOut: true,
    part: ({ logRatio }) => ({ value: logRatio, score: () => logRatio }),
    gradientOf: "KL(θ‖ρ)",
    advice: "The safe default: subtract L from the reward with a baseline, which is unbiased in value and in gradient.",
  },
  {
    ...ON_POLICY,
    id: "k2-sequence",
    label: "k2, whole response",
    formula: "L²/2",
    part: ({ logRatio }) => ({ value: logRatio ** 2 / 2, score: () => logRatio }),
    gradientOf: "KL(θ‖ρ)",
    advice:
      "As a loss it has the right gradient, k1’s in the reward without a baseline; do not report its value, which is biased.",
  },
  {
    ...ON_POLICY,
    id: "k2-token",
    label: "k2, per token",
    formula: "Σ lₜ²/2",
    part: ({ length, logRatios }) => ({
      value: sum(length, (t) => at(logRatios, t) ** 2 / 2),
      score: (t) => at(logRatios, t),
    }),
    gradientOf: "KL of each token, as if it did not change later states",
    advice: "Low noise but shortsighted: no token is charged for the divergence it leads to; do not report its value.",
  },
  {
    ...ON_POLICY,
    id: "k3-sequence",
    label: "k3, whole response",
    formula: "exp(−L) − 1 + L",
    part: ({ logRatio }) => ({ value: k3(logRatio), score: () => k3Slope(logRatio) }),
    gradientOf: "KL(ρ‖θ), the other direction",
    advice:
      "Avoid: the value is unbiased but rare, large exp(−L) make up its noise, and as a loss it follows the forward divergence.",
  },
  {
    ...ON_POLICY,
    id: "k3-token",
    label: "k3, per token",
    formula: "Σ (exp(−lₜ) − 1 + lₜ)",
    part: ({ length, logRatios }) => ({
      value: sum(length, (t) => k3(at(logRatios, t))),
      score: (t) => k3Slope(at(logRatios, t)),
    }),
    gradientOf: "KL(ρ‖θ) of each token, at the student’s states",
    advice:
      "Fine for monitoring, unbiased and never negative; as a loss it is another objective, forward at each token and shortsighted.",
  },
  {
    ...ON_POLICY,
    id: "full-token-mean",
    label: "full, mean over tokens",
    formula: "Σ Fₜ / tokens",
    per: "token",
    part: ({ length, full }) => ({ value: sum(length, (t) => at(full, t)), score: () => 0, full: () => 1 }),
    gradientOf: "KL of each token over the mean length, with lengths and states held still",
    advice:
      "Divided by the length it is a rate and not the divergence: rescale the coefficient, and mind that long responses weigh more.",
  },
  {
    ...ON_POLICY,
    id: "full-loss",
    label: "Rao-Blackwellised, as a loss",
    formula: "Σ Fₜ",
    part: ({ length, full }) => ({ value: sum(length, (t) => at(full, t)), score: () => 0, full: () => 1 }),
    gradientOf: "KL of each token, as if it did not change later states",
    advice:
      "The best value to report where all logits are at hand; as a loss it misses what tokens do to later states.",
  },
  {
    ...ON_POLICY,
    id: "full-score",
    label: "Rao-Blackwellised, with score term",
    formula: "Σ Fₜ, plus the score function of Fₜ₊₁ + Fₜ₊₂ + …",
    part: ({ length, full }) => ({
      value: sum(length, (t) => at(full, t)),
      score: (t) => sum(length, (u) => at(full, u), t + 1),
      full: () => 1,
    }),
    gradientOf: "KL(θ‖ρ)",
    advice:
      "The best gradient where all logits are at hand: unbiased, and the first token’s choice is charged for what follows.",
  },
  {
    ...OFF_POLICY,
    id: "k3-stale",
    label: "k3 per token, stale responses",
    formula: "Σ (exp(−lₜ) − 1 + lₜ), y from an older student",
    part: ({ length, logRatios }) => ({
      value: sum(length, (t) => k3(at(logRatios, t))),
      score: (t) => k3Slope(at(logRatios, t)),
    }),
    gradientOf: "no divergence: the tokens are drawn from neither model",
    advice: "Do not reuse responses without weights: value and gradient drift as soon as the student has moved.",
  },
  {
    ...OFF_POLICY,
    id: "k1-weighted",
    label: "k1, importance-weighted",
    formula: "w·L, y from an older student",
    part: ({ weight, logRatio }) => ({ value: weight * logRatio, score: () => weight * (logRatio + 1) }),
    gradientOf: "KL(θ‖ρ)",
    advice:
      "Correct for stale responses in value and gradient, but its noise grows with the length: keep the models close, and use a baseline.",
  },
  {
    ...OFF_POLICY,
    id: "k3-token-weighted",
    label: "k3 per token, weighted per token",
    formula: "Σ ωₜ·(exp(−lₜ) − 1 + lₜ), y from an older student",
    part: ({ length, logRatios, weights }) => ({
      value: sum(length, (t) => at(weights, t) * k3(at(logRatios, t))),
      score: (t) => at(weights, t) * at(logRatios, t),
    }),
    gradientOf: "KL of each token, at the older student’s states",
    advice:
      "The weight inside the loss turns k3’s gradient to the right direction, but states stay stale and it stays shortsighted.",
  },
];
