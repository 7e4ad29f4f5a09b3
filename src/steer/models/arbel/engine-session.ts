import {
  type Architecture,
  armContinuation,
  type Compiled,
  type Engine,
  headWidth,
  type Tensors,
  tensor,
} from "../../../learn/index.ts";
import type { DecoderOutput, DecoderSession, KeysAndValues } from "../decoder/decoder-session.ts";

/** Sequences of one chunk; the smallest that holds them is compiled and run, and an engine's threads share the chunks. */
const BATCHES = [1, 4, 16];

/** A decoder of our own that our engine runs, wherever that is. */
export const engineSession = (engine: Engine, model: Architecture, parameters: Tensors): DecoderSession => {
  const { layers, heads, horizon, actions } = model;
  const width = headWidth(model);
  const parts = Array.from({ length: 2 * layers }, () => ({ heads, width }));
  const resident = engine.resident(parameters);
  const step = armContinuation(model);
  const compiled = new Map<string, Promise<Compiled>>();
  const compiledFor = (rows: number, fresh: number): Promise<Compiled> => {
    const key = `${rows} ${fresh}`;
    const known = compiled.get(key);
    if (known) return known;
    const chunk = chunkOf(model, new Array<number[]>(rows).fill([]), fresh, { rows, length: 0, parts: [] }, 0);
    const made = engine.compile(step, { resident: parameters, chunk });
    compiled.set(key, made);
    return made;
  };
  return {
    vocabulary: actions,
    parts,
    run: async (tokens, past): Promise<DecoderOutput> => {
      const fresh = tokens[0]?.length ?? 0;
      const room = fresh === 1 ? 1 : horizon;
      const size = BATCHES.find((each) => each >= tokens.length) ?? (BATCHES.at(-1) as number);
      const starts = Array.from({ length: Math.ceil(tokens.length / size) }, (_, index) => index * size);
      const chunks = starts.map((start) => {
        const rows = tokens.slice(start, start + size);
        return chunkOf(model, [...rows, ...new Array<number[]>(size - rows.length).fill([])], room, past, start);
      });
      const outputs = await (await compiledFor(size, room)).map(resident, chunks);
      return joined({ outputs, size, room, fresh, tokens, past, model, shapes: parts });
    },
    dispose: async () => {
      for (const each of compiled.values()) await (await each).dispose();
    },
  };
};

/** Inputs of one chunk: rows of tokens, filled up to `fresh`, and the past of those rows, filled up to the horizon. */
const chunkOf = (
  model: Architecture,
  rows: readonly (readonly number[])[],
  fresh: number,
  past: KeysAndValues,
  start: number,
): Tensors => {
  const { layers, heads, horizon } = model;
  const width = headWidth(model);
  const tokens = rows.flatMap((row) => Array.from({ length: fresh }, (_, place) => row[place] ?? 0));
  const seen = new Int32Array(fresh * (horizon + fresh));
  for (let query = 0; query < fresh; query++) {
    const first = query * (horizon + fresh);
    seen.fill(1, first, first + past.length);
    seen.fill(1, first + horizon, first + horizon + query + 1);
  }
  const positions = Int32Array.from({ length: fresh }, (_, place) => Math.min(past.length + place, horizon - 1));
  const chunk: Record<string, Tensors[string]> = {
    tokens: tensor([rows.length, fresh], Int32Array.from(tokens)),
    positions: tensor([fresh], positions),
    seen: tensor([fresh, horizon + fresh], seen),
  };
  for (let part = 0; part < 2 * layers; part++) {
    const data = new Float32Array(rows.length * heads * horizon * width);
    const from = past.parts[part];
    const size = past.length * width;
    for (let block = 0; from && block < rows.length * heads; block++) {
      const source = (start * heads + block) * size;
      if (source < from.length) data.set(from.subarray(source, source + size), block * horizon * width);
    }
    chunk[`past.${part}`] = tensor([rows.length, heads, horizon, width], data);
  }
  return chunk;
};

/** The chunks' outputs as one, without what they were filled up with. */
const joined = (given: {
  readonly outputs: readonly Tensors[];
  readonly size: number;
  readonly room: number;
  readonly fresh: number;
  readonly tokens: readonly (readonly number[])[];
  readonly past: KeysAndValues;
  readonly model: Architecture;
  readonly shapes: DecoderSession["parts"];
}): DecoderOutput => {
  const { outputs, size, room, fresh, tokens, past, model, shapes } = given;
  const rows = tokens.length;
  const length = past.length + fresh;
  const numbers = (row: number, name: string) => outputs[Math.floor(row / size)]?.[name]?.data as Float32Array;
  const logits = new Float32Array(rows * fresh * model.actions);
  for (let row = 0; row < rows; row++) {
    const start = (row % size) * room * model.actions;
    logits.set(numbers(row, "logits").subarray(start, start + fresh * model.actions), row * fresh * model.actions);
  }
  const parts = shapes.map(({ heads, width }, part) => {
    const out = new Float32Array(rows * heads * length * width);
    const old = past.parts[part] as Float32Array;
    for (let row = 0; row < rows; row++) {
      const added = numbers(row, `new.${part}`);
      for (let head = 0; head < heads; head++) {
        const block = row * heads + head;
        out.set(old.subarray(block * past.length * width, (block + 1) * past.length * width), block * length * width);
        const start = ((row % size) * heads + head) * room * width;
        out.set(added.subarray(start, start + fresh * width), (block * length + past.length) * width);
      }
    }
    return out;
  });
  return { logits, present: { rows, length, parts } };
};
