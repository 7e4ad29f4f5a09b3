import { sizeOf } from "../tensor.ts";
import { add, broadcast, multiply, negate, reshape, transpose, unary } from "./algebra.ts";
import {
  broadcastShape,
  type Expression,
  type ExpressionFactory,
  expressionFactory,
  type NumberKind,
  uniformValue,
} from "./expression.ts";
import type { TracedAtom, TracedEquation, TracedStep } from "./trace.ts";

/** A step as expressions: what goes in and what comes out, by name. */
export interface ExpressionStep {
  readonly inputs: readonly { readonly name: string; readonly expression: Expression }[];
  readonly outputs: readonly { readonly name: string; readonly expression: Expression }[];
}

const KINDS: Readonly<Record<string, NumberKind>> = { float32: "float32", int32: "int32", bool: "bool" };

/** Primitives of one array, number by number, under the same name. */
const UNARY = new Set(["reciprocal", "exp", "log", "sqrt", "floor", "ceil", "sin", "cos", "asin", "atan", "erf"]);

/** The value of a reduction over no numbers. */
const EMPTY_REDUCTION: Readonly<Record<string, number>> = { Add: 0, Mul: 1, Max: -Infinity, Min: Infinity };

type Rule = (factory: ExpressionFactory, inputs: readonly Expression[], equation: TracedEquation) => Expression[];

const kindOf = (kind: string, primitive: string): NumberKind => {
  const known = KINDS[kind];
  if (known === undefined) {
    throw new RangeError(`"${primitive}" of ${kind} numbers cannot be lowered to ONNX; use float32, int32 or bool`);
  }
  return known;
};

/** An operation whose result has the shape and kind of the equation's output. */
const same =
  (operation: string): Rule =>
  (factory, inputs, { outputs: [output], primitive, parameters }) =>
    output === undefined
      ? []
      : [factory.make(operation, inputs, output.shape, kindOf(output.kind, primitive), parameters)];

const RULES: Readonly<Record<string, Rule>> = {
  add: (factory, [a, b]) => [add(factory, a as Expression, b as Expression)],
  mul: (factory, [a, b]) => [multiply(factory, a as Expression, b as Expression)],
  neg: (factory, [x]) => [negate(factory, x as Expression)],
  stop_gradient: (_, [x]) => [x as Expression],
  min: same("min"),
  max: same("max"),
  compare: same("compare"),
  where: same("where"),
  dot: (factory, [a, b]) => {
    const wide = broadcastShape((a as Expression).shape, (b as Expression).shape);
    if (uniformValue(a as Expression) === 0 || uniformValue(b as Expression) === 0) {
      return [factory.uniform(0, wide.slice(0, -1), "float32")];
    }
    return [factory.make("dot", [a as Expression, b as Expression], wide.slice(0, -1), "float32")];
  },
  reduce: (factory, [x], { outputs: [output], parameters, primitive }) => {
    const input = x as Expression;
    if (output === undefined) {
      return [];
    }
    const operation = String(parameters["op"]);
    const kind = kindOf(output.kind, primitive);
    if (sizeOf(input.shape) === 0) {
      return [factory.uniform(EMPTY_REDUCTION[operation] ?? Number.NaN, output.shape, kind)];
    }
    const value = uniformValue(input);
    if (value !== undefined && operation !== "Mul") {
      const count = operation === "Add" ? sizeOf(input.shape) / sizeOf(output.shape) : 1;
      return [factory.uniform(value * count, output.shape, kind)];
    }
    return [factory.make("reduce", [input], output.shape, kind, { op: operation, axis: parameters["axis"] })];
  },
  transpose: (factory, [x], { parameters }) => [transpose(factory, x as Expression, parameters["perm"] as number[])],
  reshape: (factory, [x], { parameters }) => [reshape(factory, x as Expression, parameters["shape"] as number[])],
  broadcast: (factory, [x], { parameters }) => [
    broadcast(factory, x as Expression, parameters["shape"] as number[], parameters["axis"] as number[]),
  ],
  cast: (factory, [x], { outputs: [output], primitive }) => {
    const kind = kindOf(output?.kind ?? "", primitive);
    const input = x as Expression;
    return [input.kind === kind ? input : factory.make("cast", [input], input.shape, kind)];
  },
  gather: same("gather"),
  scatter: same("scatter"),
  concatenate: (factory, inputs, equation) =>
    same("concatenate")(
      factory,
      inputs.filter(({ shape }) => sizeOf(shape) > 0),
      equation,
    ),
  split: (factory, [x], { outputs, parameters }) => {
    const axis = parameters["axis"] as number;
    let start = 0;
    return outputs.map(({ shape }) => {
      const slice = shape.map((size) => [0, size]);
      const size = shape[axis] as number;
      slice[axis] = [start, start + size];
      start += size;
      return factory.make("shrink", [x as Expression], shape, (x as Expression).kind, { slice });
    });
  },
  shrink: same("shrink"),
  pad: same("pad"),
};

