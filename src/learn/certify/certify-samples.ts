import { type Certificate, certifyResiduals, type SampledBreakdown, sampledBreakdown } from "../../bellman/index.ts";
import type { Space } from "../../space/index.ts";
import { rowSums } from "../risks/proposal.ts";
import type { Rows } from "../risks/rows.ts";
import type { Judge } from "./judge.ts";
import type { Drawn, Sampler } from "./sampler.ts";

/** A certificate of samples alone, without any table, and where the student errs as far as they tell. */
export interface SampledCertificate {
  readonly certificate: Certificate;
  readonly breakdown: SampledBreakdown;
}

/** How {@link certifySamples} goes. */
export interface CertifySamplesOptions {
  /** Whose tokens and horizon the responses have. */
  readonly space: Pick<Space, "tokens" | "horizon" | "eos" | "actions">;
  /** At least 2. */
  readonly samples: number;
  /** A whole number from 0 to 2³² − 1. */
  readonly seed: number;
  /** Whether the student gives positive probability to all that the target does (default `true`). */
  readonly supported?: boolean;
  /** Responses drawn at once (default: as many as take some 32 MiB of log-probabilities). */
  readonly batch?: number;
  /** Stops between batches; its reason is thrown. */
  readonly signal?: AbortSignal;
}

/** Log-probabilities of one batch that are held at once. */
const NUMBERS_AT_ONCE = 2 ** 22;

/**
 * Certifies any student that can be sampled against any target that can score its samples: also where neither has a table.
 *
 * The residuals are `Δ(y) = R(y) − log p_q(y)`, in the gauge in which the student's soft values are 0 (theory §4, §6.4). Their range is
 * not known, so everything is an estimate: there are no guarantees. Where the target has a policy, the steps are `log π_target − log π_q`.
 *
 * Yields after each batch how many samples are drawn.
 *
 * @throws RangeError where there are fewer than 2 samples, or a score is NaN or +∞
 * @example
 * ```ts
 * import { certifySamples, proposalSampler, tableJudge, tableProposal } from "arbel/learn";
 * import { layered, regex, tableOfArcs } from "arbel";
 * const space = layered(regex("[ab]*", ["a", "b"]), { horizon: 60, eos: false }); // one state, 2^60 responses
 * const target = tableJudge(tableOfArcs(space, "reward", (depth, state, action) => 0.1 * action));
 * const student = proposalSampler(tableProposal(tableOfArcs(space, "logits", () => 0))); // or of an armProposal
 * const run = certifySamples(student, target, { space, samples: 1000, seed: 1 });
 * let next = await run.next();
 * while (!next.done) next = await run.next();
 * console.log(next.value.certificate.klStudentTarget.interval[1] < 0.2); // true
 * ```
 */
export async function* certifySamples(
  student: Sampler,
  target: Judge,
  options: CertifySamplesOptions,
): AsyncGenerator<{ readonly drawn: number; readonly samples: number }, SampledCertificate, void> {
  const { space, samples, seed, supported = true, signal } = options;
  if (!Number.isSafeInteger(samples) || samples < 2) {
    throw new RangeError(`"samples" must be a whole number ≥ 2, got ${String(samples)}`);
  }
  const { horizon } = space;
  const { batch = Math.max(64, Math.floor(NUMBERS_AT_ONCE / (horizon * space.actions))) } = options;
  const all: Rows = {
    count: samples,
    horizon,
    tokens: new Int32Array(samples * horizon),
    lengths: new Int32Array(samples),
  };
  const residuals = new Float64Array(samples);
  const steps = target.steps ? new Float64Array(samples * horizon) : undefined;
  for (let drawn = 0; drawn < samples; ) {
    if (signal?.aborted) throw signal.reason;
    const count = Math.min(batch, samples - drawn);
    const batchDrawn = await student.draw(count, { seed, step: drawn });
    all.tokens.set(batchDrawn.rows.tokens, drawn * horizon);
    all.lengths.set(batchDrawn.rows.lengths, drawn);
    const judged = await judge(batchDrawn, target);
    residuals.set(judged.residuals, drawn);
    if (judged.steps) steps?.set(judged.steps, drawn * horizon);
    drawn += count;
    yield { drawn, samples };
  }
  const certificate = { ...certifyResiduals(residuals, { supported }), seed };
  const breakdown = sampledBreakdown({
    tokens: space.tokens,
    horizon,
    count: samples,
    actions: all.tokens,
    lengths: all.lengths,
    residuals,
    ...(steps ? { steps } : {}),
  });
  return { certificate, breakdown };
}

/** `Δ(y)` and `e(s,a)` of drawn responses. */
const judge = async ({ rows, logPolicy }: Drawn, target: Judge) => {
  const ofStudent = rowSums(logPolicy, rows.horizon);
  if (!target.steps) {
    const scores = await target.scores(rows);
    return { residuals: scores.map((score, i) => score - (ofStudent[i] as number)) };
  }
  const steps = await target.steps(rows);
  const ofTarget = rowSums(steps, rows.horizon);
  return {
    residuals: ofTarget.map((sum, i) => (target.logPartition ?? 0) + sum - (ofStudent[i] as number)),
    steps: steps.map((logP, i) => logP - (logPolicy[i] as number)),
  };
};
