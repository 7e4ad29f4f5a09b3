import type { Tree } from "../../../space/index.ts";
import type { Engine, Resident } from "../../engine/engine.ts";
import { type Tensors, tensor } from "../../engine/tensor.ts";
import { tableOfFlat } from "../../flat-space.ts";
import { type Architecture, architecture, parameterCount, parameterShapes } from "../../models/architecture.ts";
import { initialWeights } from "../../models/initialise.ts";
import { checkModel, rowsPerChunk } from "../../risks/chunks.ts";
import { drawGenerator } from "../../risks/draw.ts";
import { prefixChunks } from "../../risks/prefixes.ts";
import { type ScoredTarget, type TableTarget, tableTarget } from "../scored-target.ts";
import { type Choose, type DrawnTrie, drawing, following, growTrie } from "./drawn-trie.ts";
import { type Layout, layoutOf } from "./layout.ts";
import type { ResponseView, Student, StudentMaker, StudentRun, StudentView } from "./student.ts";
import { studentOptimiser } from "./student-optimiser.ts";
import { supportOf } from "./support.ts";
import { type TransformerSteps, transformerSteps } from "./transformer-steps.ts";
import { isEnumerable, treeOf, unroll } from "./unroll.ts";

/** Which Transformer, and where it runs. */
export interface TransformerStudentOptions {
  readonly engine: Engine;
  /** Default 2. */
  readonly layers?: number;
  /** Default 64. */
  readonly width?: number;
  /** Default 4. */
  readonly heads?: number;
  /** Width of the SwiGLU; default as `architecture` has it. */
  readonly hidden?: number;
  /** A trained model to begin at, instead of random weights of the sizes above. */
  readonly from?: { readonly model: Architecture; readonly parameters: Tensors };
  /** Rows of activations in a chunk (default: half as many as stay in a core's cache, so that two threads share a step's). */
  readonly rows?: number;
}

/**
 * A causal Transformer, float32 on an engine, whose weights Adam keeps in float64.
 *
 * Exact expectations go through all prefixes of the tree of the target's tokens, horizon and EOS; from responses it needs only the
 * prefixes that they pass, each once, so that the space may be far too large to enumerate. On a target that is an automaton
 * it takes only actions that lead on there.
 *
 * @throws RangeError where a size is out of range
 * @example
 * ```ts
 * import { distill, jaxEngine, transformerStudent, zipfTarget } from "arbel/learn";
 * import { tree } from "arbel";
 * const engine = await jaxEngine();
 * const target = zipfTarget(tree({ tokens: 3, horizon: 2, eos: false }), { seed: 7 });
 * const student = transformerStudent({ engine, layers: 1, width: 8, heads: 2 });
 * const run = distill({ target, student, objective: "reverse-kl", steps: 5, samplesPerStep: 16, seed: 7 });
 * for await (const { step, kl } of run) console.log(step, kl?.reverse);
 * await engine.dispose();
 * ```
 */
export const transformerStudent = (options: TransformerStudentOptions): StudentMaker => {
  const { engine, layers = 2, width = 64, heads = 4, hidden, from } = options;
  return {
    kind: "transformer",
    name: "transformer",
    make: (target, run) => {
      const space = treeOf(target.space);
      const { actions, horizon, eos } = space;
      const sizes = { layers, width, heads, ...(hidden === undefined ? {} : { hidden }) };
      const model = from?.model ?? architecture({ kind: "arm", actions, horizon, eos, ...sizes });
      checkModel(model, "arm", space);
      if (model.prompts > 0) throw new RangeError("a student must be a model without prompts");
      const parameters = from ? checkedParameters(model, from.parameters) : initialWeights(model, run.seed);
      return make({
        engine,
        model,
        space,
        target,
        run,
        parameters,
        rows: options.rows ?? Math.ceil(rowsPerChunk(model) / 2),
      });
    },
  };
};

const checkedParameters = (model: Architecture, parameters: Tensors): Tensors => {
  for (const [name, shape] of Object.entries(parameterShapes(model))) {
    const found = parameters[name];
    if (found?.shape.join() !== shape.join()) {
      throw new RangeError(
        `the parameter "${name}" must have shape [${shape}], got ${found ? `[${found.shape}]` : "none"}`,
      );
    }
  }
  return parameters;
};

