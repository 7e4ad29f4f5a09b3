import { visits } from "../../bellman/index.ts";
import { checkSameSpace, type Table } from "../../space/index.ts";

/** How far apart two tables' numbers are, in nats, as the worst state has it and as responses of a target meet it. */
export interface Distance {
  /** Largest over the states. */
  readonly max: number;
  /** Root of the mean square over a response of the target: depths count alike, the states of one by their probability. */
  readonly rms: number;
}

/** Distances of `δ = q − q′` over some depths. */
export interface DistancesOver {
  /** `½·range_a δ(s,·) = min_c ‖δ(s,·) − c‖_∞`: what no constant of a state changes (theory §4). */
  readonly gaugeFree: Distance;
  /** `max_a |δ(s,a)|` */
  readonly raw: Distance;
}

/** Distances of logits from other logits, or from a reward taken for logits. */
export interface LogitDistances {
  /** Over all depths. */
  readonly all: DistancesOver;
  /** Over all depths but the last, where M changes nothing. */
  readonly lookahead: DistancesOver;
}

/**
 * Distances between the numbers of two tables on a space where no action is forbidden.
 *
 * @param target decides how probable the states are
 * @throws RangeError where the spaces differ
 */
export const logitDistances = (a: Table, b: Table, target: Table): LogitDistances => {
  checkSameSpace(a.space, b.space);
  checkSameSpace(a.space, target.space);
  const depths = visits(target).map((visit, depth) => distancesAt(a, b, depth, visit));
  return { all: joined(depths), lookahead: joined(depths.slice(0, -1)) };
};

/** Largest and mean square distances at one depth. */
interface AtDepth {
  readonly gaugeFree: { readonly max: number; readonly meanSquare: number };
  readonly raw: { readonly max: number; readonly meanSquare: number };
}

const distancesAt = (a: Table, b: Table, depth: number, visit: Float64Array): AtDepth => {
  const layer = a.space.layer(depth);
  const [first, second] = [a.levels[depth] as Float64Array, b.levels[depth] as Float64Array];
  const [gaugeFree, raw] = [
    { max: 0, meanSquare: 0 },
    { max: 0, meanSquare: 0 },
  ];
  const add = (sum: typeof raw, distance: number, probability: number) => {
    sum.max = Math.max(sum.max, distance);
    sum.meanSquare += probability * distance ** 2;
  };
  for (let state = 0; state < layer.states; state++) {
    let [low, high] = [Infinity, -Infinity];
    for (let arc = layer.firstArc(state); arc < layer.firstArc(state + 1); arc++) {
      const difference = (first[arc] as number) - (second[arc] as number);
      low = Math.min(low, difference);
      high = Math.max(high, difference);
    }
    add(gaugeFree, (high - low) / 2, visit[state] as number);
    add(raw, Math.max(Math.abs(low), Math.abs(high)), visit[state] as number);
  }
  return { gaugeFree, raw };
};

const joined = (depths: readonly AtDepth[]): DistancesOver => {
  const over = (key: keyof AtDepth): Distance => ({
    max: Math.max(0, ...depths.map((depth) => depth[key].max)),
    rms: Math.sqrt(depths.reduce((sum, depth) => sum + depth[key].meanSquare, 0) / Math.max(1, depths.length)),
  });
  return { gaugeFree: over("gaugeFree"), raw: over("raw") };
};
