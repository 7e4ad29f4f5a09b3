import { InputError } from "../../space/index.ts";
import type { Constraint } from "../constraints/constraint.ts";
import type { Vocabulary } from "../vocabulary/index.ts";
import { type ByteTable, readTokens } from "./byte-table.ts";
import type { TokenTrie } from "./token-trie.ts";

/** @throws InputError where no text at all is allowed */
export const refuseImpossibleText = (table: ByteTable, { name, minimumTokens, maximumTokens }: Constraint): void => {
  if (minimumTokens > maximumTokens) {
    throw new InputError(
      `"${name}" asks for at least ${minimumTokens} and at most ${maximumTokens} tokens: no response has both`,
    );
  }
  // trimmed: a start that does not accept and has no arcs is all that is left of nothing
  if (table.accepting.includes(1)) return;
  throw new InputError(`no text satisfies "${name}": its automaton is empty, so relax it`);
};

/** @throws InputError where the model's tokens spell no allowed text, or not in so few tokens */
export const refuseImpossibleTokens = (laid: {
  readonly vocabulary: Vocabulary;
  readonly constraint: Constraint;
  readonly table: ByteTable;
  readonly trie: TokenTrie;
  readonly least: Float64Array;
}): void => {
  const { vocabulary, constraint, table, trie, least } = laid;
  if (vocabulary.ends.length === 0) {
    throw new InputError("the model has no token that ends a response, so no response satisfies anything");
  }
  const needed = least[0] as number;
  if (needed < Infinity && needed <= constraint.maximumTokens) return;
  if (needed < Infinity) {
    throw new InputError(
      `"${constraint.name}" needs at least ${needed} tokens, more than the ${constraint.maximumTokens} allowed: allow more`,
    );
  }
  let begins = false;
  readTokens(table, trie, table.start, () => {
    begins = true;
  });
  throw new InputError(
    begins
      ? `none of the texts that satisfy "${constraint.name}" can be spelled to its end by the model's ${vocabulary.size} tokens: relax it`
      : `none of the model's ${vocabulary.size} tokens can begin a text that satisfies "${constraint.name}": relax it`,
  );
};
