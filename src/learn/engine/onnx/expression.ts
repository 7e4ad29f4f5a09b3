import { sameShape } from "../tensor.ts";

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

const isUniform = (x: Expression, value: number): boolean => uniformValue(x) === value;

/** The shape that two broadcast to, as numpy does. */
export function broadcastShape(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    return left === 1 ? right : left;
  });
}

const FOLDED: Readonly<Record<string, (x: number) => number>> = {
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  reciprocal: (x) => 1 / x,
};

/** Makes expressions, simplified by exact algebra as they are made. */
export interface Expressions {
  make(
    operation: string,
    inputs: readonly Expression[],
    shape: readonly number[],
    kind: NumberKind,
    attributes?: Readonly<Record<string, unknown>>,
  ): Expression;
  uniform(value: number, shape: readonly number[], kind: NumberKind): Expression;
  add(a: Expression, b: Expression): Expression;
  multiply(a: Expression, b: Expression): Expression;
  negate(x: Expression): Expression;
  unary(operation: string, x: Expression): Expression;
  reshape(x: Expression, shape: readonly number[]): Expression;
  transpose(x: Expression, order: readonly number[]): Expression;
  broadcast(x: Expression, shape: readonly number[], axes: readonly number[]): Expression;
}

/**
 * A fresh set of expressions.
 *
 * The rules are exact for finite numbers: x + 0, x·1, x·0, x − x, −(−x), a + (−b), (x·c)·d, and 1/(1 + e^(−x)) is the logistic
 * function, which does not overflow. Masks are chosen with `where`, never multiplied, so no rule meets an infinity.
 */
