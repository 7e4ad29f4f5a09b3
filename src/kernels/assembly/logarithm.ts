import { BITS, CONSTANTS } from "./constants";

/**
 * values += log sums, for numbers 1 ≤ sum < 2⁵², four at a time; what it adds for other sums means nothing.
 *
 * sum = 2ᵏ (1 + f) with 1 + f ∈ [√½, √2]; log(1 + f) = f − (f²/2 − s (f²/2 + R(s²))) with s = f / (2 + f): the method and
 * coefficients of FreeBSD's e_log.c (fdlibm), error below one unit in the last place.
 */
export function addLogarithms(values: usize, sums: usize, count: usize): void {
  const ln2High = v128.load(CONSTANTS, 16 * 8);
  const ln2Low = v128.load(CONSTANTS, 16 * 9);
  const one = v128.load(CONSTANTS, 16 * 10);
  const two = v128.load(CONSTANTS, 16 * 11);
  const oneHalf = v128.load(CONSTANTS, 16 * 12);
  const bias = v128.load(CONSTANTS, 16 * 13);
  const r7 = v128.load(CONSTANTS, 16 * 14);
  const r6 = v128.load(CONSTANTS, 16 * 15);
  const r5 = v128.load(CONSTANTS, 16 * 16);
  const r4 = v128.load(CONSTANTS, 16 * 17);
  const r3 = v128.load(CONSTANTS, 16 * 18);
  const r2 = v128.load(CONSTANTS, 16 * 19);
  const r1 = v128.load(CONSTANTS, 16 * 20);
  const oneToRootHalf = v128.load(BITS, 16 * 0);
  const rootHalf = v128.load(BITS, 16 * 1);
  const mantissa = v128.load(BITS, 16 * 2);
  const twoTo52 = v128.load(BITS, 16 * 3);
  for (const end = values + count * 8; values < end; values += 32, sums += 32) {
    const bitsA = i64x2.add(v128.load(sums, 0), oneToRootHalf);
    const bitsB = i64x2.add(v128.load(sums, 16), oneToRootHalf);
    const exponentA = v128.or(i64x2.shr_u(bitsA, 52), twoTo52);
    const exponentB = v128.or(i64x2.shr_u(bitsB, 52), twoTo52);
    const fA = f64x2.sub(i64x2.add(v128.and(bitsA, mantissa), rootHalf), one);
    const fB = f64x2.sub(i64x2.add(v128.and(bitsB, mantissa), rootHalf), one);
    const kA = f64x2.sub(exponentA, bias);
    const kB = f64x2.sub(exponentB, bias);
    const sA = f64x2.div(fA, f64x2.add(fA, two));
    const sB = f64x2.div(fB, f64x2.add(fB, two));
    const halfA = f64x2.mul(f64x2.mul(fA, fA), oneHalf);
    const halfB = f64x2.mul(f64x2.mul(fB, fB), oneHalf);
    const zA = f64x2.mul(sA, sA);
    const zB = f64x2.mul(sB, sB);
    const zzA = f64x2.mul(zA, zA);
    const zzB = f64x2.mul(zB, zB);
    const evenA = quadratic(zzA, r6, r4, r2);
    const evenB = quadratic(zzB, r6, r4, r2);
    const oddA = f64x2.add(f64x2.mul(quadratic(zzA, r7, r5, r3), zzA), r1);
    const oddB = f64x2.add(f64x2.mul(quadratic(zzB, r7, r5, r3), zzB), r1);
    const restA = f64x2.add(f64x2.mul(evenA, zzA), f64x2.mul(oddA, zA));
    const restB = f64x2.add(f64x2.mul(evenB, zzB), f64x2.mul(oddB, zB));
    const lowA = f64x2.add(f64x2.mul(sA, f64x2.add(halfA, restA)), f64x2.mul(kA, ln2Low));
    const lowB = f64x2.add(f64x2.mul(sB, f64x2.add(halfB, restB)), f64x2.mul(kB, ln2Low));
    const logA = f64x2.sub(f64x2.mul(kA, ln2High), f64x2.sub(f64x2.sub(halfA, lowA), fA));
    const logB = f64x2.sub(f64x2.mul(kB, ln2High), f64x2.sub(f64x2.sub(halfB, lowB), fB));
    v128.store(values, f64x2.add(v128.load(values, 0), logA), 0);
    v128.store(values, f64x2.add(v128.load(values, 16), logB), 16);
  }
}

/** `(a z + b) z + c` */
// @ts-ignore: decorator
@inline
function quadratic(z: v128, a: v128, b: v128, c: v128): v128 {
  return f64x2.add(f64x2.mul(f64x2.add(f64x2.mul(a, z), b), z), c);
}
