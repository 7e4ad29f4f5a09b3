/** Kinds of numbers that the lowering knows. */
export type NumberKind = "float32" | "int32" | "bool";

/** One value of a step: an operation on other values. Equal operations on equal values are one object. */
export interface Expression {
  readonly id: number;
  readonly operation: string;
  readonly inputs: readonly Expression[];
  readonly shape: readonly number[];
  readonly kind: NumberKind;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** A constant array's numbers, in attribute `data`. */
export type ConstantData = Float32Array | Int32Array | Uint8Array;

/** The value of an expression that has the same number everywhere, or undefined. */
export const uniformValue = (x: Expression): number | undefined =>
  x.operation === "uniform" ? (x.attributes["value"] as number) : undefined;

/** The shape that two broadcast to, as numpy does. */
export function broadcastShape(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    return left === 1 ? right : left;
  });
}

/** Makes expressions; equal ones are made once. */
export interface ExpressionFactory {
  make(
    operation: string,
    inputs: readonly Expression[],
    shape: readonly number[],
    kind: NumberKind,
    attributes?: Readonly<Record<string, unknown>>,
  ): Expression;
  /** The same number everywhere. */
  uniform(value: number, shape: readonly number[], kind: NumberKind): Expression;
}

const attributeKey = (attributes: Readonly<Record<string, unknown>>): string =>
  Object.keys(attributes)
    .sort()
    .map(
      (name) => `${name}=${typeof attributes[name] === "number" ? attributes[name] : JSON.stringify(attributes[name])}`,
    )
    .join(";");

/** A factory that has made nothing yet. */
export function expressionFactory(): ExpressionFactory {
  const known = new Map<string, Expression>();
  let next = 0;
  const make: ExpressionFactory["make"] = (operation, inputs, shape, kind, attributes = {}) => {
    const unique = operation === "input" || operation === "constant";
    const own = unique ? String(next) : attributeKey(attributes);
    const key = [operation, inputs.map(({ id }) => id), shape, kind, own].join("|");
    const old = known.get(key);
    if (old !== undefined) {
      return old;
    }
    const made: Expression = { id: next++, operation, inputs, shape: [...shape], kind, attributes };
    known.set(key, made);
    return made;
  };
  return {
    make,
    uniform(value, shape, kind) {
      const rounded = kind === "float32" ? Math.fround(value) : value;
      // −0 would be another expression than 0, and no rule wants it.
      return make("uniform", [], shape, kind, { value: rounded === 0 ? 0 : rounded });
    },
  };
}
