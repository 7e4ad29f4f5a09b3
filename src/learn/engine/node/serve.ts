import type { MessagePort } from "node:worker_threads";
import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import type { Tensor, Tensors } from "../tensor.ts";
import type { Input, Ports, Reply, Request, SharedResident } from "./protocol.ts";

/**
 * What a worker thread does: keeps sessions of one thread each and copies of the resident tensors, and runs chunks.
 *
 * Its source is handed to the thread as text, so it names nothing outside itself but types.
 */
export function serve(runtime: typeof import("onnxruntime-node"), port: MessagePort, provider: string): void {
  interface Prepared {
    readonly session: InferenceSession;
    readonly ports: Ports;
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
      // A plan of memory comes on top of what the first run has allocated without one: 25 MB for a large gradient, and no time.
      enableMemPattern: false,
      // Numbers below 1e-38 cost a hundred times others; Adam's second moments get there.
      extra: { session: { set_denormal_as_zero: "1" } },
    });
    return { session, ports };
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

  /** A tensor of every chunk, side by side. */
  const stacked = (name: string, chunks: readonly Tensors[]): OrtTensor => {
    const first = (chunks[0] as Tensors)[name] as Tensor;
    const size = first.data.length;
    const data =
      first.data instanceof Int32Array ? new Int32Array(chunks.length * size) : new Float32Array(chunks.length * size);
    chunks.forEach((chunk, index) => {
      data.set((chunk[name] as Tensor).data, index * size);
    });
    return ortTensor({ shape: [chunks.length, ...first.shape], data });
  };

  const feedOf = ({ from, name }: Input, copy: Copy, chunks: readonly Tensors[]): OrtTensor => {
    switch (from) {
      case "resident":
        return copy.tensors[name] as OrtTensor;
      case "chunk":
        return ortTensor((chunks[0] as Tensors)[name] as Tensor);
      case "chunks":
        return stacked(name, chunks);
      case "count":
        return new runtime.Tensor("int64", BigInt64Array.of(BigInt(chunks.length)), []);
    }
  };

  /** ONNX Runtime gives copies of what it has computed, in memory of their own. */
  const runSession = async ({ session, ports }: Prepared, copy: Copy, chunks: readonly Tensors[]) => {
    const results = await session.run(
      Object.fromEntries(ports.inputs.map((input) => [input.port, feedOf(input, copy, chunks)])),
    );
    const outputs: Record<string, Tensor> = {};
    for (const { name, shape } of ports.outputs) {
      outputs[name] = { shape, data: (results[name] as OrtTensor).data as Float32Array | Int32Array };
    }
    return outputs;
  };

  /** Replaces residents by the outputs of their names, in the shared memory and in this thread's copy; returns the others. */
  const replace = (outputs: Record<string, Tensor>, shared: SharedResident, copy: Copy): Record<string, Tensor> => {
    const others: Record<string, Tensor> = {};
    for (const [name, output] of Object.entries(outputs)) {
      const target = shared.tensors[name];
      if (target === undefined) {
        others[name] = output;
      } else {
        (target.data as Float32Array).set(output.data as Float32Array);
        (copy.tensors[name]?.data as Float32Array | undefined)?.set(output.data as Float32Array);
      }
    }
    copy.version = shared.version + 1;
    return others;
  };

  const run = async ({
    session,
    resident,
    chunks,
    mode,
  }: Request & { type: "run" }): Promise<Record<string, Tensor>[]> => {
    const prepared = await (sessions.get(session) as Promise<Prepared>);
    const copy = refresh(resident, prepared.ports);
    const runs = mode === "all" ? [chunks] : chunks.map((chunk) => [chunk]);
    const results: Record<string, Tensor>[] = [];
    for (const each of runs) {
      const outputs = await runSession(prepared, copy, each);
      results.push(mode === "update" ? replace(outputs, resident, copy) : outputs);
    }
    return results;
  };

  /** Moves the numbers of the outputs to the thread that asked. */
  const give = (task: number, outputs: readonly Record<string, Tensor>[]): void =>
    port.postMessage(
      { type: "done", task, outputs } satisfies Reply,
      outputs.flatMap((each) => Object.values(each).map(({ data }) => data.buffer as ArrayBuffer)),
    );
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
          (outputs) => give(request.task, outputs),
          (error) => answer({ type: "failed", task: request.task, message: reason(error) }),
        );
    }
  };

  // One request after the other: a thread has one core.
  let last = Promise.resolve();
  port.on("message", (request: Request) => {
    last = last.then(() => handle(request));
  });
}
