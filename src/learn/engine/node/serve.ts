import type { MessagePort } from "node:worker_threads";
import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import type { Tensor, Tensors } from "../tensor.ts";
import type { Ports, Reply, Request, SharedResident } from "./protocol.ts";

/**
 * What a worker thread does: keeps sessions of one thread each and copies of the resident tensors, and runs chunks.
 *
 * Its source is handed to the thread as text, so it names nothing outside itself but types.
 */
export function serve(runtime: typeof import("onnxruntime-node"), port: MessagePort, provider: string): void {
  interface Prepared {
    readonly session: InferenceSession;
    readonly ports: Ports;
    readonly feeds: Record<string, OrtTensor>;
    /** Where the outputs are written: the same memory each time, so that no page is touched for the first time. */
    readonly outputs: Record<string, OrtTensor>;
  }
  interface Copy {
    version: number;
    readonly tensors: Record<string, OrtTensor>;
  }
  const sessions = new Map<number, Promise<Prepared>>();
  const residents = new Map<number, Copy>();

  const ortTensor = ({ shape, data }: Tensor): OrtTensor =>
    data instanceof Int32Array
      ? new runtime.Tensor("int32", data, [...shape])
      : new runtime.Tensor("float32", data, [...shape]);

  const prepare = async (model: Uint8Array, ports: Ports): Promise<Prepared> => {
    const session = await runtime.InferenceSession.create(model, {
      executionProviders: [provider],
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: "sequential",
      graphOptimizationLevel: "all",
      // Numbers below 1e-38 cost a hundred times others; Adam's second moments get there.
      extra: { session: { set_denormal_as_zero: "1" } },
    });
    const outputs: Record<string, OrtTensor> = {};
    for (const { name, shape, kind } of ports.outputs) {
      const size = shape.reduce((product, axis) => product * axis, 1);
      outputs[name] = ortTensor({ shape, data: kind === "int32" ? new Int32Array(size) : new Float32Array(size) });
    }
    return { session, ports, feeds: {}, outputs };
  };

  /** This thread's copy of the residents that a step uses: ONNX Runtime does not read shared memory. */
  const refresh = (shared: SharedResident, ports: Ports): Copy => {
    let copy = residents.get(shared.id);
    if (copy === undefined) {
      copy = { version: -1, tensors: {} };
      residents.set(shared.id, copy);
    }
    const stale = copy.version !== shared.version;
    copy.version = shared.version;
    if (stale) {
      for (const [name, tensor] of Object.entries(copy.tensors)) {
        (tensor.data as Float32Array).set((shared.tensors[name] as Tensor).data as Float32Array);
      }
    }
    for (const { from, name } of ports.inputs) {
      if (from === "resident" && copy.tensors[name] === undefined) {
        const { shape, data } = shared.tensors[name] as Tensor;
        copy.tensors[name] = ortTensor({
          shape,
          data: data instanceof Int32Array ? Int32Array.from(data) : Float32Array.from(data),
        });
      }
    }
    return copy;
  };

  const runChunk = async (prepared: Prepared, copy: Copy, chunk: Tensors): Promise<void> => {
    const { session, ports, feeds, outputs } = prepared;
    for (const { port: input, from, name } of ports.inputs) {
      feeds[input] = from === "resident" ? (copy.tensors[name] as OrtTensor) : ortTensor(chunk[name] as Tensor);
    }
    await session.run(feeds, outputs);
  };

  const snapshot = ({ ports, outputs }: Prepared): Record<string, Tensor> =>
    Object.fromEntries(
      ports.outputs.map(({ name, shape }) => [
        name,
        { shape, data: (outputs[name] as OrtTensor).data.slice() as Float32Array | Int32Array },
      ]),
    );

  const addOutputs = ({ outputs }: Prepared, totals: Record<string, Tensor>): void => {
    for (const [name, { data: total }] of Object.entries(totals)) {
      const added = outputs[name]?.data as Float32Array;
      for (let index = 0; index < total.length; index++) {
        total[index] = (total[index] as number) + (added[index] as number);
      }
    }
  };

  /** Replaces residents by the outputs of their names, in the shared memory and in this thread's copy; returns the others. */
  const replace = (prepared: Prepared, shared: SharedResident, copy: Copy): Record<string, Tensor> => {
    const others = snapshot(prepared);
    for (const name of Object.keys(others)) {
      const target = shared.tensors[name];
      if (target !== undefined) {
        const data = others[name]?.data as Float32Array;
        (target.data as Float32Array).set(data);
        (copy.tensors[name]?.data as Float32Array | undefined)?.set(data);
        delete others[name];
      }
    }
    copy.version = shared.version + 1;
    return others;
  };

  const run = async (request: Request & { type: "run" }): Promise<Record<string, Tensor>[]> => {
    const prepared = await (sessions.get(request.session) as Promise<Prepared>);
    const copy = refresh(request.resident, prepared.ports);
    const results: Record<string, Tensor>[] = [];
    for (const chunk of request.chunks) {
      await runChunk(prepared, copy, chunk);
      if (request.mode === "update") {
        results.push(replace(prepared, request.resident, copy));
      } else if (request.mode === "sum" && results[0] !== undefined) {
        addOutputs(prepared, results[0]);
      } else {
        results.push(snapshot(prepared));
      }
    }
    return results;
  };

  const answer = (reply: Reply): void => port.postMessage(reply);
  const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));

  const handle = async (request: Request): Promise<void> => {
    switch (request.type) {
      case "session": {
        const prepared = prepare(request.model, request.ports);
        sessions.set(request.id, prepared);
        await prepared.then(
          () => answer({ type: "ready", id: request.id }),
          (error) => answer({ type: "failed", task: -request.id, message: reason(error) }),
        );
        return;
      }
      case "drop":
        await (await sessions.get(request.session))?.session.release();
        sessions.delete(request.session);
        return;
      case "end":
        port.close();
        return;
      case "run":
        await run(request).then(
          (outputs) => answer({ type: "done", task: request.task, outputs }),
          (error) => answer({ type: "failed", task: request.task, message: reason(error) }),
        );
    }
  };

  // One request after the other: two runs of one session would share its outputs' memory.
  let last = Promise.resolve();
  port.on("message", (request: Request) => {
    last = last.then(() => handle(request));
  });
}
