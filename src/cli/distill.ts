import type { Command } from "commander";
import type { RunFolder } from "../learn/files/index.ts";
import type { Distilled, DistillProgress, Student } from "../learn/index.ts";
import { InputError } from "../space/index.ts";
import { certificateJson } from "./certified.ts";
import { addDistillOptions, type DistillFlags, type DistillOptions } from "./distill-options.ts";
import type { DistillPlan } from "./distill-plan.ts";
import {
  certifiedStudent,
  type DistillResult,
  type Ended,
  exactly,
  resultText,
  studentWarnings,
  writeStudent,
} from "./distill-result.ts";
import { interruptible } from "./interrupted.ts";
import { openedRun } from "./open-run.ts";
import type { Output } from "./output.ts";
import type { Progress } from "./progress.ts";
import { type RunLog, runLog, shownRun } from "./run-log.ts";
import { count, nats, toJson } from "./text.ts";
import { type EngineMaker, withEngine } from "./trained.ts";

const EXAMPLES = `
The target is a table alone, p ∝ exp R; or ρ·exp(R/β) with a --reference ρ, where R is the sum of the --target, the pattern, count and
length rewards and the --reward module's function. --given cuts it to some responses, and --moment changes it as little as gives the shares
asked for. It is exact wherever it can be a table; a target that is not a plain file is kept as target.safetensors.

Writes student.safetensors, logits that every other command reads, or of a Transformer config.json and model.safetensors; and of the run
run.json, checkpoint.safetensors and log.jsonl, a line a step. A run that Ctrl-C stops saves its state and exits with 130; killed
at any moment it goes on from its last state with --resume, and ends with the same numbers.

Examples:
  arbel distill --target reward.json --student tabular --objective reverse-kl --exact --out student
  arbel distill --reference names.json --pattern-reward '.*ann.*=1' --temperature 0.5 --student tabular \\
    --objective forward-kl --exact --out ann
  arbel distill --reference names.json --moment '.*a=0.5' --student transformer --objective reverse-kl \\
    --samples-per-step 256 --out half
  arbel distill --resume --out half

A module for --reward exports, by default or as "reward", a function (texts, responses) => numbers, or a promise of them: one number
for each response, −Infinity to forbid; responses are token indices.

Keys of --json: steps, kl: { forward: KL(target‖student), reverse: KL(student‖target) }, bounds on both: { paper, sharp }, all null where
there are too many responses, certificate: as arbel certify --json; moments: [{ name, wanted, achieved, standardError, multiplier }] of
the target, logPartition, student, objective, samples, stepMilliseconds: { median }, peakMemoryBytes, engine, threads, seed, warnings.`;

/** `arbel distill`: a target into a student, by any objective, with a certificate. */
export const addDistill = (program: Command, output: Output): void => {
  const command = program
    .command("distill")
    .description("turn a reward, a reference and constraints into a student, and certify it");
  addDistillOptions(command)
    .addHelpText("after", EXAMPLES)
    .action(async (flags: DistillFlags) => {
      const given = Object.keys(flags).filter((name) => command.getOptionValueSource(name) === "cli");
      const { text, result } = await withEngine(output, flags, (engine) => begun(flags, given, engine, output));
      await output.print(flags.json ? `${toJson(result)}\n` : text);
    });
};

const begun = async (flags: DistillFlags, given: readonly string[], engine: EngineMaker, output: Output) => {
  const { distillFiles, distillPlan } = await import("./distill-plan.ts");
  let plan: DistillPlan | undefined;
  const advice = () =>
    plan
      ? `stopped and saved: go on with arbel distill --resume --out ${flags.out}`
      : "stopped before the run began: nothing is written";
  try {
    return await interruptible(advice, async (signal) => {
      const opened = await openedRun<DistillOptions, DistillPlan>(flags, {
        name: "distill",
        given,
        plan: async (options) => {
          plan = await distillPlan(options, engine);
          return plan;
        },
        files: distillFiles,
      });
      signal.throwIfAborted();
      const ended = await run({ ...opened, engine, signal, output, flags });
      opened.folder.finish(ended.result);
      return ended;
    });
  } finally {
    await plan?.dispose();
  }
};