interface Parts {
  readonly engine: Engine;
  readonly model: Architecture;
  readonly space: Tree;
  readonly target: ScoredTarget;
  readonly run: StudentRun;
  readonly parameters: Tensors;
  readonly rows: number;
}

/** Largest learning rate and norm of the gradient, as for training. */
const LEARNING_RATE = 1e-3;
const CLIP = 1;

const make = ({ engine, model, space, target, run, parameters, rows }: Parts): Student => {
  const optimiser = studentOptimiser(parameters, { run, learningRate: LEARNING_RATE, clip: CLIP });
  const weights = engine.resident(parameters);
  const at: Place = { model, rows, weights, steps: transformerSteps(engine, model, rows) };
  const support = supportOf(target);
  const all = isEnumerable(space) ? everything(at, target, space) : undefined;
  const grown = (count: number, choose: Choose) => growTrie({ ...at, support, count, choose });
  const rounded = (): Tensors =>
    Object.fromEntries(
      Object.entries(parameters).map(([name, { shape }]) => [
        name,
        tensor(shape, new Float32Array(optimiser.view(name))),
      ]),
    );
  // the same memory at every step, so that there is none to collect
  const sent = rounded();
  const send = () => {
    for (const [name, { data }] of Object.entries(sent)) data.set(optimiser.view(name));
    weights.write(sent);
  };
  return {
    kind: "transformer",
    name: `transformer:${model.layers}x${model.width}`,
    space,
    architecture: model,
    parameterCount: parameterCount(model),
    ...(all?.target ? { target: all.target } : {}),
    table: async () => (all ?? tooLarge()).table(),
    whole: async () => (all ?? tooLarge()).view(),
    parameters: () => Promise.resolve(rounded()),
    draw: async (count, draw) => {
      const drawn = await grown(count, drawing(drawGenerator(draw), model.actions));
      return responseView(at, drawn, drawn.logProbabilities);
    },
    along: async (given, logProposal) => responseView(at, await grown(given.count, following(given)), logProposal),
    descend: (gradient) => {
      const step = optimiser.descend(gradient);
      send();
      return Promise.resolve(step);
    },
    state: () => Promise.resolve(optimiser.state()),
    restore: (state) => {
      optimiser.restore(state);
      send();
    },
    dispose: () => at.steps.dispose(),
  };
};

/** A model, and where its weights are as they change. */
interface Place {
  readonly model: Architecture;
  readonly steps: TransformerSteps;
  readonly weights: Resident;
  readonly rows: number;
}

const tooLarge = (): never => {
  throw new RangeError("the student's tree has too many responses to go through all: draw samples instead");
};

/** What is there where all prefixes of the tree can be gone through. */
const everything = ({ model, rows, weights, steps }: Place, target: ScoredTarget, space: Tree) => {
  const { flat, live, rewards, unrolled } = onTree(target, space);
  const prefixes = prefixChunks(model, space.tokens.length, space.horizon, rows);
  const logits = async () =>
    Float64Array.from(await steps.logits(weights, prefixes), (logit, arc) => (live[arc] === 1 ? logit : -Infinity));
  return {
    ...(unrolled ? { target: unrolled } : {}),
    table: async () => tableOfFlat(flat, "logits", await logits()),
    view: async (): Promise<StudentView> => ({
      graph: flat,
      live,
      logits: await logits(),
      closed: true,
      ...(rewards ? { rewards } : {}),
      pull: (cotangent) => steps.pull(weights, prefixes, cotangent),
    }),
  };
};

/** The target on the tree, laid out. */
const onTree = (target: ScoredTarget, space: Tree): Layout & { readonly unrolled?: TableTarget } => {
  if (target.kind === "function") return layoutOf(target);
  const unrolled = target.space.kind === "tree" ? target : tableTarget(unroll(target.reward, space));
  return { ...layoutOf(unrolled), unrolled };
};

const responseView = (
  { steps, weights }: Place,
  { rows: responses, trie, logits, arcs, offsets }: DrawnTrie,
  logProposal?: Float64Array,
): ResponseView => {
  const graph = trie.graph();
  return {
    graph,
    live: trie.live,
    logits,
    closed: false,
    ...(trie.rewards ? { rewards: trie.rewards } : {}),
    rows: responses,
    batch: { count: responses.count, spaceArcs: graph.arcs, arcs, offsets, ...(logProposal ? { logProposal } : {}) },
    pull: (cotangent) => steps.pullTrie(weights, trie, cotangent),
  };
};
