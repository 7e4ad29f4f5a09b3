import { availableParallelism } from "node:os";
import { init } from "@jax-js/jax";
import type { Compiled, Engine, Example, Resident, Step } from "../engine.ts";
import { lower } from "../onnx/lower.ts";
import { toExpressions } from "../onnx/to-expressions.ts";
import { traceStep } from "../onnx/trace.ts";
import { residentCheck } from "../resident-check.ts";
import { sizeOf, type Tensor, tensor } from "../tensor.ts";
import { compiledStep, type HeldResident } from "./compiled-step.ts";
import { onnxRuntimePath, workerTeam } from "./worker-team.ts";

/** Knobs of {@link onnxEngine}. */
export interface OnnxEngineOptions {
  /** Sessions of one thread each that share the chunks. Default: one per core. Results do not depend on it. */
  readonly threads?: number;
  /**
   * What executes the graphs: the processor (the default), or an NVIDIA card where this installation of ONNX Runtime has one's
   * libraries. With "cuda" one session runs all chunks unless `threads` says otherwise.
   */
  readonly provider?: "cpu" | "cuda";
}

/** A tensor in memory that every thread sees. */
function shared({ shape, data }: Tensor): Tensor {
  const buffer = new SharedArrayBuffer(4 * sizeOf(shape));
  const copy = data instanceof Int32Array ? new Int32Array(buffer) : new Float32Array(buffer);
  copy.set(data);
  return { shape, data: copy };
}

/**
 * The engine of Node: a traced step becomes one ONNX graph, which ONNX Runtime executes, one session of one thread per worker.
 *
 * @throws Error if the optional package `onnxruntime-node` is not installed; `jaxEngine()` needs none.
 */
export async function onnxEngine({
  provider = "cpu",
  threads = provider === "cuda" ? 1 : availableParallelism(),
}: OnnxEngineOptions = {}): Promise<Engine> {
  if (!Number.isInteger(threads) || threads < 1) {
    throw new RangeError(`"threads" must be an integer ≥ 1, got ${threads}`);
  }
  const runtime = onnxRuntimePath();
  if (runtime === undefined) {
    throw new Error(
      'the engine "onnx" needs the package onnxruntime-node: npm install onnxruntime-node, or use the engine "jax"',
    );
  }
  await init("wasm");
  const team = workerTeam(threads, runtime, provider);
  const held = new WeakMap<Resident, HeldResident>();
  let nextId = 1;

  const heldOf = (resident: Resident): HeldResident => {
    const own = held.get(resident);
    if (own === undefined) {
      throw new TypeError("this resident belongs to another engine; make it with this engine's resident()");
    }
    return own;
  };

  const compile = async (step: Step, example: Example): Promise<Compiled> => {
    const expressions = toExpressions(await traceStep(step, example));
    const outputs = expressions.outputs.map(({ name, expression: { shape } }) => ({ name, shape }));
    return compiledStep({ team, example, graph: lower(expressions), outputs, newId: () => nextId++, heldOf });
  };

  return {
    name: "onnx",
    threads,
    compile,
    resident(initial) {
      const own: HeldResident = {
        id: nextId++,
        version: 0,
        tensors: Object.fromEntries(Object.entries(initial).map(([name, value]) => [name, shared(value)])),
      };
      const shapes = Object.fromEntries(Object.entries(initial).map(([name, { shape }]) => [name, shape]));
      const resident: Resident = {
        shapes,
        read: async () =>
          Object.fromEntries(
            Object.entries(own.tensors).map(([name, { shape, data }]) => [
              name,
              tensor(shape, data instanceof Int32Array ? Int32Array.from(data) : Float32Array.from(data)),
            ]),
          ),
        write(tensors) {
          residentCheck(shapes, tensors);
          for (const [name, { data }] of Object.entries(tensors)) {
            own.tensors[name]?.data.set(data);
          }
          own.version++;
        },
      };
      held.set(resident, own);
      return resident;
    },
    dispose: () => team.dispose(),
  };
}
