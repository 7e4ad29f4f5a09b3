import { sizeOf } from "../tensor.ts";
import {
  broadcastShape,
  type Expression,
  type Expressions,
  expressions,
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

type Rule = (make: Expressions, inputs: readonly Expression[], equation: TracedEquation) => Expression[];

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
  (make, inputs, { outputs: [output], primitive, parameters }) =>
    output === undefined
      ? []
      : [make.make(operation, inputs, output.shape, kindOf(output.kind, primitive), parameters)];

const RULES: Readonly<Record<string, Rule>> = {
  add: (make, [a, b]) => [make.add(a as Expression, b as Expression)],
  mul: (make, [a, b]) => [make.multiply(a as Expression, b as Expression)],
  neg: (make, [x]) => [make.negate(x as Expression)],
  stop_gradient: (_, [x]) => [x as Expression],
  min: same("min"),
  max: same("max"),
  compare: same("compare"),
  where: same("where"),
  dot: (make, [a, b]) => {
    const wide = broadcastShape((a as Expression).shape, (b as Expression).shape);
    if (uniformValue(a as Expression) === 0 || uniformValue(b as Expression) === 0) {
      return [make.uniform(0, wide.slice(0, -1), "float32")];
    }
    return [make.make("dot", [a as Expression, b as Expression], wide.slice(0, -1), "float32")];
  },
  reduce: (make, [x], { outputs: [output], parameters, primitive }) => {
    const input = x as Expression;
    if (output === undefined) {
      return [];
    }
    const operation = String(parameters["op"]);
    const kind = kindOf(output.kind, primitive);
    if (sizeOf(input.shape) === 0) {
      return [make.uniform(EMPTY_REDUCTION[operation] ?? Number.NaN, output.shape, kind)];
    }
    const value = uniformValue(input);
    if (value !== undefined && operation !== "Mul") {
      const count = operation === "Add" ? sizeOf(input.shape) / sizeOf(output.shape) : 1;
      return [make.uniform(value * count, output.shape, kind)];
    }
    return [make.make("reduce", [input], output.shape, kind, { op: operation, axis: parameters["axis"] })];
  },
  transpose: (make, [x], { parameters }) => [make.transpose(x as Expression, parameters["perm"] as number[])],
  reshape: (make, [x], { parameters }) => [make.reshape(x as Expression, parameters["shape"] as number[])],
  broadcast: (make, [x], { parameters }) => [
    make.broadcast(x as Expression, parameters["shape"] as number[], parameters["axis"] as number[]),
  ],
  cast: (make, [x], { outputs: [output], primitive }) => {
    const kind = kindOf(output?.kind ?? "", primitive);
    const input = x as Expression;
    return [input.kind === kind ? input : make.make("cast", [input], input.shape, kind)];
  },
  gather: same("gather"),
  scatter: same("scatter"),
  concatenate: (make, inputs, equation) =>
    same("concatenate")(
      make,
      inputs.filter(({ shape }) => sizeOf(shape) > 0),
      equation,
    ),
  split: (make, [x], { outputs, parameters }) => {
    const axis = parameters["axis"] as number;
    let start = 0;
    return outputs.map(({ shape }) => {
      const slice = shape.map((size) => [0, size]);
      const size = shape[axis] as number;
      slice[axis] = [start, start + size];
      start += size;
      return make.make("shrink", [x as Expression], shape, (x as Expression).kind, { slice });
    });
  },
  shrink: same("shrink"),
  pad: same("pad"),
};

/** Rewrites a traced step as expressions, and refuses by name what the lowering does not know. */
export function toExpressions(step: TracedStep): ExpressionStep {
  const make = expressions();
  const values = new Map<number, Expression>();
  const inputs = step.inputs.map(({ variable, name, type }) => {
    const expression = make.make("input", [], type.shape, kindOf(type.kind, name), { name });
    values.set(variable, expression);
    return { name, expression };
  });
  for (const { variable, value } of step.constants) {
    values.set(variable, constantExpression(make, value.shape, value.data));
  }
  const read = (atom: TracedAtom): Expression => {
    if ("literal" in atom) {
      return make.uniform(atom.literal, atom.shape, kindOf(atom.kind, "a constant"));
    }
    return values.get(atom.variable) as Expression;
  };
  for (const equation of step.equations) {
    const results = lowerEquation(make, equation.inputs.map(read), equation);
    equation.outputs.forEach(({ variable }, index) => {
      values.set(variable, results[index] as Expression);
    });
  }
  return { inputs, outputs: step.outputs.map(({ name, atom }) => ({ name, expression: read(atom) })) };
}

function constantExpression(
  make: Expressions,
  shape: readonly number[],
  data: Float32Array | Int32Array | Uint8Array,
): Expression {
  const kind: NumberKind = data instanceof Float32Array ? "float32" : data instanceof Int32Array ? "int32" : "bool";
  const first = data[0];
  if (first !== undefined && data.every((value) => value === first)) {
    return make.uniform(first, shape, kind);
  }
  return make.make("constant", [], shape, kind, { data });
}

/** Primitives whose operands from this place on are of one kind. */
const ONE_KIND_FROM: Readonly<Record<string, number>> = { add: 0, mul: 0, min: 0, max: 0, compare: 0, where: 1 };

/** jax-js's plain numbers take the kind of the array that they meet; here they are given it. */
function meet(make: Expressions, inputs: readonly Expression[], primitive: string): readonly Expression[] {
  const from = ONE_KIND_FROM[primitive];
  if (from === undefined) {
    return inputs;
  }
  const array = inputs.slice(from).find((x) => uniformValue(x) === undefined);
  return inputs.map((x, index) => {
    const value = uniformValue(x);
    return index < from || array === undefined || value === undefined || x.kind === array.kind
      ? x
      : make.uniform(value, x.shape, array.kind);
  });
}

function lowerEquation(make: Expressions, operands: readonly Expression[], equation: TracedEquation): Expression[] {
  const { primitive, outputs } = equation;
  const inputs = meet(make, operands, primitive);
  const rule = RULES[primitive];
  if (rule === undefined && !UNARY.has(primitive)) {
    throw new RangeError(
      `the primitive "${primitive}" cannot be lowered to ONNX; write the step without it, or use the engine "jax"`,
    );
  }
  if (outputs.every(({ shape }) => sizeOf(shape) === 0)) {
    return outputs.map(({ shape, kind }) => make.uniform(0, shape, kindOf(kind, primitive)));
  }
  if (primitive === "dot" && inputs.some(({ shape }) => sizeOf(shape) === 0)) {
    return outputs.map(({ shape, kind }) => make.uniform(0, shape, kindOf(kind, primitive)));
  }
  return rule === undefined ? [make.unary(primitive, inputs[0] as Expression)] : rule(make, inputs, equation);
}
