import { availableParallelism } from "node:os";
import { init } from "@jax-js/jax";
import { addAll, chunkGroups } from "../chunk-sum.ts";
import type { Compiled, Engine, Example, Resident, Step } from "../engine.ts";
import { lower } from "../onnx/lower.ts";
import { encodeModel } from "../onnx/proto.ts";
import { toExpressions } from "../onnx/to-expressions.ts";
import { inputName, traceStep } from "../onnx/trace.ts";
import { residentCheck } from "../resident-check.ts";
import { sameShape, sizeOf, type Tensor, type Tensors, tensor } from "../tensor.ts";
import type { Ports, SharedResident } from "./protocol.ts";
import { onnxRuntimePath, type WorkerTeam, workerTeam } from "./worker-team.ts";

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

interface HeldResident {
  readonly id: number;
  version: number;
  readonly tensors: Readonly<Record<string, Tensor>>;
}

function portsOf(example: Example, outputs: Ports["outputs"], graphInputs: ReadonlySet<string>): Ports {
  const ports = (from: "resident" | "chunk", tensors: Tensors) =>
    Object.keys(tensors)
      .map((name) => ({ port: inputName(from, name), from, name }))
      .filter(({ port }) => graphInputs.has(port));
  return { inputs: [...ports("resident", example.resident), ...ports("chunk", example.chunk)], outputs };
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
  const sharedOf = ({ id, version, tensors }: HeldResident): SharedResident => ({ id, version, tensors });

  const compile = async (step: Step, example: Example): Promise<Compiled> => {
    const expressions = toExpressions(await traceStep(step, example));
    const graph = lower(expressions);
    const outputs = expressions.outputs.map(({ name, expression: { shape, kind } }) => ({
      name,
      shape,
      kind: kind === "int32" ? ("int32" as const) : ("float32" as const),
    }));
    const ports = portsOf(example, outputs, new Set(graph.inputs.map(({ name }) => name)));
    const session = nextId++;
    await team.prepare({ type: "session", id: session, model: encodeModel(graph), ports });
    return compiledStep({ team, session, ports, chunkShapes: example.chunk, heldOf, sharedOf });
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

interface CompiledParts {
  readonly team: WorkerTeam;
  readonly session: number;
  readonly ports: Ports;
  /** The example's chunk. */
  readonly chunkShapes: Tensors;
  heldOf(resident: Resident): HeldResident;
  sharedOf(held: HeldResident): SharedResident;
}

function compiledStep({ team, session, ports, chunkShapes, heldOf, sharedOf }: CompiledParts): Compiled {
  const chunkNames = ports.inputs.flatMap(({ from, name }) => (from === "chunk" ? [name] : []));
  /** What the step uses of a chunk. */
  const needed = (chunk: Tensors): Tensors =>
    Object.fromEntries(
      chunkNames.map((name) => {
        const value = chunk[name];
        if (value === undefined) {
          throw new RangeError(`the chunk has no tensor "${name}", which the step was compiled for`);
        }
        const expected = chunkShapes[name]?.shape ?? [];
        if (!sameShape(value.shape, expected)) {
          throw new RangeError(`the chunk's tensor "${name}" has shape [${value.shape}], compiled for [${expected}]`);
        }
        return [name, value];
      }),
    );
  /** Runs the groups of chunks that would be summed, each as one task. */
  const run = (resident: Resident, chunks: readonly Tensors[], mode: "map" | "sum" | "update") => {
    const own = heldOf(resident);
    for (const { from, name } of ports.inputs) {
      if (from === "resident" && own.tensors[name] === undefined) {
        throw new RangeError(`the step uses the tensor "${name}", which the resident does not hold`);
      }
    }
    return team.run(
      chunkGroups(chunks.length).map(([first, end]) => ({
        session,
        resident: sharedOf(own),
        chunks: chunks.slice(first, end).map(needed),
        mode,
      })),
    );
  };
  return {
    map: async (resident, chunks) => (await run(resident, chunks, "map")).flat(),
    async sum(resident, chunks) {
      if (chunks.length === 0) {
        throw new RangeError("a sum needs at least one chunk");
      }
      const [total, ...others] = (await run(resident, chunks, "sum")).flat() as [Tensors, ...Tensors[]];
      for (const other of others) {
        addAll(total, other);
      }
      return total;
    },
    async update(resident, chunk) {
      const [[others]] = (await run(resident, [chunk], "update")) as [[Tensors]];
      heldOf(resident).version++;
      return others;
    },
    dispose: () => Promise.resolve(team.tell({ type: "drop", session })),
  };
}
