// The operations of kernel.ts on rows that lie in this module's memory. Compiled by scripts/build-wasm.mjs.
//
// Rows go in blocks that stay in the first-level cache, each in four passes: maxima and differences from them, exponentials, sums,
// logarithms. Maxima and sums take two rows, A and B, at a time: columns in pairs, and an odd last column of both rows in one
// vector. A value depends on its own row alone, whatever the block and the chunk: results are the same for any number of threads.

import { exponentials } from "./exponentials";
import { addLogarithms } from "./logarithm";

/** Bytes of a number. */
const SIZE: usize = 8;
/** Numbers in a block, where a row is not longer. */
const BLOCK: usize = 1024;

/**
 * One depth of M: adds the next depth's values to the rewards, in place, and takes the soft value of each row.
 *
 * @param rows a multiple of 4
 * @param logits address of `[rows × actions]`: rewards on entry, logits on return
 * @param next address of `[rows × tokens]`
 * @param values address of `[rows]`, written
 * @param scratch address of `max(1024, 4 · actions) + 8` numbers to work with
 */
export function softBellman(
  rows: usize,
  tokens: usize,
  actions: usize,
  logits: usize,
  next: usize,
  values: usize,
  scratch: usize,
): void {
  const row = actions * SIZE;
  const nextRow = tokens * SIZE;
  const block = rowsOfBlock(actions);
  while (rows > 0) {
    const count = min(rows, block);
    if (tokens == actions) {
      addRow(logits, next, count * row);
    } else {
      for (let i: usize = 0; i < count; i++) addRow(logits + i * row, next + i * nextRow, nextRow);
    }
    valuesOfBlock(count, actions, logits, values, scratch);
    logits += count * row;
    next += count * nextRow;
    values += count * SIZE;
    rows -= count;
  }
}

/** Soft values of the rows; arguments as in {@link softBellman}. */
export function softValues(rows: usize, actions: usize, logits: usize, values: usize, scratch: usize): void {
  const block = rowsOfBlock(actions);
  while (rows > 0) {
    const count = min(rows, block);
    valuesOfBlock(count, actions, logits, values, scratch);
    logits += count * actions * SIZE;
    values += count * SIZE;
    rows -= count;
  }
}

function rowsOfBlock(actions: usize): usize {
  return max<usize>(4, (BLOCK / actions) & ~3);
}

/** `q(s,a) = r(s,a) + V(s⊕a)` */
// @ts-ignore: decorator
@inline
function addRow(logits: usize, next: usize, bytes: usize): void {
  for (const pairs = logits + (bytes & ~15); logits < pairs; logits += 16, next += 16) {
    v128.store(logits, f64x2.add(v128.load(logits), v128.load(next)));
  }
  if (bytes & 8) store<f64>(logits, load<f64>(logits) + load<f64>(next));
}

/** `V(s) = m + log Σ_a exp(q(s,a) − m)`, `m = max_a q(s,a)` */
function valuesOfBlock(rows: usize, actions: usize, logits: usize, values: usize, scratch: usize): void {
  const row = actions * SIZE;
  for (let i: usize = 0; i < rows; i += 2) {
    const a = logits + i * row;
    const out = scratch + i * row;
    const top = maximumOfTwo(a, a + row, actions);
    v128.store(values + i * SIZE, top);
    subtract(a, first(top, top), out, actions);
    subtract(a + row, second(top, top), out + row, actions);
  }
  exponentials(scratch, scratch + rows * row);
  // Sums overwrite exponentials that are already summed.
  let fair = f64x2.eq(f64x2.splat(0), f64x2.splat(0));
  for (let i: usize = 0; i < rows; i += 2) {
    const a = scratch + i * row;
    const sum = sumOfTwo(a, a + row, actions);
    v128.store(scratch + i * SIZE, sum);
    fair = v128.and(fair, f64x2.ge(sum, f64x2.splat(1)));
  }
  addLogarithms(values, scratch, rows);
  if (!v128.all_true<i64>(fair)) guard(rows, actions, logits, values, scratch);
}

