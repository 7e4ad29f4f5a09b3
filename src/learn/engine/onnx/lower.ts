import { sizeOf } from "../tensor.ts";
import { contract } from "./contraction.ts";
import { elementwise } from "./elementwise.ts";
import { broadcastShape, type ConstantData, type Expression, uniformValue } from "./expression.ts";
import { type GraphBuilder, graphBuilder, type ShapedGraph } from "./graph.ts";
import { gather, scatter } from "./indexing.ts";
import { materialize, plain } from "./materialize.ts";
import { concatenate, pad, shrink } from "./pieces.ts";
import { REDUCTIONS, reduceParts } from "./reduction.ts";
import type { ExpressionStep } from "./to-expressions.ts";
import { plainView, reshapeView, transposeView, type View, widenView } from "./view.ts";

/** ONNX's operators for what is done number by number. */
const ELEMENTWISE: Readonly<Record<string, string>> = {
  add: "Add",
  sub: "Sub",
  mul: "Mul",
  min: "Min",
  max: "Max",
  where: "Where",
  neg: "Neg",
  reciprocal: "Reciprocal",
  exp: "Exp",
  log: "Log",
  sqrt: "Sqrt",
  sigmoid: "Sigmoid",
  floor: "Floor",
  ceil: "Ceil",
  sin: "Sin",
  cos: "Cos",
  asin: "Asin",
  atan: "Atan",
  erf: "Erf",
};

const COMPARISONS: Readonly<Record<string, string>> = {
  less: "Less",
  equal: "Equal",
  less_equal: "LessOrEqual",
  not_equal: "Equal",
};

/** ONNX's numbers for element types, of which a cast names one. */
const CAST_TO = { float32: 1, int32: 6, bool: 9 } as const;

interface Lowering {
  readonly graph: GraphBuilder;
  /** How many expressions and outputs use an expression. */
  readonly uses: ReadonlyMap<Expression, number>;
  readonly views: Map<Expression, View>;
}

function countUses(outputs: readonly Expression[]): Map<Expression, number> {
  const uses = new Map<Expression, number>();
  const pending = [...outputs];
  for (let x = pending.pop(); x !== undefined; x = pending.pop()) {
    const seen = uses.get(x);
    uses.set(x, (seen ?? 0) + 1);
    if (seen === undefined) {
      pending.push(...x.inputs);
    }
  }
  return uses;
}

const constantView = (graph: GraphBuilder, x: Expression): View =>
  plainView(graph.constant(x.kind, x.shape, x.attributes["data"] as ConstantData), x.kind, x.shape);

const uniformView = (graph: GraphBuilder, x: Expression, value: number): View => ({
  node: graph.constant(x.kind, [], [value]),
  kind: x.kind,
  dimensions: [],
  axes: x.shape.map((size) => (size === 1 ? [] : [{ size, dimension: -1 }])),
});

/** `a + b` where one is a product of matrices that nothing else uses: the product starts from the other. */
function addToProduct(lowering: Lowering, x: Expression): View | undefined {
  const [a, b] = x.inputs as [Expression, Expression];
  const fits = (y: Expression) =>
    y.operation === "dot" &&
    lowering.uses.get(y) === 1 &&
    !lowering.views.has(y) &&
    sizeOf(y.shape) === sizeOf(x.shape);
  const product = fits(b) ? b : fits(a) ? a : undefined;
  if (product === undefined || uniformValue(a) !== undefined || uniformValue(b) !== undefined) {
    return;
  }
  const other = viewOf(lowering, product === b ? a : b);
  const { view, addedIn } = lowerDot(lowering, product, widenView(other, x.shape));
  return addedIn ? view : elementwise(lowering.graph, "Add", [view, other], x.shape, x.kind);
}

function lowerDot(lowering: Lowering, x: Expression, added?: View): { view: View; addedIn: boolean } {
  const [a, b] = x.inputs as [Expression, Expression];
  const shape = broadcastShape(a.shape, b.shape);
  const scale = (x.attributes["scale"] as number | undefined) ?? 1;
  return contract(lowering.graph, viewOf(lowering, a), viewOf(lowering, b), shape, scale, added);
}

