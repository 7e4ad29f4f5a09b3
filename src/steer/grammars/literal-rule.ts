/** What stands between the parts of JSON, as right-hand sides of a grammar. */
export interface JsonJoints {
  readonly comma: string;
  readonly colon: string;
  /** Inside of brackets, at both ends. */
  readonly inside: string;
}

/** One JSON value, as `JSON.stringify` writes its leaves, as a right-hand side. */
export const literalRule = (value: unknown, joints: JsonJoints): string => {
  if (Array.isArray(value)) {
    return bracketed(
      "[]",
      value.map((part) => literalRule(part, joints)),
      joints,
    );
  }
  if (typeof value !== "object" || value === null) return terminal(JSON.stringify(value));
  const entries = Object.entries(value).map(
    ([name, part]) => `${terminal(JSON.stringify(name))} ${joints.colon} ${literalRule(part, joints)}`,
  );
  return bracketed("{}", entries, joints);
};

/** A text as a terminal of a grammar. */
export const terminal = (text: string): string => `"${text.replaceAll(/["\\]/g, "\\$&")}"`;

const bracketed = (brackets: string, parts: readonly string[], { comma, inside }: JsonJoints): string =>
  [`"${brackets[0]}"`, inside, parts.join(` ${comma} `), inside, `"${brackets[1]}"`].filter(Boolean).join(" ");