/** Rewrites a traced step as expressions, and refuses by name what the lowering does not know. */
export function toExpressions(step: TracedStep): ExpressionStep {
  const factory = expressionFactory();
  const values = new Map<number, Expression>();
  const inputs = step.inputs.map(({ variable, name, type }) => {
    const expression = factory.make("input", [], type.shape, kindOf(type.kind, name), { name });
    values.set(variable, expression);
    return { name, expression };
  });
  for (const { variable, value } of step.constants) {
    values.set(variable, constantExpression(factory, value.shape, value.data));
  }
  const read = (atom: TracedAtom): Expression => {
    if ("literal" in atom) {
      return factory.uniform(atom.literal, atom.shape, kindOf(atom.kind, "a constant"));
    }
    return values.get(atom.variable) as Expression;
  };
  for (const equation of step.equations) {
    const results = lowerEquation(factory, equation.inputs.map(read), equation);
    equation.outputs.forEach(({ variable }, index) => {
      values.set(variable, results[index] as Expression);
    });
  }
  return { inputs, outputs: step.outputs.map(({ name, atom }) => ({ name, expression: read(atom) })) };
}

function constantExpression(
  factory: ExpressionFactory,
  shape: readonly number[],
  data: Float32Array | Int32Array | Uint8Array,
): Expression {
  const kind: NumberKind = data instanceof Float32Array ? "float32" : data instanceof Int32Array ? "int32" : "bool";
  const first = data[0];
  if (first !== undefined && data.every((value) => value === first)) {
    return factory.uniform(first, shape, kind);
  }
  return factory.make("constant", [], shape, kind, { data });
}

/** Primitives whose operands from this place on are of one kind. */
const ONE_KIND_FROM: Readonly<Record<string, number>> = { add: 0, mul: 0, min: 0, max: 0, compare: 0, where: 1 };

/** jax-js's plain numbers take the kind of the array that they meet; here they are given it. */
function meet(factory: ExpressionFactory, inputs: readonly Expression[], primitive: string): readonly Expression[] {
  const from = ONE_KIND_FROM[primitive];
  if (from === undefined) {
    return inputs;
  }
  const array = inputs.slice(from).find((x) => uniformValue(x) === undefined);
  return inputs.map((x, index) => {
    const value = uniformValue(x);
    return index < from || array === undefined || value === undefined || x.kind === array.kind
      ? x
      : factory.uniform(value, x.shape, array.kind);
  });
}

function lowerEquation(
  factory: ExpressionFactory,
  operands: readonly Expression[],
  equation: TracedEquation,
): Expression[] {
  const { primitive, outputs } = equation;
  const inputs = meet(factory, operands, primitive);
  const rule = RULES[primitive];
  if (rule === undefined && !UNARY.has(primitive)) {
    throw new RangeError(
      `the primitive "${primitive}" cannot be lowered to ONNX; write the step without it, or use the engine "jax"`,
    );
  }
  if (outputs.every(({ shape }) => sizeOf(shape) === 0)) {
    return outputs.map(({ shape, kind }) => factory.uniform(0, shape, kindOf(kind, primitive)));
  }
  if (primitive === "dot" && inputs.some(({ shape }) => sizeOf(shape) === 0)) {
    return outputs.map(({ shape, kind }) => factory.uniform(0, shape, kindOf(kind, primitive)));
  }
  return rule === undefined ? [unary(factory, primitive, inputs[0] as Expression)] : rule(factory, inputs, equation);
}
