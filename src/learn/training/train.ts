import type { Engine, Resident } from "../engine/engine.ts";
import type { Tensors } from "../engine/tensor.ts";
import type { Risk } from "../risks/risk.ts";
import { type AdamwOptions, adamw, gradientName } from "./adamw.ts";
import { type CheckpointOptions, saver } from "./saver.ts";
import { stepClock } from "./step-clock.ts";

/** Where a run is: with the run's options it decides all that follows, bit for bit on one engine. */
export interface TrainingState {
  /** Steps made so far. */
  readonly step: number;
  /** Parameters, `adam.*`, and as `memory.*` what the risk remembers. */
  readonly tensors: Tensors;
}

/** What a run consists of. */
export interface TrainOptions extends AdamwOptions {
  readonly engine: Engine;
  readonly risk: Risk;
  /** Parameters to begin with. */
  readonly parameters: Tensors;
  /** Decides, with the number of the step, which data a step uses. */
  readonly seed: number;
  /** Where to go on from; default: from the parameters. */
  readonly resume?: TrainingState;
  /** Least possible risk, in nats, where it is known. */
  readonly entropy?: number;
  /** Tokens that a step learns from, for the speed told. */
  readonly tokensPerStep?: number;
  /** Where states go. */
  readonly checkpoint?: CheckpointOptions<TrainingState>;
  /** Stops the run after the step that it is in; its reason is thrown once the state is saved. */
  readonly signal?: AbortSignal;
}

/** One step of a run. */
export interface TrainingProgress {
  /** Steps made so far, this one included. */
  readonly step: number;
  /** Steps of the whole run. */
  readonly steps: number;
  /** Risk at the weights before this step, in nats; an estimate where the risk is one. */
  readonly risk: number;
  /** Risk less the least possible one, where that is known. */
  readonly gap?: number;
  readonly learningRate: number;
  /** Norm of the whole gradient before clipping. */
  readonly gradientNorm: number;
  readonly stepMilliseconds: number;
  readonly tokensPerSecond?: number;
  /** Estimate from the last steps. */
  readonly secondsLeft: number;
}

/** How a run ended. */
export interface Trained {
  readonly parameters: Tensors;
  /** The trained weights on the engine's side; they stay valid until the engine is disposed of. */
  readonly resident: Resident;
  /** Risk of the trained weights, in nats, by all that the risk knows. */
  readonly risk: number;
}

/**
 * Trains a model: yields after every step, and returns the trained parameters.
 *
 * A run that is killed and resumed from a saved state ends with the same numbers as an undisturbed one, bit for bit with the same
 * engine: a step depends on nothing but the state, the seed and its own number.
 *
 * @throws RangeError where an option is out of its range; Error where the risk is no longer finite; the signal's reason
 * @example
 * ```ts
 * import { targetProbabilities, architecture, exactArmRisk, initialWeights, jaxEngine, train, zipfTarget } from "arbel/learn";
 * import { tree } from "arbel";
 * const engine = await jaxEngine();
 * const space = tree({ tokens: 3, horizon: 2, eos: false });
 * const model = architecture({ kind: "arm", actions: 3, horizon: 2, eos: false, layers: 1, width: 8, heads: 2 });
 * const target = targetProbabilities(zipfTarget(space, { seed: 7 }));
 * const risk = await exactArmRisk({ engine, model, space, target });
 * const run = train({ engine, risk, parameters: initialWeights(model, 7), seed: 7, steps: 5, entropy: risk.entropy });
 * for await (const { step, gap } of run) console.log(step, gap);
 * await engine.dispose();
 * ```
 */
export async function* train(options: TrainOptions): AsyncGenerator<TrainingProgress, Trained, void> {
  const { engine, risk, parameters, seed, steps, signal } = options;
  const optimiser = adamw(parameters, options);
  const initial = { ...parameters, ...optimiser.start, ...options.resume?.tensors };
  const resident = await engine.resident(withoutMemory(initial));
  restoreMemory(risk, initial);
  const update = await engine.compile(optimiser.update, {
    resident: { ...parameters, ...optimiser.start },
    chunk: optimiser.gradient,
  });
  const keep = saver(options.checkpoint, async (step) => ({
    step,
    tensors: { ...(await resident.read()), ...memoryOf(risk) },
  }));
  const clock = stepClock();
  try {
    let step = options.resume?.step ?? 0;
    while (step < steps) {
      if (signal?.aborted) await stopped(signal, () => keep.now(step));
      const { risk: value, gradient } = await risk.gradient(resident, { seed, step });
      const told = await update.update(resident, named(gradient));
      step++;
      const [learningRate, gradientNorm] = [numberOf(told, "learningRate"), numberOf(told, "gradientNorm")];
      checkFinite(step, value, gradientNorm);
      const stepMilliseconds = clock.step();
      yield {
        step,
        steps,
        risk: value,
        ...(options.entropy === undefined ? {} : { gap: value - options.entropy }),
        learningRate,
        gradientNorm,
        stepMilliseconds,
        ...(options.tokensPerStep === undefined
          ? {}
          : { tokensPerSecond: (1000 * options.tokensPerStep) / stepMilliseconds }),
        secondsLeft: ((steps - step) * clock.mean()) / 1000,
      };
      // after the yield: what the caller notes of a step is noted before the state that has made it
      await keep.sometimes(step);
      clock.begin();
    }
    await keep.now(step);
    const tensors = await resident.read();
    const trained = Object.fromEntries(Object.keys(parameters).map((name) => [name, tensors[name] as Tensors[string]]));
    return { parameters: trained, resident, risk: await risk.evaluate(resident) };
  } finally {
    await update.dispose();
  }
}

const named = (gradient: Tensors): Tensors =>
  Object.fromEntries(Object.entries(gradient).map(([name, value]) => [gradientName(name), value]));

const numberOf = (tensors: Tensors, name: string): number => tensors[name]?.data[0] as number;

const checkFinite = (step: number, risk: number, gradientNorm: number): void => {
  if (Number.isFinite(risk) && Number.isFinite(gradientNorm)) return;
  throw new Error(
    `the risk is ${risk} and the gradient's norm ${gradientNorm} at step ${step}: lower the learning rate and begin again`,
  );
};

const stopped = async (signal: AbortSignal, save: () => Promise<void>): Promise<never> => {
  await save();
  throw signal.reason;
};

/** Prefix of what a risk remembers, among a state's tensors. */
export const MEMORY = "memory.";

const withoutMemory = (tensors: Tensors): Tensors =>
  Object.fromEntries(Object.entries(tensors).filter(([name]) => !name.startsWith(MEMORY)));

const restoreMemory = (risk: Risk, tensors: Tensors): void => {
  if (!risk.memory) return;
  const saved = Object.entries(tensors).filter(([name]) => name.startsWith(MEMORY));
  if (saved.length === 0) return;
  risk.memory.write(Object.fromEntries(saved.map(([name, value]) => [name.slice(MEMORY.length), value])));
};

const memoryOf = (risk: Risk): Tensors =>
  Object.fromEntries(Object.entries(risk.memory?.read() ?? {}).map(([name, value]) => [`${MEMORY}${name}`, value]));

/** Shapes of the tensors of a state but what the risk remembers, for checking one that was saved. */
export const stateShapes = (parameters: Tensors): Record<string, readonly number[]> => {
  const { start } = adamw(parameters, { steps: 1 });
  return Object.fromEntries(Object.entries({ ...parameters, ...start }).map(([name, { shape }]) => [name, shape]));
};
