import { defaultDevice, init, jit, type numpy } from "@jax-js/jax";
import { type ChunkSum, chunkSum } from "./chunk-sum.ts";
import type { Arrays, Compiled, Engine, Example, Resident, Step } from "./engine.ts";
import { residentCheck } from "./resident-check.ts";
import { type Tensor, type Tensors, tensor } from "./tensor.ts";
import { upload } from "./upload.ts";

/** The numbers of an array, which is consumed. */
async function download(array: numpy.Array): Promise<Tensor> {
  const shape = array.shape;
  const data = await array.data();
  return tensor(shape, data instanceof Int32Array ? data.slice() : Float32Array.from(data));
}

async function downloadAll(arrays: Arrays): Promise<Tensors> {
  const tensors: Record<string, Tensor> = {};
  for (const [name, array] of Object.entries(arrays)) {
    tensors[name] = await download(array);
  }
  return tensors;
}

/** The resident's arrays, which only this engine can read. */
const held = new WeakMap<Resident, Arrays>();

function arraysOf(resident: Resident): Arrays {
  const arrays = held.get(resident);
  if (arrays === undefined) {
    throw new TypeError("this resident belongs to another engine; make it with this engine's resident()");
  }
  return arrays;
}

function jaxResident(initial: Tensors): Resident {
  const shapes = Object.fromEntries(Object.entries(initial).map(([name, { shape }]) => [name, shape]));
  const arrays: Arrays = Object.fromEntries(Object.entries(initial).map(([name, value]) => [name, upload(value)]));
  const resident: Resident = {
    shapes,
    read: () => downloadAll(Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, array.ref]))),
    write(tensors) {
      residentCheck(shapes, tensors);
      for (const [name, value] of Object.entries(tensors)) {
        arrays[name]?.dispose();
        arrays[name] = upload(value);
      }
    },
  };
  held.set(resident, arrays);
  return resident;
}

function compiled(step: Step, example: Example): Compiled {
  const used = Object.keys(example.resident);
  const jitted = jit((resident: Arrays, chunk: Arrays) => step(resident, chunk));
  const start = (resident: Resident, chunk: Tensors): Arrays => {
    const arrays = arraysOf(resident);
    const weights: Arrays = {};
    for (const name of used) {
      const array = arrays[name];
      if (array === undefined) {
        throw new RangeError(`the step uses the tensor "${name}", which the resident does not hold`);
      }
      weights[name] = array.ref;
    }
    return jitted(weights, Object.fromEntries(Object.entries(chunk).map(([name, value]) => [name, upload(value)])));
  };
  return {
    async map(resident, chunks) {
      const outputs: Tensors[] = [];
      for (const chunk of chunks) {
        outputs.push(await downloadAll(start(resident, chunk)));
      }
      return outputs;
    },
    async sum(resident, chunks) {
      const total: ChunkSum = chunkSum(chunks.length);
      for (const chunk of chunks) {
        total.add(await downloadAll(start(resident, chunk)));
      }
      return total.value();
    },
    update(resident, chunk) {
      const arrays = arraysOf(resident);
      const others: Arrays = {};
      for (const [name, array] of Object.entries(start(resident, chunk))) {
        if (name in arrays) {
          arrays[name]?.dispose();
          arrays[name] = array;
        } else {
          others[name] = array;
        }
      }
      return downloadAll(others);
    },
    dispose: () => Promise.resolve(jitted.dispose()),
  };
}

/**
 * The engine that needs nothing but jax-js: WebAssembly, in Node and in the browser; one thread.
 *
 * @example
 * ```ts
 * import { jaxEngine, tensor } from "arbel/learn";
 *
 * const engine = await jaxEngine();
 * const resident = engine.resident({ w: tensor([2], [1, 2]) });
 * const double = await engine.compile(({ w }, { x }) => ({ y: w.mul(x) }), {
 *   resident: { w: tensor([2], [0, 0]) },
 *   chunk: { x: tensor([2], [0, 0]) },
 * });
 * console.log(await double.map(resident, [{ x: tensor([2], [3, 4]) }]));
 * await engine.dispose();
 * ```
 */
export async function jaxEngine(): Promise<Engine> {
  await init("wasm");
  defaultDevice("wasm");
  return {
    name: "jax",
    threads: 1,
    resident: jaxResident,
    compile: (step, example) => Promise.resolve(compiled(step, example)),
    dispose: () => Promise.resolve(),
  };
}