function lowerReduce(lowering: Lowering, x: Expression): View {
  const operation = String(x.attributes["op"]);
  const operator = REDUCTIONS[operation];
  if (operator === undefined) {
    throw new RangeError(`the reduction "${operation}" cannot be lowered to ONNX; use the engine "jax"`);
  }
  const { graph } = lowering;
  const axes = new Set(x.attributes["axis"] as readonly number[]);
  const input = viewOf(lowering, x.inputs[0] as Expression);
  const { view, repeated } = reduceParts(graph, operator, input, (axis) => axes.has(axis));
  const reduced = { ...view, axes: view.axes.filter((_, axis) => !axes.has(axis)) };
  if (repeated === 1 || operation === "Max" || operation === "Min") {
    return reduced;
  }
  if (operation === "Mul") {
    throw new RangeError('the reduction "Mul" of a repeated axis cannot be lowered to ONNX; use the engine "jax"');
  }
  const factor = plainView(graph.constant(x.kind, [], [repeated]), x.kind, []);
  return elementwise(graph, "Mul", [reduced, factor], x.shape, x.kind);
}

function lowerCompare(lowering: Lowering, x: Expression): View {
  const { graph } = lowering;
  const operation = String(x.attributes["op"]);
  const operator = COMPARISONS[operation];
  if (operator === undefined) {
    throw new RangeError(`the comparison "${operation}" cannot be lowered to ONNX`);
  }
  const inputs = x.inputs.map((input) => viewOf(lowering, input));
  const view = elementwise(graph, operator, inputs, x.shape, "bool");
  return operation === "not_equal" ? elementwise(graph, "Not", [view], x.shape, "bool") : view;
}

function lowerMovement(lowering: Lowering, x: Expression): View | undefined {
  const { graph } = lowering;
  const input = () => viewOf(lowering, x.inputs[0] as Expression);
  switch (x.operation) {
    case "transpose":
      // Indices are few, and what they index takes their order of memory: here it is the written one.
      return x.kind === "int32"
        ? plain(graph, transposeView(input(), x.attributes["order"] as readonly number[]))
        : transposeView(input(), x.attributes["order"] as readonly number[]);
    case "widen":
      return widenView(input(), x.shape);
    case "reshape":
      return (
        reshapeView(input(), x.shape) ?? plainView(graph.reshape(materialize(graph, input()), x.shape), x.kind, x.shape)
      );
    case "shrink":
      return shrink(graph, input(), x.attributes["slice"] as readonly (readonly [number, number])[]);
    case "pad":
      return pad(graph, input(), x.attributes["width"] as readonly (readonly [number, number])[]);
    case "concatenate":
      return concatenate(
        graph,
        x.inputs.map((each) => viewOf(lowering, each)),
        x.attributes["axis"] as number,
      );
    default:
      return;
  }
}

function lowerExpression(lowering: Lowering, x: Expression): View {
  const { graph } = lowering;
  const value = uniformValue(x);
  if (value !== undefined) {
    return uniformView(graph, x, value);
  }
  const views = () => x.inputs.map((input) => viewOf(lowering, input));
  switch (x.operation) {
    case "input":
      return plainView(String(x.attributes["name"]), x.kind, x.shape);
    case "constant":
      return constantView(graph, x);
    case "dot":
      return lowerDot(lowering, x).view;
    case "reduce":
      return lowerReduce(lowering, x);
    case "compare":
      return lowerCompare(lowering, x);
    case "cast":
      return elementwise(graph, "Cast", views(), x.shape, x.kind, { to: CAST_TO[x.kind] });
    case "gather":
      return gather(graph, views(), x.attributes as never);
    case "scatter":
      return scatter(graph, views(), x.shape, x.attributes as never);
    case "add": {
      const fused = addToProduct(lowering, x);
      if (fused !== undefined) {
        return fused;
      }
    }
  }
  const operator = ELEMENTWISE[x.operation];
  return operator === undefined
    ? (lowerMovement(lowering, x) as View)
    : elementwise(graph, operator, views(), x.shape, x.kind);
}

function viewOf(lowering: Lowering, x: Expression): View {
  const known = lowering.views.get(x);
  if (known !== undefined) {
    return known;
  }
  const view = lowerExpression(lowering, x);
  lowering.views.set(x, view);
  return view;
}

/**
 * Lowers a step to one ONNX graph: layouts are kept lazy (transposes, broadcasts and reshapes move no number until an operator
 * needs them moved), products of matrices take operands as they lie in memory, and equal values are computed once.
 */
export function lower(step: ExpressionStep): ShapedGraph {
  const graph = graphBuilder();
  const lowering: Lowering = {
    graph,
    uses: countUses(step.outputs.map(({ expression }) => expression)),
    views: new Map(),
  };
  for (const { name, expression } of step.inputs) {
    if (lowering.uses.has(expression)) {
      graph.input(name, expression.kind, expression.shape);
    }
  }
  for (const { name, expression } of step.outputs) {
    const view = plain(graph, viewOf(lowering, expression));
    graph.output(name, graph.reshape(view.node, expression.shape), expression.kind, expression.shape);
  }
  return graph.build();
}
