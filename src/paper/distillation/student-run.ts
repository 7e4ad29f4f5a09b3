import { kl, type Model } from "../../bellman/index.ts";
import {
  type Distilled,
  type DistillOptions,
  type DistillProgress,
  distill,
  type Student,
  type StudentMaker,
} from "../../learn/index.ts";
import type { Table } from "../../space/index.ts";

/** A student at one moment of its distillation. */
export interface StudentPoint {
  readonly step: number;
  /** Responses drawn so far. */
  readonly samples: number;
  /** Exact, in nats: `forward` is `KL(target‖student)`, `reverse` is `KL(student‖target)`. */
  readonly kl: { readonly forward: number; readonly reverse: number };
}

/** Steps after which a student is looked at: 0, and about so many evenly spread over the logarithm, the last among them. */
export const momentsOf = (steps: number, count = 30): number[] => {
  const spread = Array.from({ length: count + 1 }, (_, i) => Math.round(steps ** (i / count)));
  return [...new Set([0, ...spread])];
};

/** What is distilled, and what is done with a student at each moment that it is looked at. */
export type FollowOptions = Omit<DistillOptions, "klEvery"> & {
  /** Steps after which the student is looked at (default {@link momentsOf} all steps). */
  readonly moments?: readonly number[];
  readonly keep?: (moment: StudentPoint, student: Table) => void;
};

/**
 * Distils a student and takes down how far it is, at moments evenly spread over the logarithm of the steps; yields the number
 * of steps made.
 *
 * @param points takes the moments; a run that is resumed brings those that it has seen
 */
export async function* followStudent(
  options: FollowOptions,
  points: StudentPoint[],
): AsyncGenerator<number, void, void> {
  const { steps, moments = momentsOf(steps), keep = () => undefined, samplesPerStep = 0 } = options;
  const wanted = new Set(moments);
  const look = async (student: Student, step: number) => {
    if (!wanted.has(step) || points.some((point) => point.step === step)) return;
    const table = await student.table();
    const target = student.target?.arm as Model;
    const divergences = { forward: kl(target, table), reverse: kl(table, target) };
    const moment = { step, samples: step * samplesPerStep, kl: divergences };
    points.push(moment);
    keep(moment, table);
  };
  const held = holding(options.student, (student) => look(student, 0));
  const run = distill({ ...options, student: held, klEvery: steps });
  for await (const { step } of handingOver(run, ({ student }) => student.dispose())) {
    await look(held.student(), step);
    yield step;
  }
}

/** The steps of a run, which is closed where they are left early; what it ends with is handed over. */
export async function* handingOver(
  run: AsyncGenerator<DistillProgress, Distilled, void>,
  take: (end: Distilled) => Promise<void>,
): AsyncGenerator<DistillProgress, void, void> {
  await take(yield* run);
}

/** A maker that keeps hold of the student it makes, so that it can be looked at on its way. */
const holding = (maker: StudentMaker, made: (student: Student) => Promise<void>) => {
  let held: Student | undefined;
  return {
    ...maker,
    make: async (...given: Parameters<StudentMaker["make"]>): Promise<Student> => {
      held = await maker.make(...given);
      await made(held);
      return held;
    },
    student: (): Student => held as Student,
  };
};

/** The last moment of a run. */
export const lastOf = (points: readonly StudentPoint[]): StudentPoint => points.at(-1) as StudentPoint;

/** The larger of both divergences, in nats. */
export const largerKl = ({ kl: { forward, reverse } }: Pick<StudentPoint, "kl">): number => Math.max(forward, reverse);
