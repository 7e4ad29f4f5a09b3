/**
 * Checks that two things speak of the same tokens.
 *
 * @throws RangeError naming the first token that differs
 */
export const checkSameTokens = (left: readonly string[], right: readonly string[], what: string): void => {
  if (left === right) return;
  if (left.length !== right.length) {
    throw new RangeError(
      `${what} must have the same tokens, but one has ${left.length} and the other ${right.length}: build both over one list`,
    );
  }
  const index = left.findIndex((token, position) => token !== right[position]);
  if (index >= 0) {
    throw new RangeError(
      `${what} must have the same tokens, but token ${index} is ${JSON.stringify(left[index])} in one and ` +
        `${JSON.stringify(right[index])} in the other: build both over one list`,
    );
  }
};