interface Run {
  readonly engine: EngineMaker;
  readonly folder: RunFolder;
  readonly plan: DistillPlan;
  readonly options: DistillOptions;
  readonly signal: AbortSignal;
  readonly output: Output;
  readonly flags: DistillFlags;
}

/** Distils, writes the student and certifies it. */
const run = async (given: Run) => {
  const { plan, options, flags, folder, output, signal } = given;
  const log = runLog<Entry>(folder, folder.resumeNumbers()?.step ?? 0);
  const { student, logPartition } = await distilledBy(given, log);
  try {
    const ended: Ended = { student, table: student.target ? await student.table() : undefined, plan, options };
    await writeStudent(flags.out, ended);
    const certified = await certifiedStudent(flags.out, ended, { output, signal });
    const result: DistillResult = {
      ...exactly(ended),
      certificate: certificateJson(certified),
      moments: plan.moments,
      logPartition: logPartition ?? null,
      student: student.name,
      objective: plan.objective,
      samples: options.steps * (options.samplesPerStep ?? 0),
      stepMilliseconds: { median: log.medianMilliseconds() },
      peakMemoryBytes: 1024 * process.resourceUsage().maxRSS,
      ...(await ranOn(student, given.engine)),
      seed: options.seed,
      warnings: [...plan.warnings, ...studentWarnings(flags.out, ended)],
    };
    return { result, text: resultText(flags.out, result, certified, student) };
  } finally {
    await student.dispose();
  }
};

/** The engine that a Transformer went on; a table needs none. */
const ranOn = async (student: Student, engine: EngineMaker): Promise<Pick<DistillResult, "engine" | "threads">> => {
  if (student.kind !== "transformer") return { engine: null, threads: null };
  const { name, threads } = await engine();
  return { engine: name, threads };
};

/** A line of the log. */
type Entry = Omit<DistillProgress, "steps" | "secondsLeft">;

const distilledBy = async ({ plan, options, flags, folder, signal, output }: Run, log: RunLog<Entry>) => {
  const { distill } = await import("../learn/index.ts");
  const { steps, seed, samplesPerStep, learningRate } = options;
  const resume = folder.resumeNumbers();
  const training = distill({
    target: plan.target,
    student: plan.student,
    objective: plan.objective,
    steps,
    seed,
    ...(samplesPerStep === undefined ? {} : { samplesPerStep }),
    ...(plan.behaviour === undefined ? {} : { behaviour: plan.behaviour }),
    ...(learningRate === undefined ? {} : { learningRate }),
    ...(resume ? { resume } : {}),
    signal,
    checkpoint: {
      seconds: flags.saveEvery,
      save: (state) => {
        log.flush();
        folder.save(state);
      },
    },
  });
  const told = toldBy(plan.objective);
  try {
    return await shownRun<DistillProgress, Distilled>(output, training, (progress) => {
      const { steps: _, secondsLeft: __, ...entry } = progress;
      log.add(entry);
      return told(progress);
    });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new InputError(`the run in ${flags.out}: ${error.message}`, { cause: error });
  }
};

const toldBy = (objective: string) => {
  let known: DistillProgress["kl"];
  return ({ step, steps, value, kl, samplesPerSecond, secondsLeft }: DistillProgress): Progress => {
    known = kl ?? known;
    const parts = [`step ${count(step)}`, `${objective} ${nats(value)}`];
    if (known) parts.push(`KL ${nats(known.forward)}, reverse ${nats(known.reverse)}`);
    if (samplesPerSecond !== undefined) parts.push(`${count(Math.round(samplesPerSecond))} samples/s`);
    return { done: step, total: steps, label: parts.join("  "), secondsLeft };
  };
};
