import { join } from "node:path";
import { armOf, compare, countSupport } from "../bellman/index.ts";
import type { Student, Tensors } from "../learn/index.ts";
import { writeTable } from "../space/files/index.ts";
import { countResponses, type Table, tree } from "../space/index.ts";
import { type Certified, type certificateJson, certifyBySamples, certifyTables } from "./certified.ts";
import { certificateText } from "./certify-text.ts";
import type { DistillOptions } from "./distill-options.ts";
import type { DistillPlan } from "./distill-plan.ts";
import type { Output } from "./output.ts";
import { columns, count, nats } from "./text.ts";
import { STUDENT_FILE, tooManyFor } from "./trained.ts";

/** A student that has been distilled. */
export interface Ended {
  readonly student: Student;
  /** Its table, where all its responses can be gone through. */
  readonly table: Table | undefined;
  readonly plan: DistillPlan;
  readonly options: DistillOptions;
}

/** What `arbel distill --json` prints. */
export interface DistillResult {
  readonly steps: number;
  /** `forward` is `KL(target‖student)`, `reverse` is `KL(student‖target)`, in nats. */
  readonly kl: { readonly forward: number | null; readonly reverse: number | null };
  /** Bounds on both divergences, in nats: theory §6.1 and §6.3. */
  readonly bounds: { readonly paper: number | null; readonly sharp: number | null };
  readonly certificate: ReturnType<typeof certificateJson>;
  readonly moments: DistillPlan["moments"];
  readonly logPartition: number | null;
  readonly student: string;
  readonly objective: string;
  readonly samples: number;
  readonly stepMilliseconds: { readonly median: number };
  readonly peakMemoryBytes: number;
  readonly engine: string | null;
  readonly threads: number | null;
  readonly seed: number;
  readonly warnings: readonly string[];
}

/** The file of a folder that holds a target made of several files and options. */
const TARGET_FILE = "target.safetensors";

/** Writes what other commands read, and a target that no file holds yet. */
export const writeStudent = async (out: string, { student, table, plan }: Ended): Promise<void> => {
  if (plan.composed) writeTable(join(out, TARGET_FILE), plan.composed);
  if (!student.architecture) {
    writeTable(join(out, STUDENT_FILE), table ?? (await student.table()));
    return;
  }
  const { writeModel } = await import("../learn/files/index.ts");
  const parameters = (await student.parameters()) as Tensors;
  writeModel(out, { architecture: student.architecture, tokens: student.space.tokens, parameters });
};

/** The certificate of a student: beside exact values where there are any, else by its samples alone. */
export const certifiedStudent = async (
  out: string,
  { student, table, plan, options }: Ended,
  context: { readonly output: Output; readonly signal: AbortSignal },
): Promise<Certified> => {
  const how = { samples: options.certifySamples, seed: options.seed };
  if (table && student.target) {
    const { reward, arm } = student.target;
    return certifyTables([out, "the target"], { table, arm: armOf(table) }, { table: reward, arm }, how);
  }
  const { studentSampler } = await import("../learn/index.ts");
  const { space } = student;
  const reason = plan.target.kind === "function" ? "the target only scores given responses" : await tooManyFor(space);
  return certifyBySamples(studentSampler(student), plan.judge, { ...context, ...how, space, reason });
};

/** What is to be known of a student that its folder does not say. */
export const studentWarnings = (out: string, { student, plan }: Ended): string[] => {
  if (student.kind !== "transformer") return [];
  const { target } = plan;
  const allowed = target.kind === "table" ? target.arm : target.within;
  const { tokens, horizon, eos } = target.space;
  if (!allowed || countSupport(allowed) === countResponses(tree({ tokens, horizon, eos }))) return [];
  return [
    `the student was kept to responses that the target allows, here and in its certificate; the model in ${out} is not, and gives others a probability`,
  ];
};

/** Exact divergences and bounds, null where there are too many responses. */
export const exactly = ({ student, table, options }: Ended): Pick<DistillResult, "steps" | "kl" | "bounds"> => {
  const { steps } = options;
  if (!table || !student.target) {
    return { steps, kl: { forward: null, reverse: null }, bounds: { paper: null, sharp: null } };
  }
  const { kl, bounds } = compare(student.target.arm, table);
  return { steps, kl, bounds: { paper: bounds.paper, sharp: bounds.sharp } };
};

/** The result for people. */
export const resultText = (out: string, result: DistillResult, certified: Certified, student: Student): string => {
  const { steps, kl, bounds, stepMilliseconds, peakMemoryBytes, engine, threads, warnings } = result;
  const known = (x: number | null) => (x === null ? "?" : nats(x));
  const rows = [
    ["steps", count(steps), result.objective],
    ["student", result.student, `${count(student.parameterCount)} parameters`],
    ["KL(target‖student)", known(kl.forward), "nats"],
    ["KL(student‖target)", known(kl.reverse), "nats"],
    ["sharp bound on both", known(bounds.sharp), "nats, T·h(range)"],
    ["the paper's bound", known(bounds.paper), "nats, 2·T·ε"],
    ["log-partition", known(result.logPartition), "nats"],
    ["a step takes", stepMilliseconds.median.toFixed(1), "ms, median"],
    ["peak memory", (peakMemoryBytes / 2 ** 20).toFixed(0), "MiB"],
    ...(engine === null ? [] : [["engine", engine, `${threads} ${threads === 1 ? "thread" : "threads"}`]]),
  ];
  const parts = [columns(rows, [0, 2]), ...momentsText(result), certificateText(certified)];
  const warned = warnings.map((warning) => `warning: ${warning}\n`).join("");
  const file = student.architecture ? "model.safetensors" : STUDENT_FILE;
  return `${parts.join("\n")}${warned}\nwrote ${join(out, file)}\n`;
};

const momentsText = ({ moments }: DistillResult): string[] => {
  if (moments.length === 0) return [];
  const met = moments.map(({ name, wanted, achieved, standardError, multiplier }) => [
    name,
    nats(wanted),
    standardError === 0 ? nats(achieved) : `${nats(achieved)} ± ${nats(standardError)}`,
    nats(multiplier),
  ]);
  return [columns([["moment of the target", "wanted", "achieved", "multiplier"], ...met])];
};
