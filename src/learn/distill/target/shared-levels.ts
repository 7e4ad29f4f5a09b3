/**
 * One array per depth, made once where a depth's ingredients are the very objects of the depth before: what a
 * time-homogeneous model shares between depths stays shared.
 *
 * @param ingredients the objects that a depth's array is made of
 */
export const sharedLevels = <Level>(
  horizon: number,
  ingredients: (depth: number) => readonly unknown[],
  make: (depth: number) => Level,
): Level[] => {
  const levels: Level[] = [];
  let before: readonly unknown[] = [];
  for (let depth = 0; depth < horizon; depth++) {
    const now = ingredients(depth);
    const same = depth > 0 && now.every((ingredient, i) => ingredient === before[i]);
    levels.push(same ? (levels[depth - 1] as Level) : make(depth));
    before = now;
  }
  return levels;
};
