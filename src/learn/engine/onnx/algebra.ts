/**
 * Expressions simplified as they are made.
 *
 * The rules are exact for finite numbers: x + 0, x·1, x·0, x − x, −(−x), a + (−b), (x·c)·d, and 1/(1 + e^(−x)) is the logistic function,
 * which does not overflow. Masks are chosen with `where`, never multiplied, so no rule meets an infinity.
 */
import { sameShape } from "../tensor.ts";
import { broadcastShape, type Expression, type ExpressionFactory, uniformValue } from "./expression.ts";

const input = (x: Expression, index = 0): Expression => x.inputs[index] as Expression;

/** `x` in a larger shape: of the same rank or less, axes of size 1 repeated. */
function widen(factory: ExpressionFactory, x: Expression, shape: readonly number[]): Expression {
  const value = uniformValue(x);
  if (sameShape(x.shape, shape)) {
    return x;
  }
  return value === undefined ? factory.make("widen", [x], shape, x.kind) : factory.uniform(value, shape, x.kind);
}

/** `−x`. */
export function negate(factory: ExpressionFactory, x: Expression): Expression {
  const value = uniformValue(x);
  if (value !== undefined) {
    return factory.uniform(-value, x.shape, x.kind);
  }
  if (x.operation === "neg") {
    return input(x);
  }
  if (x.operation === "sub") {
    return factory.make("sub", [input(x, 1), input(x)], x.shape, x.kind);
  }
  if (x.operation === "mul" && uniformValue(input(x, 1)) !== undefined) {
    return multiply(factory, input(x), negate(factory, input(x, 1)));
  }
  return factory.make("neg", [x], x.shape, x.kind);
}

/** `a − b`. */
function subtract(factory: ExpressionFactory, a: Expression, b: Expression): Expression {
  const shape = broadcastShape(a.shape, b.shape);
  if (a === b) {
    return factory.uniform(0, shape, a.kind);
  }
  if (uniformValue(b) === 0) {
    return widen(factory, a, shape);
  }
  if (uniformValue(a) === 0) {
    return widen(factory, negate(factory, b), shape);
  }
  return b.operation === "neg" ? add(factory, a, input(b)) : factory.make("sub", [a, b], shape, a.kind);
}

/** `a + b`. */
export function add(factory: ExpressionFactory, a: Expression, b: Expression): Expression {
  const shape = broadcastShape(a.shape, b.shape);
  const [x, y] = [uniformValue(a), uniformValue(b)];
  if (x !== undefined && y !== undefined) {
    return factory.uniform(x + y, shape, a.kind);
  }
  if (x !== undefined || (y === undefined && a.id > b.id)) {
    return add(factory, b, a);
  }
  if (y === 0) {
    return widen(factory, a, shape);
  }
  if (b.operation === "neg") {
    return subtract(factory, a, input(b));
  }
  return a.operation === "neg" ? subtract(factory, b, input(a)) : factory.make("add", [a, b], shape, a.kind);
}

/** `x·value`. */
function scale(
  factory: ExpressionFactory,
  x: Expression,
  by: Expression,
  shape: readonly number[],
): Expression | undefined {
  const value = uniformValue(by) as number;
  switch (value) {
    case 0:
      return factory.uniform(0, shape, x.kind);
    case 1:
      return widen(factory, x, shape);
    case -1:
      return widen(factory, negate(factory, x), shape);
  }
  if (x.operation === "mul" && x.kind === "float32") {
    const inner = uniformValue(input(x, 1));
    if (inner !== undefined) {
      return multiply(factory, input(x), factory.uniform(inner * value, shape, x.kind));
    }
  }
  if (x.operation === "dot" && sameShape(x.shape, shape)) {
    const own = (x.attributes["scale"] as number | undefined) ?? 1;
    return factory.make("dot", x.inputs, x.shape, x.kind, { ...x.attributes, scale: own * value });
  }
  return;
}

