import { BITS, CONSTANTS } from "./constants";

/**
 * values += log sums, for numbers 1 ≤ sum < 2⁵², four at a time; what it adds for other sums means nothing.
 *
 * sum = 2ᵏ (1 + f) with 1 + f ∈ [√½, √2]; log(1 + f) = 2 artanh s = s (2 + R(s²)) with s = f / (2 + f), and R of FreeBSD's e_log.c
 * (fdlibm). Rounding leaves an error below 3e-16 (1 + k): there is no need for ln 2 in two parts.
 */
export function addLogarithms(values: usize, sums: usize, count: usize): void {
  const ln2 = v128.load(CONSTANTS, 16 * 8);
  const one = v128.load(CONSTANTS, 16 * 9);
  const two = v128.load(CONSTANTS, 16 * 10);
  const bias = v128.load(CONSTANTS, 16 * 11);
  const r7 = v128.load(CONSTANTS, 16 * 12);
  const r6 = v128.load(CONSTANTS, 16 * 13);
  const r5 = v128.load(CONSTANTS, 16 * 14);
  const r4 = v128.load(CONSTANTS, 16 * 15);
  const r3 = v128.load(CONSTANTS, 16 * 16);
  const r2 = v128.load(CONSTANTS, 16 * 17);
  const r1 = v128.load(CONSTANTS, 16 * 18);
  const oneToRootHalf = v128.load(BITS, 16 * 0);
  const rootHalf = v128.load(BITS, 16 * 1);
  const mantissa = v128.load(BITS, 16 * 2);
  const twoTo52 = v128.load(BITS, 16 * 3);
  for (const end = values + count * 8; values < end; values += 32, sums += 32) {
    const bitsA = i64x2.add(v128.load(sums, 0), oneToRootHalf);
    const bitsB = i64x2.add(v128.load(sums, 16), oneToRootHalf);
    // The exponent of sum/√½, put into the mantissa of 2⁵²; sum ≥ 1 has no sign to keep.
    const kA = f64x2.sub(v128.or(i64x2.shr_u(bitsA, 52), twoTo52), bias);
    const kB = f64x2.sub(v128.or(i64x2.shr_u(bitsB, 52), twoTo52), bias);
    const fA = f64x2.sub(i64x2.add(v128.and(bitsA, mantissa), rootHalf), one);
    const fB = f64x2.sub(i64x2.add(v128.and(bitsB, mantissa), rootHalf), one);
    const sA = f64x2.div(fA, f64x2.add(fA, two));
    const sB = f64x2.div(fB, f64x2.add(fB, two));
    const zA = f64x2.mul(sA, sA);
    const zB = f64x2.mul(sB, sB);
    const zzA = f64x2.mul(zA, zA);
    const zzB = f64x2.mul(zB, zB);
    const evenA = f64x2.add(f64x2.mul(quadratic(zzA, r6, r4, r2), zzA), two);
    const evenB = f64x2.add(f64x2.mul(quadratic(zzB, r6, r4, r2), zzB), two);
    const oddA = f64x2.add(f64x2.mul(quadratic(zzA, r7, r5, r3), zzA), r1);
    const oddB = f64x2.add(f64x2.mul(quadratic(zzB, r7, r5, r3), zzB), r1);
    const seriesA = f64x2.mul(sA, f64x2.add(evenA, f64x2.mul(oddA, zA)));
    const seriesB = f64x2.mul(sB, f64x2.add(evenB, f64x2.mul(oddB, zB)));
    const logA = f64x2.add(f64x2.mul(kA, ln2), seriesA);
    const logB = f64x2.add(f64x2.mul(kB, ln2), seriesB);
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
