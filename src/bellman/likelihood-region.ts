/** Values that were seen, by how often. */
interface Counted {
  /** How often each value was seen, `[values]`. */
  readonly counts: Float64Array;
  /** Sum of the counts. */
  readonly total: number;
}

/**
 * The distribution of largest mean in a region of empirical likelihood: over the seen values and an unseen one,
 * `max_P Σ_j P_j g_j` with `Σ_j n_j log(n_j / (n P_j)) ≤ τ`.
 *
 * `P_j ∝ n_j/(ν − g_j)`; the unseen value has mass where `ν = g*` leaves a part of `τ` over (Owen, *Empirical likelihood*, 2001;
 * Honda and Takemura, 2010, for the unseen one).
 *
 * @param gains `g`, `[values]`; finite
 * @param unseen `g*` of the unseen value, or −∞ for none
 * @param threshold `τ > 0`, in nats
 * @param out probabilities, `[values + 1]`, the unseen value last
 */
export const tiltTowards = (
  seen: Counted,
  gains: Float64Array,
  unseen: number,
  threshold: number,
  out: Float64Array,
): void => {
  const { counts, total } = seen;
  let [top, bottom] = [-Infinity, Infinity];
  for (const gain of gains) {
    top = Math.max(top, gain);
    bottom = Math.min(bottom, gain);
  }
  const least = Math.max(top, unseen);
  out[counts.length] = 0;
  if (!(least > bottom)) {
    out.set(counts.map((count) => count / total));
    return;
  }
  const fill = (pole: number, scale: number) =>
    out.set(counts.map((count, j) => (scale * count) / (total * (pole - (gains[j] as number)))));
  if (unseen > top) {
    const { logs, inverses } = gapsTo(unseen, seen, gains);
    const scale = Math.exp(logs - threshold / total);
    if (scale * inverses < 1) {
      fill(unseen, scale);
      out[counts.length] = 1 - scale * inverses;
      return;
    }
  }
  const cost = (logGap: number) => {
    const { logs, inverses } = gapsTo(least + Math.exp(logGap), seen, gains);
    return Math.log(Math.max(total * (logs + Math.log(inverses)), Number.MIN_VALUE) / threshold);
  };
  const pole = least + Math.exp(fallingRoot(cost, Math.log(least - bottom)));
  fill(pole, 1 / gapsTo(pole, seen, gains).inverses);
};

/** Means of `log(ν − g)` and of `1/(ν − g)` over what was seen. */
const gapsTo = (pole: number, { counts, total }: Counted, gains: Float64Array) => {
  let [logs, inverses] = [0, 0];
  for (let j = 0; j < gains.length; j++) {
    const gap = pole - (gains[j] as number);
    logs += (counts[j] as number) * Math.log(gap);
    inverses += (counts[j] as number) / gap;
  }
  return { logs: logs / total, inverses: inverses / total };
};

/** The root of a falling function, to 1e-7: by steps that a slope of −2 suggests, then by the secant, halving what stands still. */
const fallingRoot = (f: (x: number) => number, start: number): number => {
  let [a, fa] = [start, f(start)];
  let [b, fb] = [a, fa];
  for (let i = 0; i < 200 && fa * fb > 0; i++) {
    [a, fa] = [b, fb];
    b += fb / 2 + Math.sign(fb) / 2;
    fb = f(b);
  }
  for (let i = 0; i < 100 && Math.abs(b - a) > 1e-7 && fb !== 0; i++) {
    const x = (a * fb - b * fa) / (fb - fa);
    const fx = f(x);
    if (fx * fb < 0) [a, fa] = [b, fb];
    else fa /= 2;
    [b, fb] = [x, fx];
  }
  return b;
};