/** `a·b`. */
export function multiply(factory: ExpressionFactory, a: Expression, b: Expression): Expression {
  const shape = broadcastShape(a.shape, b.shape);
  const [x, y] = [uniformValue(a), uniformValue(b)];
  if (x !== undefined && y !== undefined) {
    return factory.uniform(x * y, shape, a.kind);
  }
  if (x !== undefined || (y === undefined && a.id > b.id)) {
    return multiply(factory, b, a);
  }
  if (a.operation === "neg") {
    return negate(factory, multiply(factory, input(a), b));
  }
  if (b.operation === "neg") {
    return negate(factory, multiply(factory, a, input(b)));
  }
  const simplified =
    y === undefined ? (logisticProduct(factory, a, b) ?? logisticProduct(factory, b, a)) : scale(factory, a, b, shape);
  return simplified ?? factory.make("mul", [a, b], shape, a.kind);
}

/** The product `y` with one factor `σ(x)` replaced by `1 − σ(x)`, or undefined if it has none. */
function withComplement(factory: ExpressionFactory, x: Expression, y: Expression): Expression | undefined {
  if (y.operation === "sigmoid" && input(y) === x) {
    return subtract(factory, factory.uniform(1, y.shape, y.kind), y);
  }
  if (y.operation !== "mul") {
    return;
  }
  const left = withComplement(factory, x, input(y));
  if (left !== undefined) {
    return multiply(factory, left, input(y, 1));
  }
  const right = withComplement(factory, x, input(y, 1));
  return right === undefined ? undefined : multiply(factory, input(y), right);
}

/** `e^(−x)·(…σ(x)…)`: `e^(−x)·σ(x) = 1 − σ(x)`, which cannot overflow. */
function logisticProduct(factory: ExpressionFactory, a: Expression, b: Expression): Expression | undefined {
  const isExponential = a.operation === "exp" && input(a).operation === "neg";
  return isExponential && sameShape(a.shape, broadcastShape(a.shape, b.shape))
    ? withComplement(factory, input(input(a)), b)
    : undefined;
}

const FOLDED: Readonly<Record<string, (x: number) => number>> = {
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  reciprocal: (x) => 1 / x,
};

/** An operation on one value, number by number. */
export function unary(factory: ExpressionFactory, operation: string, x: Expression): Expression {
  const value = uniformValue(x);
  const fold = FOLDED[operation];
  if (value !== undefined && fold !== undefined) {
    return factory.uniform(fold(value), x.shape, x.kind);
  }
  const isLogistic =
    operation === "reciprocal" &&
    x.operation === "add" &&
    uniformValue(input(x, 1)) === 1 &&
    input(x).operation === "exp" &&
    input(input(x)).operation === "neg";
  return isLogistic
    ? factory.make("sigmoid", [input(input(input(x)))], x.shape, x.kind)
    : factory.make(operation, [x], x.shape, x.kind);
}

/** The same numbers in another shape. */
export function reshape(factory: ExpressionFactory, x: Expression, shape: readonly number[]): Expression {
  const value = uniformValue(x);
  if (value !== undefined) {
    return factory.uniform(value, shape, x.kind);
  }
  if (x.operation === "reshape") {
    return reshape(factory, input(x), shape);
  }
  return sameShape(x.shape, shape) ? x : factory.make("reshape", [x], shape, x.kind);
}

/** The axes in another order. */
export function transpose(factory: ExpressionFactory, x: Expression, order: readonly number[]): Expression {
  const shape = order.map((axis) => x.shape[axis] as number);
  const value = uniformValue(x);
  if (value !== undefined) {
    return factory.uniform(value, shape, x.kind);
  }
  if (order.every((axis, index) => axis === index)) {
    return x;
  }
  if (x.operation === "transpose") {
    const inner = x.attributes["order"] as readonly number[];
    const both = order.map((axis) => inner[axis] as number);
    return transpose(factory, input(x), both);
  }
  return factory.make("transpose", [x], shape, x.kind, { order });
}

/** jax-js's broadcast: `axes` of the result are new, others of size 1 repeat. */
export function broadcast(
  factory: ExpressionFactory,
  x: Expression,
  shape: readonly number[],
  axes: readonly number[],
): Expression {
  const inserted = new Set(axes.map((axis) => (axis < 0 ? axis + shape.length : axis)));
  const kept = [...x.shape];
  const withOnes = shape.map((_, axis) => (inserted.has(axis) ? 1 : (kept.shift() ?? 1)));
  return widen(factory, reshape(factory, x, withOnes), shape);
}
