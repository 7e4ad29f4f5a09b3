import { END, type Layer, type Space } from "../../../space/index.ts";
import { sharedLevels } from "./shared-levels.ts";

/** One depth of a reference and a reward, laid out for many sweeps. */
export interface FrontierDepth {
  readonly layer: Layer;
  /** State of the next depth, or the number of its states for the end, `[arcs]`. */
  readonly targets: Int32Array;
  /** `log π_ρ` and `π_ρ`, `[arcs]`. */
  readonly logPolicy: Float64Array;
  readonly probability: Float64Array;
  /** `r`, in its own unit, `[arcs]`. */
  readonly reward: Float64Array;
}

/** The depths of a space, made once where they share their numbers. */
export const frontierDepths = (
  space: Space,
  logPolicy: readonly Float64Array[],
  reward: readonly Float64Array[],
): FrontierDepth[] =>
  sharedLevels(
    space.horizon,
    (depth) => [space.layer(depth), logPolicy[depth], reward[depth], statesAfter(space, depth)],
    (depth) => {
      const layer = space.layer(depth);
      const after = statesAfter(space, depth);
      const targets = new Int32Array(layer.arcs);
      for (let state = 0; state < layer.states; state++) {
        const end = layer.firstArc(state + 1);
        for (let arc = layer.firstArc(state); arc < end; arc++) {
          const target = layer.target(arc, state);
          targets[arc] = target === END ? after : target;
        }
      }
      const logs = logPolicy[depth] as Float64Array;
      return {
        layer,
        targets,
        logPolicy: logs,
        probability: logs.map(Math.exp),
        reward: reward[depth] as Float64Array,
      };
    },
  );

const statesAfter = (space: Space, depth: number): number =>
  depth + 1 < space.horizon ? space.layer(depth + 1).states : 0;

/** `U(s) = log E_ρ[exp(R_rest/β) | s]` and `X(s) = E_β[R_rest | s]` of one depth's states, and 0 for the end, `[states + 1]`. */
interface Ahead {
  readonly values: Float64Array;
  readonly means: Float64Array;
}

/** The factors `π_ρ·exp(r/β − shift)` of one depth, none above 1. */
interface Factors {
  readonly factors: Float64Array;
  readonly shift: number;
}

/** Rows whose scaled sum is below this are summed again by their logarithms: smaller terms may have been lost. */
const SMALL = 1e-250;

/** `log E_ρ exp(R/β)`, in nats, and `E_β[R]`, at the start. */
export const sweepFrontier = (
  depths: readonly FrontierDepth[],
  start: number,
  temperature: number,
): { readonly value: number; readonly mean: number } => {
  const factors = sharedLevels(
    depths.length,
    (depth) => [depths[depth]],
    (depth) => factorsOf(depths[depth] as FrontierDepth, temperature),
  );
  let ahead: Ahead = { values: new Float64Array(1), means: new Float64Array(1) };
  for (let depth = depths.length - 1; depth >= 0; depth--) {
    ahead = backUp(depths[depth] as FrontierDepth, factors[depth] as Factors, ahead, temperature);
  }
  return { value: ahead.values[start] as number, mean: ahead.means[start] as number };
};

const factorsOf = ({ probability, reward }: FrontierDepth, temperature: number): Factors => {
  let highest = -Infinity;
  for (let arc = 0; arc < reward.length; arc++) {
    if (probability[arc] !== 0) highest = Math.max(highest, reward[arc] as number);
  }
  const shift = highest === -Infinity ? 0 : highest / temperature;
  const factors = probability.map((p, arc) =>
    p === 0 ? 0 : p * Math.exp((reward[arc] as number) / temperature - shift),
  );
  return { factors, shift };
};

const backUp = (depth: FrontierDepth, { factors, shift }: Factors, ahead: Ahead, temperature: number): Ahead => {
  const { layer, targets, reward } = depth;
  const { means } = ahead;
  const out: Ahead = { values: new Float64Array(layer.states + 1), means: new Float64Array(layer.states + 1) };
  // exp U of the next depth and of the end, scaled so that none exceeds 1
  const highest = ahead.values.reduce((max, value) => Math.max(max, value), 0);
  const scaled = ahead.values.map((value) => Math.exp(value - highest));
  for (let state = 0; state < layer.states; state++) {
    const end = layer.firstArc(state + 1);
    let [sum, weighted] = [0, 0];
    for (let arc = layer.firstArc(state); arc < end; arc++) {
      const target = targets[arc] as number;
      const weight = (factors[arc] as number) * (scaled[target] as number);
      if (weight === 0) continue;
      sum += weight;
      weighted += weight * ((reward[arc] as number) + (means[target] as number));
    }
    if (sum > SMALL) {
      out.values[state] = Math.log(sum) + highest + shift;
      out.means[state] = weighted / sum;
    } else logRow(depth, ahead, temperature, state, out);
  }
  return out;
};

/** One row by logarithms: exact whatever the spread of its terms, at an exponential an arc. */
const logRow = (
  { layer, targets, logPolicy, reward }: FrontierDepth,
  ahead: Ahead,
  temperature: number,
  state: number,
  out: Ahead,
): void => {
  const [first, end] = [layer.firstArc(state), layer.firstArc(state + 1)];
  const logWeight = (arc: number): number => {
    const value = ahead.values[targets[arc] as number] as number;
    return (logPolicy[arc] as number) + (reward[arc] as number) / temperature + value;
  };
  let highest = -Infinity;
  for (let arc = first; arc < end; arc++) highest = Math.max(highest, logWeight(arc));
  out.values[state] = highest;
  if (highest === -Infinity) return;
  let [sum, weighted] = [0, 0];
  for (let arc = first; arc < end; arc++) {
    const weight = Math.exp(logWeight(arc) - highest);
    if (weight === 0) continue;
    sum += weight;
    weighted += weight * ((reward[arc] as number) + (ahead.means[targets[arc] as number] as number));
  }
  out.values[state] = highest + Math.log(sum);
  out.means[state] = weighted / sum;
};
