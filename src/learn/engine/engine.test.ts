import { nn, numpy as np, valueAndGrad } from "@jax-js/jax";
import { afterAll, describe, expect, it } from "vitest";
import type { Arrays, Engine, Step } from "./engine.ts";
import { jaxEngine } from "./jax-engine.ts";
import { onnxEngine } from "./node/index.ts";
import { type Tensors, tensor } from "./tensor.ts";

const engines: [string, () => Promise<Engine>][] = [
  ["jax", jaxEngine],
  ["onnx, 1 thread", () => onnxEngine({ threads: 1 })],
  ["onnx, 2 threads", () => onnxEngine({ threads: 2 })],
];

describe.each(engines)("engine %s", (_, start) => {
  const started = start();
  afterAll(async () => (await started).dispose());

  it("runs values and gradients", async () => {
    const engine = await started;
    const step: Step = (resident, chunk) => {
      const loss = (w: numpyArray, x: numpyArray) => {
        const h = np.matmul(x, w.transpose());
        return np.sum(nn.silu(nn.softmax(h, -1)));
      };
      const [value, gradient] = valueAndGrad(loss)(resident["w"] as numpyArray, chunk["x"] as numpyArray);
      return { value, gradient };
    };
    const resident = await engine.resident({ w: tensor([2, 3], [1, -1, 2, 0.5, 1, -2]), other: tensor([1], [0]) });
    const chunks: Tensors[] = [0, 1, 2].map((i) => ({ x: tensor([2, 3], [i, 1, 2, 3, i, -1]) }));
    const compiled = await engine.compile(step, {
      resident: { w: tensor([2, 3], new Array(6).fill(0)) },
      chunk: chunks[0] as Tensors,
    });
    const outs = await compiled.map(resident, chunks);
    const total = await compiled.sum(resident, chunks);
    console.log(
      outs.map((o) => [o["value"]?.data[0], ...(o["gradient"]?.data ?? [])]),
      total["gradient"]?.data,
    );
    expect(outs).toHaveLength(3);
  });
});
type numpyArray = Arrays[string];