export function expressions(): Expressions {
  const known = new Map<string, Expression>();
  let next = 0;

  const make: Expressions["make"] = (operation, inputs, shape, kind, attributes = {}) => {
    const unique = operation === "input" || operation === "constant" ? next : "";
    const key = `${operation}|${unique}|${inputs.map(({ id }) => id)}|${shape}|${kind}|${unique === "" ? attributeKey(attributes) : ""}`;
    const old = known.get(key);
    if (old !== undefined) {
      return old;
    }
    const made: Expression = { id: next++, operation, inputs, shape: [...shape], kind, attributes };
    known.set(key, made);
    return made;
  };

  const uniform: Expressions["uniform"] = (value, shape, kind) => {
    const rounded = kind === "float32" ? Math.fround(value) : value;
    return make("uniform", [], shape, kind, { value: Object.is(rounded, -0) ? 0 : rounded });
  };

  /** `x` in a larger shape: of the same rank or less, size-1 axes repeated. */
  const widen = (x: Expression, shape: readonly number[]): Expression => {
    const value = uniformValue(x);
    if (sameShape(x.shape, shape)) {
      return x;
    }
    return value === undefined ? make("widen", [x], shape, x.kind) : uniform(value, shape, x.kind);
  };

  const negate: Expressions["negate"] = (x) => {
    const value = uniformValue(x);
    if (value !== undefined) {
      return uniform(-value, x.shape, x.kind);
    }
    const [a, b] = x.inputs;
    if (x.operation === "neg" && a !== undefined) {
      return a;
    }
    if (x.operation === "sub" && a !== undefined && b !== undefined) {
      return make("sub", [b, a], x.shape, x.kind);
    }
    if (x.operation === "mul" && a !== undefined && b !== undefined && uniformValue(b) !== undefined) {
      return multiply(a, negate(b));
    }
    return make("neg", [x], x.shape, x.kind);
  };

  const subtract = (a: Expression, b: Expression): Expression => {
    const shape = broadcastShape(a.shape, b.shape);
    if (a === b) {
      return uniform(0, shape, a.kind);
    }
    if (isUniform(b, 0)) {
      return widen(a, shape);
    }
    if (isUniform(a, 0)) {
      return widen(negate(b), shape);
    }
    return b.operation === "neg" ? add(a, b.inputs[0] as Expression) : make("sub", [a, b], shape, a.kind);
  };

  const add: Expressions["add"] = (a, b) => {
    const shape = broadcastShape(a.shape, b.shape);
    const [x, y] = [uniformValue(a), uniformValue(b)];
    if (x !== undefined && y !== undefined) {
      return uniform(x + y, shape, a.kind);
    }
    if (x !== undefined || (y === undefined && a.id > b.id)) {
      return add(b, a);
    }
    if (y === 0) {
      return widen(a, shape);
    }
    if (b.operation === "neg") {
      return subtract(a, b.inputs[0] as Expression);
    }
    if (a.operation === "neg") {
      return subtract(b, a.inputs[0] as Expression);
    }
    return make("add", [a, b], shape, a.kind);
  };

  const multiply: Expressions["multiply"] = (a, b) => {
    const shape = broadcastShape(a.shape, b.shape);
    const [x, y] = [uniformValue(a), uniformValue(b)];
    if (x !== undefined && y !== undefined) {
      return uniform(x * y, shape, a.kind);
    }
    if (x !== undefined || (y === undefined && a.id > b.id)) {
      return multiply(b, a);
    }
    if (y === 0) {
      return uniform(0, shape, a.kind);
    }
    if (y === 1) {
      return widen(a, shape);
    }
    if (y === -1) {
      return widen(negate(a), shape);
    }
    if (a.operation === "neg") {
      return negate(multiply(a.inputs[0] as Expression, b));
    }
    if (b.operation === "neg") {
      return negate(multiply(a, b.inputs[0] as Expression));
    }
    if (y !== undefined && a.operation === "mul" && a.kind === "float32") {
      const inner = uniformValue(a.inputs[1] as Expression);
      if (inner !== undefined) {
        return multiply(a.inputs[0] as Expression, uniform(inner * y, shape, a.kind));
      }
    }
    if (y !== undefined && a.operation === "dot" && sameShape(a.shape, shape)) {
      const scale = (a.attributes["scale"] as number | undefined) ?? 1;
      return make("dot", a.inputs, a.shape, a.kind, { ...a.attributes, scale: scale * y });
    }
    return logisticProduct(a, b) ?? logisticProduct(b, a) ?? make("mul", [a, b], shape, a.kind);
  };

  /** `e^(−x)·(…σ(x)…)`: `e^(−x)·σ(x) = 1 − σ(x)`, which cannot overflow. */
  const logisticProduct = (a: Expression, b: Expression): Expression | undefined => {
    if (a.operation !== "exp" || a.inputs[0]?.operation !== "neg") {
      return;
    }
    const x = a.inputs[0].inputs[0] as Expression;
    const isLogistic = (y: Expression) => y.operation === "sigmoid" && y.inputs[0] === x;
    const replace = (y: Expression): Expression | undefined => {
      if (isLogistic(y)) {
        return subtract(uniform(1, y.shape, y.kind), y);
      }
      if (y.operation !== "mul") {
        return;
      }
      const [left, right] = y.inputs as [Expression, Expression];
      const newLeft = replace(left);
      if (newLeft !== undefined) {
        return multiply(newLeft, right);
      }
      const newRight = replace(right);
      return newRight === undefined ? undefined : multiply(left, newRight);
    };
    return sameShape(a.shape, broadcastShape(a.shape, b.shape)) ? replace(b) : undefined;
  };

  const unary: Expressions["unary"] = (operation, x) => {
    const value = uniformValue(x);
    const fold = FOLDED[operation];
    if (value !== undefined && fold !== undefined) {
      return uniform(fold(value), x.shape, x.kind);
    }
    const [a, b] = x.inputs;
    if (
      operation === "reciprocal" &&
      x.operation === "add" &&
      a?.operation === "exp" &&
      a.inputs[0]?.operation === "neg" &&
      b !== undefined &&
      isUniform(b, 1)
    ) {
      return make("sigmoid", [a.inputs[0].inputs[0] as Expression], x.shape, x.kind);
    }
    return make(operation, [x], x.shape, x.kind);
  };

  const reshape: Expressions["reshape"] = (x, shape) => {
    const value = uniformValue(x);
    if (value !== undefined) {
      return uniform(value, shape, x.kind);
    }
    if (x.operation === "reshape") {
      return reshape(x.inputs[0] as Expression, shape);
    }
    return sameShape(x.shape, shape) ? x : make("reshape", [x], shape, x.kind);
  };

  const transpose: Expressions["transpose"] = (x, order) => {
    const shape = order.map((axis) => x.shape[axis] as number);
    const value = uniformValue(x);
    if (value !== undefined) {
      return uniform(value, shape, x.kind);
    }
    if (order.every((axis, index) => axis === index)) {
      return x;
    }
    if (x.operation === "transpose") {
      const inner = x.attributes["order"] as readonly number[];
      return transpose(
        x.inputs[0] as Expression,
        order.map((axis) => inner[axis] as number),
      );
    }
    return make("transpose", [x], shape, x.kind, { order });
  };

  const broadcast: Expressions["broadcast"] = (x, shape, axes) => {
    const value = uniformValue(x);
    if (value !== undefined) {
      return uniform(value, shape, x.kind);
    }
    const rank = shape.length;
    const inserted = new Set(axes.map((axis) => (axis < 0 ? axis + rank : axis)));
    const kept = [...x.shape];
    const withOnes = Array.from({ length: rank }, (_, axis) => (inserted.has(axis) ? 1 : (kept.shift() ?? 1)));
    return widen(reshape(x, withOnes), shape);
  };

  return { make, uniform, add, multiply, negate, unary, reshape, transpose, broadcast };
}

const attributeKey = (attributes: Readonly<Record<string, unknown>>): string =>
  Object.keys(attributes)
    .sort()
    .map((name) => `${name}=${JSON.stringify(attributes[name])}`)
    .join(";");
