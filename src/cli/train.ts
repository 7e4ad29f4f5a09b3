import { join } from "node:path";
import type { Command } from "commander";
import type { RunFolder } from "../learn/files/index.ts";
import type { Engine, TrainingProgress } from "../learn/index.ts";
import { engineOf } from "./engine.ts";
import { interruptible } from "./interrupted.ts";
import { openedRun } from "./open-run.ts";
import type { Output } from "./output.ts";
import type { Progress } from "./progress.ts";
import { runLog, shownRun } from "./run-log.ts";
import { columns, count, nats, toJson } from "./text.ts";
import { addTrainOptions, type Decisive, type TrainFlags } from "./train-options.ts";
import type { Plan } from "./train-plan.ts";

const EXAMPLES = `
Writes config.json, model.safetensors (as Hugging Face's LlamaForCausalLM has them), tokenizer.json for text, and of the run
run.json, checkpoint.safetensors and log.jsonl, a line a step. A run that Ctrl-C stops saves its state and exits with 130;
killed at any moment it goes on from its last state with --resume, and ends with the same numbers.

Examples:
  arbel train --model ebm --tokens 8 --horizon 4 --target zipf --steps 1500 --out ebm
  arbel train --text novel.txt --tokenizer bpe:512 --layers 3 --width 96 --out novel
  arbel train --resume --out novel

Keys of --json: steps, risk, entropy and gap (null where unknown), stepMilliseconds: { median }, peakMemoryBytes, engine, threads, seed;
for text also bitsPerCharacter. Risks are in nats: of a response, or of a held-out token of text.`;

/** `arbel train`: a Transformer on a target distribution or on text. */
export const addTrain = (program: Command, output: Output): void => {
  const command = program.command("train").description("train a Transformer on a target over responses, or on text");
  addTrainOptions(command)
    .addHelpText("after", EXAMPLES)
    .action(async (flags: TrainFlags) => {
      const given = Object.keys(flags).filter((name) => command.getOptionValueSource(name) === "cli");
      const { filesOf, planOf } = await import("./train-plan.ts");
      const { folder, plan, options } = await openedRun<Decisive, Plan>(flags, {
        name: "train",
        given,
        plan: planOf,
        files: filesOf,
      });
      const advice = () => `stopped and saved: go on with arbel train --resume --out ${flags.out}`;
      const result = await interruptible(advice, async (signal) => {
        const engine = await engineOf(flags, output);
        try {
          return await run({ engine, folder, plan, options, signal, output, flags });
        } finally {
          await engine.dispose();
        }
      });
      folder.finish(result);
      await output.print(flags.json ? `${toJson(result)}\n` : textFor(flags.out, result));
    });
};

/** What `arbel train --json` prints. */
interface Result {
  readonly steps: number;
  readonly risk: number;
  readonly entropy: number | null;
  readonly gap: number | null;
  readonly bitsPerCharacter?: number;
  readonly stepMilliseconds: { readonly median: number };
  readonly peakMemoryBytes: number;
  readonly engine: string;
  readonly threads: number;
  readonly seed: number;
}

const run = async (given: {
  readonly engine: Engine;
  readonly folder: RunFolder;
  readonly plan: Plan;
  readonly options: Decisive;
  readonly signal: AbortSignal;
  readonly output: Output;
  readonly flags: TrainFlags;
}): Promise<Result> => {
  const { engine, folder, plan, options, signal, output, flags } = given;
  const { bitsPerCharacter, stateShapes, train } = await import("../learn/index.ts");
  const { writeModel } = await import("../learn/files/index.ts");
  const { parameters, risk, entropy, tokensPerStep } = await plan.task(engine);
  const resume = folder.resume(stateShapes(parameters));
  const log = runLog<Entry>(folder, resume?.step ?? 0);
  const training = train({
    engine,
    risk,
    parameters,
    seed: options.seed,
    ...plan.optimiser,
    ...(resume ? { resume } : {}),
    ...(entropy === undefined ? {} : { entropy }),
    tokensPerStep,
    signal,
    checkpoint: {
      seconds: flags.saveEvery,
      save: (state) => {
        log.flush();
        folder.save(state);
      },
    },
  });
  const trained = await shownRun(output, training, (progress) => {
    const { steps: _, secondsLeft: __, ...entry } = progress;
    log.add(entry);
    return toldOf(progress);
  });
  writeModel(flags.out, {
    architecture: plan.architecture,
    tokens: plan.tokens,
    parameters: trained.parameters,
    ...(plan.corpus ? { tokenizer: plan.corpus.tokenizer } : {}),
  });
  return {
    steps: plan.optimiser.steps,
    risk: trained.risk,
    entropy: entropy ?? null,
    gap: entropy === undefined ? null : trained.risk - entropy,
    ...(plan.corpus ? { bitsPerCharacter: bitsPerCharacter(trained.risk, plan.corpus) } : {}),
    stepMilliseconds: { median: log.medianMilliseconds() },
    peakMemoryBytes: 1024 * process.resourceUsage().maxRSS,
    engine: engine.name,
    threads: engine.threads,
    seed: options.seed,
  };
};

/** A line of the log. */
type Entry = Omit<TrainingProgress, "steps" | "secondsLeft">;

const toldOf = ({ step, steps, risk, gap, tokensPerSecond, secondsLeft }: TrainingProgress): Progress => {
  const parts = [`step ${count(step)}`, `risk ${risk.toFixed(4)}`];
  if (gap !== undefined) parts.push(`gap ${gap.toFixed(4)}`);
  if (tokensPerSecond !== undefined) parts.push(`${count(Math.round(tokensPerSecond))} tokens/s`);
  return { done: step, total: steps, label: parts.join("  "), secondsLeft };
};

const textFor = (out: string, result: Result): string => {
  const { steps, risk, entropy, gap, bitsPerCharacter, stepMilliseconds, peakMemoryBytes, engine, threads, seed } =
    result;
  const rows = [
    ["steps", count(steps), ""],
    ["risk", nats(risk), bitsPerCharacter === undefined ? "nats" : "nats a held-out token"],
    ...(entropy === null || gap === null
      ? []
      : [
          ["entropy of the target", nats(entropy), "nats"],
          ["gap", nats(gap), "nats"],
        ]),
    ...(bitsPerCharacter === undefined ? [] : [["held-out text", bitsPerCharacter.toFixed(4), "bits a character"]]),
    ["a step takes", stepMilliseconds.median.toFixed(1), "ms, median"],
    ["peak memory", (peakMemoryBytes / 2 ** 20).toFixed(0), "MiB"],
    ["engine", engine, `${threads} ${threads === 1 ? "thread" : "threads"}`],
    ["seed", String(seed), ""],
  ];
  return `${columns(rows, [0, 2])}\nwrote ${join(out, "model.safetensors")}\n`;
};
