import { CONSTANTS } from "./constants";

/**
 * x ← exp x for the numbers x ≤ 0 from address `x` to `end`, taken eight at a time: up to seven after `end` are overwritten.
 *
 * With x / ln 2 = n + f, |f| ≤ ½: exp x = 2ⁿ (Q(f²) + f P(f²)) / (Q(f²) − f P(f²)), where f P/Q is minimax for tanh(f ln 2 / 2) with
 * relative error 1.4e-17 in exp. Rounding x / ln 2 costs exp x an error below |x| exp x · 2⁻⁵³ < 5e-17, in sums that are ≥ 1. x < −708
 * counts as −708, where exp x < 1e-307; NaN stays NaN.
 *
 * Four vectors go through each step together, which is 1.5 times as fast as one by one: each waits for its own results, and
 * engines keep the order of the source.
 */
export function exponentials(x: usize, end: usize): void {
  const lowest = v128.load(CONSTANTS, 16 * 0);
  const perLn2 = v128.load(CONSTANTS, 16 * 1);
  const round = v128.load(CONSTANTS, 16 * 2);
  const p0 = v128.load(CONSTANTS, 16 * 3);
  const p1 = v128.load(CONSTANTS, 16 * 4);
  const q0 = v128.load(CONSTANTS, 16 * 5);
  const q1 = v128.load(CONSTANTS, 16 * 6);
  const q2 = v128.load(CONSTANTS, 16 * 7);
  for (; x < end; x += 64) {
    const yA = f64x2.mul(f64x2.pmax(v128.load(x, 0), lowest), perLn2);
    const yB = f64x2.mul(f64x2.pmax(v128.load(x, 16), lowest), perLn2);
    const yC = f64x2.mul(f64x2.pmax(v128.load(x, 32), lowest), perLn2);
    const yD = f64x2.mul(f64x2.pmax(v128.load(x, 48), lowest), perLn2);
    // Adding 1.5 · 2⁵² leaves the nearest whole number n in the lowest bits.
    const nA = f64x2.add(yA, round);
    const nB = f64x2.add(yB, round);
    const nC = f64x2.add(yC, round);
    const nD = f64x2.add(yD, round);
    const fA = f64x2.sub(yA, f64x2.sub(nA, round));
    const fB = f64x2.sub(yB, f64x2.sub(nB, round));
    const fC = f64x2.sub(yC, f64x2.sub(nC, round));
    const fD = f64x2.sub(yD, f64x2.sub(nD, round));
    const zA = f64x2.mul(fA, fA);
    const zB = f64x2.mul(fB, fB);
    const zC = f64x2.mul(fC, fC);
    const zD = f64x2.mul(fD, fD);
    const pA = f64x2.mul(f64x2.add(f64x2.mul(f64x2.add(zA, p1), zA), p0), fA);
    const pB = f64x2.mul(f64x2.add(f64x2.mul(f64x2.add(zB, p1), zB), p0), fB);
    const pC = f64x2.mul(f64x2.add(f64x2.mul(f64x2.add(zC, p1), zC), p0), fC);
    const pD = f64x2.mul(f64x2.add(f64x2.mul(f64x2.add(zD, p1), zD), p0), fD);
    const qA = f64x2.add(f64x2.mul(f64x2.add(f64x2.mul(zA, q2), q1), zA), q0);
    const qB = f64x2.add(f64x2.mul(f64x2.add(f64x2.mul(zB, q2), q1), zB), q0);
    const qC = f64x2.add(f64x2.mul(f64x2.add(f64x2.mul(zC, q2), q1), zC), q0);
    const qD = f64x2.add(f64x2.mul(f64x2.add(f64x2.mul(zD, q2), q1), zD), q0);
    const tA = f64x2.div(f64x2.add(qA, pA), f64x2.sub(qA, pA));
    const tB = f64x2.div(f64x2.add(qB, pB), f64x2.sub(qB, pB));
    const tC = f64x2.div(f64x2.add(qC, pC), f64x2.sub(qC, pC));
    const tD = f64x2.div(f64x2.add(qD, pD), f64x2.sub(qD, pD));
    // 2ⁿ t by adding n to the exponent: t ∈ [0.7, 1.5] and n ≥ −1022.
    v128.store(x, i64x2.add(tA, i64x2.shl(nA, 52)), 0);
    v128.store(x, i64x2.add(tB, i64x2.shl(nB, 52)), 16);
    v128.store(x, i64x2.add(tC, i64x2.shl(nC, 52)), 32);
    v128.store(x, i64x2.add(tD, i64x2.shl(nD, 52)), 48);
  }
}
