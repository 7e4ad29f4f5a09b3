/** Sizes that cut `size` where `fine` does, taken from its front; undefined if they do not. */
export function cutsOf(size: number, fine: number[]): number[] | undefined {
  const cuts: number[] = [];
  let product = 1;
  while (product < size) {
    const next = fine.shift();
    if (next === undefined) {
      return;
    }
    cuts.push(next);
    product *= next;
  }
  return product === size ? cuts : undefined;
}
