import { makeJaxpr, numpy } from "@jax-js/jax";
import type { Arrays, Example, Step } from "../engine.ts";
import type { Tensor } from "../tensor.ts";

/** What a traced equation says of one value. */
export interface TracedType {
  readonly shape: readonly number[];
  readonly kind: string;
}

/** A traced value: a variable by its number, or a scalar. */
export type TracedAtom = TracedType & ({ readonly variable: number } | { readonly literal: number });

export interface TracedEquation {
  readonly primitive: string;
  readonly inputs: readonly TracedAtom[];
  readonly outputs: readonly (TracedType & { readonly variable: number })[];
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** A step as a straight line of primitives. */
export interface TracedStep {
  readonly constants: readonly { readonly variable: number; readonly value: Tensor | TracedBooleans }[];
  readonly inputs: readonly { readonly variable: number; readonly name: string; readonly type: TracedType }[];
  readonly equations: readonly TracedEquation[];
  readonly outputs: readonly { readonly name: string; readonly atom: TracedAtom }[];
}

/** A constant array of truth values. */
export interface TracedBooleans {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** Name of a resident or a chunk's tensor among the inputs of the graph. */
export const inputName = (from: "resident" | "chunk", name: string): string => `${from}:${name}`;

const placeholder = ({ shape, data }: Tensor): numpy.Array =>
  numpy.zeros([...shape], { dtype: data instanceof Int32Array ? numpy.int32 : numpy.float32 });

interface JaxAtom {
  readonly aval: { readonly shape: number[]; readonly dtype: string };
  readonly id?: number;
  readonly value?: number;
}

const typeOf = ({ aval }: JaxAtom): TracedType => ({ shape: aval.shape, kind: String(aval.dtype) });

const atomOf = (atom: JaxAtom): TracedAtom =>
  atom.value === undefined
    ? { ...typeOf(atom), variable: atom.id as number }
    : { ...typeOf(atom), literal: Number(atom.value) };

async function constantOf(array: numpy.Array): Promise<Tensor | TracedBooleans> {
  const shape = array.shape;
  const boolean = String(array.dtype) === "bool";
  const data = await array.ref.data();
  if (boolean) {
    return { shape, data: Uint8Array.from(data as ArrayLike<number>, (x) => (x ? 1 : 0)) };
  }
  return { shape, data: data instanceof Int32Array ? data.slice() : Float32Array.from(data) };
}

/** Traces a step on arrays of the example's shapes and flattens what it calls. */
export async function traceStep(step: Step, example: Example): Promise<TracedStep> {
  const residents = Object.keys(example.resident);
  const chunks = Object.keys(example.chunk);
  let outputNames: string[] = [];
  const traced = makeJaxpr((...inputs: numpy.Array[]) => {
    const named = (names: readonly string[], offset: number): Arrays =>
      Object.fromEntries(names.map((name, index) => [name, inputs[offset + index] as numpy.Array]));
    const outputs = step(named(residents, 0), named(chunks, residents.length));
    outputNames = Object.keys(outputs);
    return outputNames.map((name) => outputs[name] as numpy.Array);
  })(
    ...residents.map((name) => placeholder(example.resident[name] as Tensor)),
    ...chunks.map((name) => placeholder(example.chunk[name] as Tensor)),
  );
  const { consts } = traced.jaxpr;
  const values = await Promise.all(consts.map((value) => constantOf(value as unknown as numpy.Array)));
  const jaxpr = traced.jaxpr.jaxpr.flatten();
  const names = [
    ...residents.map((name) => inputName("resident", name)),
    ...chunks.map((name) => inputName("chunk", name)),
  ];
  const binders = jaxpr.inBinders as unknown as (JaxAtom & { id: number })[];
  const result: TracedStep = {
    constants: values.map((value, index) => ({ variable: binders[index]?.id as number, value })),
    inputs: binders.slice(values.length).map((binder, index) => ({
      variable: binder.id,
      name: names[index] as string,
      type: typeOf(binder),
    })),
    equations: jaxpr.eqns.map((equation) => ({
      primitive: String(equation.primitive),
      inputs: (equation.inputs as unknown as JaxAtom[]).map(atomOf),
      outputs: (equation.outBinders as unknown as (JaxAtom & { id: number })[]).map((binder) => ({
        ...typeOf(binder),
        variable: binder.id,
      })),
      parameters: equation.params,
    })),
    outputs: (jaxpr.outs as unknown as JaxAtom[]).map((atom, index) => ({
      name: outputNames[index] as string,
      atom: atomOf(atom),
    })),
  };
  traced.jaxpr.dispose();
  return result;
}
