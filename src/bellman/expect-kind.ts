import type { Table } from "../space/index.ts";

/**
 * Checks that an argument is a table of a kind.
 *
 * @throws TypeError where it is not
 */
export const expectKind = (table: Table, kind: Table["kind"]): void => {
  if (table.kind === kind) return;
  if (table.kind === undefined) throw new TypeError(`expected a table of kind "${kind}", got something else`);
  const other = kind === "reward" ? "toReward" : "toLogits";
  throw new TypeError(`expected a table of kind "${kind}", got "${table.kind}": convert it with ${other} first`);
};
