import { addAll, chunkGroups } from "../chunk-sum.ts";
import type { Compiled, Example, Resident } from "../engine.ts";
import { CHUNK_COUNT, sumOverChunks } from "../onnx/chunk-loop.ts";
import type { Graph, ShapedGraph } from "../onnx/graph.ts";
import { encodeModel } from "../onnx/proto.ts";
import { inputName } from "../onnx/trace.ts";
import { sameShape, type Tensors } from "../tensor.ts";
import type { Input, Ports, SharedResident } from "./protocol.ts";
import type { WorkerTeam } from "./worker-team.ts";

/** A resident's tensors in memory that all threads see. */
export interface HeldResident extends SharedResident {
  version: number;
}

/** What a compiled step is made of. */
interface Parts {
  readonly team: WorkerTeam;
  readonly example: Example;
  /** The step for one chunk. */
  readonly graph: ShapedGraph;
  readonly outputs: Ports["outputs"];
  newId(): number;
  heldOf(resident: Resident): HeldResident;
}

/** A graph on the worker threads. */
interface Program {
  /** The number of its sessions, which are made when it is first asked for. */
  session(): Promise<number>;
  dispose(): Promise<void>;
}

/** The step as it runs on a team of threads: sessions are made when they are first needed. */
export function compiledStep({ team, example, graph, outputs, newId, heldOf }: Parts): Compiled {
  const used = new Set(graph.inputs.map(({ name }) => name));
  const portsOf = (from: "resident" | "chunk", tensors: Tensors) =>
    Object.keys(tensors)
      .map((name) => ({ port: inputName(from, name), from, name }))
      .filter(({ port }) => used.has(port));
  const residents = portsOf("resident", example.resident);
  const ofChunk = portsOf("chunk", example.chunk);
  const one = program({ team, newId, outputs, inputs: [...residents, ...ofChunk], graph: () => graph });
  const looped = program({
    team,
    newId,
    outputs,
    inputs: [
      ...residents,
      ...ofChunk.map((input) => ({ ...input, from: "chunks" as const })),
      { port: CHUNK_COUNT, from: "count", name: "" },
    ],
    graph: () => sumOverChunks(graph, new Set(ofChunk.map(({ port }) => port))),
  });
  /** What the step uses of a chunk. */
  const needed = (chunk: Tensors): Tensors =>
    Object.fromEntries(
      ofChunk.map(({ name }) => {
        const value = chunk[name];
        if (value === undefined) {
          throw new RangeError(`the chunk has no tensor "${name}", which the step was compiled for`);
        }
        const expected = example.chunk[name]?.shape ?? [];
        if (!sameShape(value.shape, expected)) {
          throw new RangeError(`the chunk's tensor "${name}" has shape [${value.shape}], compiled for [${expected}]`);
        }
        return [name, value];
      }),
    );
  /** Runs groups of chunks, each as one task. */
  const run = async (resident: Resident, chunks: readonly Tensors[], mode: "each" | "all" | "update") => {
    const { id, version, tensors } = heldOf(resident);
    for (const { name } of residents) {
      if (tensors[name] === undefined) {
        throw new RangeError(`the step uses the tensor "${name}", which the resident does not hold`);
      }
    }
    const groups = chunkGroups(chunks.length).map(([first, end]) => chunks.slice(first, end).map(needed));
    const session = await (mode === "all" ? looped : one).session();
    return team.run(groups.map((group) => ({ session, resident: { id, version, tensors }, chunks: group, mode })));
  };
  return {
    map: async (resident, chunks) => (await run(resident, chunks, "each")).flat(),
    async sum(resident, chunks) {
      if (chunks.length === 0) {
        throw new RangeError("a sum needs at least one chunk");
      }
      const alone = chunkGroups(chunks.length).length === chunks.length;
      const sums = (await run(resident, chunks, alone ? "each" : "all")).flat();
      const [total, ...others] = sums as [Tensors, ...Tensors[]];
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
    dispose: async () => {
      await Promise.all([one.dispose(), looped.dispose()]);
    },
  };
}

function program(
  parts: Pick<Parts, "team" | "newId" | "outputs"> & { readonly inputs: readonly Input[]; graph(): Graph },
): Program {
  const { team, newId, inputs, outputs, graph } = parts;
  let prepared: Promise<number> | undefined;
  const prepare = async (): Promise<number> => {
    const id = newId();
    await team.prepare({ type: "session", id, model: encodeModel(graph()), ports: { inputs, outputs } });
    return id;
  };
  return {
    session: () => {
      prepared ??= prepare();
      return prepared;
    },
    dispose: async () => {
      // Whoever asked for sessions that could not be made has been told.
      const session = await prepared?.catch(() => undefined);
      if (session !== undefined) {
        team.tell({ type: "drop", session });
      }
    },
  };
}
