// One depth of M on a layer whose rows have different numbers of arcs, in this module's memory.

import { exponentials } from "./exponentials";
import { addLogarithms } from "./logarithm";

/** Bytes of a number, and of an index. */
const SIZE: usize = 8;
const INDEX: usize = 4;

/**
 * Adds the next depth's values to the rewards, in place, and takes the soft value of each row.
 *
 * @param states number of rows
 * @param offsets address of `[states + 1]` 32-bit places of rows, counted from the first row's
 * @param targets address of `[arcs]` 32-bit states of the next depth, −1 for the end; 0 where values are not added
 * @param logits address of `[arcs]`: rewards on entry, logits on return
 * @param next address of the next depth's values, right after a 0 that stands for the end
 * @param values address of `[states]` and room for 3 more, written
 * @param scratch address of `[arcs]` and room for 7 more
 * @param sums address of `[states]` and room for 3 more
 */
export function softBellmanArcs(
  states: usize,
  offsets: usize,
  targets: usize,
  logits: usize,
  next: usize,
  values: usize,
  scratch: usize,
  sums: usize,
): void {
  const arcs = <usize>load<u32>(offsets + states * INDEX);
  if (targets != 0) {
    for (let arc: usize = 0; arc < arcs; arc++) {
      const target = <isize>load<i32>(targets + arc * INDEX);
      const at = logits + arc * SIZE;
      store<f64>(at, load<f64>(at) + load<f64>(next + target * SIZE));
    }
  }
  let begin = <usize>load<u32>(offsets);
  for (let state: usize = 0; state < states; state++) {
    const end = <usize>load<u32>(offsets + (state + 1) * INDEX);
    const top = largest(logits + begin * SIZE, logits + end * SIZE);
    store<f64>(values + state * SIZE, top);
    subtract(logits + begin * SIZE, logits + end * SIZE, top, scratch + begin * SIZE);
    begin = end;
  }
  exponentials(scratch, scratch + arcs * SIZE);
  begin = <usize>load<u32>(offsets);
  let fair = true;
  for (let state: usize = 0; state < states; state++) {
    const end = <usize>load<u32>(offsets + (state + 1) * INDEX);
    const sum = total(scratch + begin * SIZE, scratch + end * SIZE);
    store<f64>(sums + state * SIZE, sum);
    fair = fair && sum >= 1;
    begin = end;
  }
  addLogarithms(values, sums, states);
  if (!fair) guard(states, offsets, logits, values, sums);
}

/** Rows without a finite maximum: their value is −∞ where all numbers are, or there are none, and NaN where one is. */
function guard(states: usize, offsets: usize, logits: usize, values: usize, sums: usize): void {
  for (let state: usize = 0; state < states; state++) {
    if (load<f64>(sums + state * SIZE) >= 1) continue;
    const end = logits + <usize>load<u32>(offsets + (state + 1) * INDEX) * SIZE;
    let top: f64 = -Infinity;
    for (let at = logits + <usize>load<u32>(offsets + state * INDEX) * SIZE; at < end; at += SIZE) {
      top = max<f64>(top, load<f64>(at));
    }
    store<f64>(values + state * SIZE, top);
  }
}

/** pmax is one instruction and may lose NaN, which the sum then shows. */
// @ts-ignore: decorator
@inline
function largest(at: usize, end: usize): f64 {
  let top = f64x2.splat(-Infinity);
  for (; at + SIZE < end; at += 2 * SIZE) top = f64x2.pmax(top, v128.load(at));
  if (at < end) top = f64x2.pmax(top, v128.load_splat<f64>(at));
  return max<f64>(f64x2.extract_lane(top, 0), f64x2.extract_lane(top, 1));
}

// @ts-ignore: decorator
@inline
function subtract(at: usize, end: usize, top: f64, out: usize): void {
  const tops = f64x2.splat(top);
  for (; at + SIZE < end; at += 2 * SIZE, out += 2 * SIZE) v128.store(out, f64x2.sub(v128.load(at), tops));
  if (at < end) store<f64>(out, load<f64>(at) - top);
}

// @ts-ignore: decorator
@inline
function total(at: usize, end: usize): f64 {
  let sum = f64x2.splat(0);
  for (; at + SIZE < end; at += 2 * SIZE) sum = f64x2.add(sum, v128.load(at));
  const pairs = f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
  return at < end ? pairs + load<f64>(at) : pairs;
}