/**
 * Rows whose sum is not ≥ 1, exp of the maximum itself, have no finite maximum: their value is −∞ where all numbers are, +∞
 * where one is, NaN where one is.
 */
function guard(rows: usize, actions: usize, row: usize, values: usize, sums: usize): void {
  for (let i: usize = 0; i < rows; i++, row += actions * SIZE) {
    if (load<f64>(sums + i * SIZE) >= 1) continue;
    let top: f64 = -Infinity;
    for (let at = row; at < row + actions * SIZE; at += SIZE) top = max<f64>(top, load<f64>(at));
    store<f64>(values + i * SIZE, top);
  }
}

/** `out = row − top` for one row */
// @ts-ignore: decorator
@inline
function subtract(row: usize, top: v128, out: usize, actions: usize): void {
  for (const end = row + (actions & ~3) * SIZE; row < end; row += 32, out += 32) {
    v128.store(out, f64x2.sub(v128.load(row), top));
    v128.store(out, f64x2.sub(v128.load(row, 16), top), 16);
  }
  if (actions & 2) {
    v128.store(out, f64x2.sub(v128.load(row), top));
    row += 16;
    out += 16;
  }
  if (actions & 1) store<f64>(out, load<f64>(row) - f64x2.extract_lane(top, 0));
}

/** The largest number of row A and of row B. pmax is one instruction and may lose NaN, which the sum then shows. */
// @ts-ignore: decorator
@inline
function maximumOfTwo(a: usize, b: usize, actions: usize): v128 {
  let topA = f64x2.splat(-Infinity);
  let topB = topA;
  for (const end = a + (actions & ~3) * SIZE; a < end; a += 32, b += 32) {
    topA = f64x2.pmax(topA, f64x2.pmax(v128.load(a), v128.load(a, 16)));
    topB = f64x2.pmax(topB, f64x2.pmax(v128.load(b), v128.load(b, 16)));
  }
  if (actions & 2) {
    topA = f64x2.pmax(topA, v128.load(a));
    topB = f64x2.pmax(topB, v128.load(b));
    a += 16;
    b += 16;
  }
  const top = f64x2.pmax(first(topA, topB), second(topA, topB));
  return actions & 1 ? f64x2.pmax(top, numbersAt(a, b)) : top;
}

/** The sum of row A and of row B. */
// @ts-ignore: decorator
@inline
function sumOfTwo(a: usize, b: usize, actions: usize): v128 {
  let sumA = f64x2.splat(0);
  let sumB = sumA;
  for (const end = a + (actions & ~3) * SIZE; a < end; a += 32, b += 32) {
    sumA = f64x2.add(sumA, f64x2.add(v128.load(a), v128.load(a, 16)));
    sumB = f64x2.add(sumB, f64x2.add(v128.load(b), v128.load(b, 16)));
  }
  if (actions & 2) {
    sumA = f64x2.add(sumA, v128.load(a));
    sumB = f64x2.add(sumB, v128.load(b));
    a += 16;
    b += 16;
  }
  const sum = f64x2.add(first(sumA, sumB), second(sumA, sumB));
  return actions & 1 ? f64x2.add(sum, numbersAt(a, b)) : sum;
}

/** The number at `a` beside the number at `b`. */
// @ts-ignore: decorator
@inline
function numbersAt(a: usize, b: usize): v128 {
  return v128.load_lane<i64>(b, v128.load_zero<i64>(a), 1);
}

/** The first numbers of two vectors. */
// @ts-ignore: decorator
@inline
function first(a: v128, b: v128): v128 {
  return v128.shuffle<f64>(a, b, 0, 2);
}

/** The second numbers of two vectors. */
// @ts-ignore: decorator
@inline
function second(a: v128, b: v128): v128 {
  return v128.shuffle<f64>(a, b, 1, 3);
}
