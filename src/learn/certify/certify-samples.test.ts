import { describe, expect, test } from "vitest";
import { certifyExactly, policy, residualBreakdown } from "../../bellman/index.ts";
import { randomTable } from "../../bellman/testing/problems.ts";
import { alignTables, layered, prefixOf, regex, tableOfArcs, tree } from "../../space/index.ts";
import { tableTarget } from "../distill/scored-target.ts";
import { tabularStudent } from "../distill/students/tabular-student.ts";
import { jaxEngine } from "../engine/jax-engine.ts";
import { architecture } from "../models/architecture.ts";
import { initialWeights } from "../models/initialise.ts";
import { armProposal, tableProposal } from "../risks/proposal.ts";
import { certifySamples, type SampledCertificate } from "./certify-samples.ts";
import { type Judge, policyJudge, tableJudge } from "./judge.ts";
import { proposalSampler, type Sampler, studentSampler, transformerSampler } from "./sampler.ts";

const space = tree({ tokens: ["a", "b", "c"], horizon: 4, eos: true });
const numbers = (seed: number, scale: number, forbidden = 0) => ({ seed, scale, offset: 0, forbidden });
const target = randomTable(space, "reward", numbers(1, 0.7));
const student = randomTable(space, "logits", numbers(2, 0.5));
const SAMPLES = 20_000;

const certified = async (sampler: Sampler, judge: Judge, options = {}): Promise<SampledCertificate> => {
  const run = certifySamples(sampler, judge, { space, samples: SAMPLES, seed: 5, ...options });
  for (;;) {
    const next = await run.next();
    if (next.done) return next.value;
  }
};

const sampler = proposalSampler(tableProposal(student));

describe("certifySamples", () => {
  test("estimates what the tables say exactly, by its standard errors", async () => {
    const { certificate } = await certified(sampler, tableJudge(target));
    const exact = certifyExactly(student, target);
    for (const key of ["logPartition", "klStudentTarget", "klTargetStudent"] as const) {
      const { estimate, standardError, interval } = certificate[key];
      expect(Math.abs(estimate - exact[key])).toBeLessThan(4 * standardError);
      expect(interval[0] <= exact[key] && exact[key] <= interval[1]).toBe(true);
    }
    expect(certificate.guarantees).toBeUndefined();
  });

  test("tells where the student errs, as the exact breakdown of the policies does", async () => {
    const { breakdown } = await certified(sampler, tableJudge(target));
    const exact = residualBreakdown(policy(student), policy(target), { states: 10_000 });
    for (const [depth, position] of breakdown.positions.entries()) {
      const of = exact.positions[depth] as (typeof exact.positions)[number];
      const { standardErrors, standardDeviation = Number.NaN, mean = Number.NaN } = position;
      expect(Math.abs(position.probability - of.probability)).toBeLessThan(4 * standardErrors.probability + 1e-12);
      expect(Math.abs(mean - of.mean)).toBeLessThan(4 * (standardErrors.mean ?? Number.NaN) + 1e-12);
      expect(Math.abs(standardDeviation - of.standardDeviation)).toBeLessThan(0.05 * of.standardDeviation + 1e-12);
      expect(Math.abs((position.variance ?? Number.NaN) - of.variance)).toBeLessThan(
        4 * (standardErrors.variance ?? 0) + 1e-12,
      );
      expect(position.forbidden).toBe(0);
    }
    // the parts add up to the divergence: theory §6.2
    const sum = breakdown.positions.reduce((total, { probability, mean = 0 }) => total - probability * mean, 0);
    expect(sum).toBeCloseTo(certifyExactly(student, target).klStudentTarget, 1);
    expect(breakdown.states).toHaveLength(5);
    for (const { depth, prefix, variance, standardErrors } of breakdown.states) {
      const same = exact.states.find(
        (of) =>
          of.depth === depth &&
          prefixOf(space, depth, of.state)
            .map((t) => space.tokens[t])
            .join() === prefix.join(),
      );
      expect(Math.abs(variance - (same?.variance ?? Number.NaN))).toBeLessThan(4.5 * standardErrors.variance);
    }
  });

  test("of a student that is its target, finds no place where it errs", async () => {
    const { certificate, breakdown } = await certified(sampler, tableJudge(student));
    expect(certificate.klStudentTarget.estimate).toBeLessThan(1e-12);
    expect(breakdown.states).toEqual([]);
    expect(breakdown.positions.every(({ variance = 1 }) => variance < 1e-20)).toBe(true);
  });

  test("does not take noise on whole responses for an error of their first action", async () => {
    // a target that is the student but for noise, which a function of whole responses gives: it has no policy
    const scores = ({ tokens, count, horizon }: { tokens: Int32Array; count: number; horizon: number }) =>
      Float64Array.from({ length: count }, (_, row) => Math.sin(7 * (tokens[row * horizon + 3] as number) + row));
    const own = tableProposal(student);
    const judge: Judge = {
      scores: async (rows) => {
        const noise = scores(rows);
        const logPolicy = await own.logPolicy(rows);
        return noise.map((x, row) => x + logPolicy.subarray(row * 4, row * 4 + 4).reduce((sum, y) => sum + y, 0));
      },
      dispose: () => Promise.resolve(),
    };
    const { breakdown } = await certified(sampler, judge, { samples: 5000 });
    const [root] = breakdown.positions;
    expect(root?.mean).toBeUndefined();
    expect(root?.variance ?? 1).toBeLessThan(4 * (root?.standardErrors.variance ?? 0));
  });

  test("counts what the target forbids, and what the student misses", async () => {
    const { tokens } = space;
    const some = layered(regex("a*b?", tokens), { horizon: 4, eos: true });
    const narrow = tableOfArcs(some, "reward", () => 0);
    const { certificate, breakdown } = await certified(sampler, tableJudge(narrow));
    const exact = residualBreakdown(policy(student), policy(onTree(narrow)));
    expect(certificate.klStudentTarget.estimate).toBe(Infinity);
    // the target's policy is known up to the first action that it forbids: here the first letter
    const [forbidden, p] = [breakdown, exact].map(({ positions }) => positions[0]?.forbidden ?? Number.NaN) as [
      number,
      number,
    ];
    expect(p).toBeGreaterThan(0.1);
    expect(Math.abs(forbidden - p)).toBeLessThan(4 * Math.sqrt(p / SAMPLES));
    const missing = await certified(proposalSampler(tableProposal(narrow)), tableJudge(student), { supported: false });
    expect(missing.certificate.klTargetStudent.estimate).toBe(Infinity);
    expect(missing.certificate.logPartition.interval[1]).toBe(Infinity);
  });

  test("does not depend on how many are drawn at once, but for which", async () => {
    const [one, other] = [
      await certified(sampler, tableJudge(target), { batch: 64, samples: 128 }),
      await certified(sampler, tableJudge(target), { batch: 64, samples: 128 }),
    ];
    expect(one).toEqual(other);
  });

  test("refuses a single sample, and stops when told", async () => {
    await expect(certified(sampler, tableJudge(target), { samples: 1 })).rejects.toThrow(
      /"samples" must be a whole number ≥ 2/,
    );
    await expect(certified(sampler, tableJudge(target), { signal: AbortSignal.abort("stop") })).rejects.toBe("stop");
  });

  const onTree = (narrow: typeof target) => {
    const all = tableOfArcs(space, "reward", () => 0);
    return alignTables(all, narrow)[1];
  };
});

describe("samplers", () => {
  test("a Transformer's gives the log-probabilities that the whole sequences have", async () => {
    const engine = await jaxEngine();
    const model = architecture({ kind: "arm", actions: 4, horizon: 4, eos: true, layers: 1, width: 8, heads: 2 });
    const weights = engine.resident(initialWeights(model, 3));
    const [drawing, proposal] = [
      transformerSampler({ engine, model, weights }),
      await armProposal({ engine, model, weights }),
    ];
    const { rows, logPolicy } = await drawing.draw(50, { seed: 1, step: 0 });
    const whole = await proposal.logPolicy(rows);
    expect(Math.max(...logPolicy.map((x, i) => Math.abs(x - (whole[i] as number))))).toBeLessThan(1e-5);
    expect(await drawing.draw(50, { seed: 1, step: 0 })).toEqual({ rows, logPolicy });
    const { certificate } = await certified(drawing, policyJudge(proposal), { samples: 64 });
    expect(certificate.klStudentTarget.estimate).toBeLessThan(1e-5);
    await Promise.all([drawing.dispose(), proposal.dispose()]);
    await engine.dispose();
  });

  test("a student's adds up to what it draws by", async () => {
    const made = await tabularStudent({ from: student }).make(tableTarget(target), { steps: 1, seed: 1, noisy: false });
    const { rows, logPolicy } = await studentSampler(made).draw(40, { seed: 2, step: 1 });
    const { batch } = await made.draw(40, { seed: 2, step: 1 });
    for (let row = 0; row < rows.count; row++) {
      const sum = logPolicy.subarray(row * 4, row * 4 + 4).reduce((total, x) => total + x, 0);
      expect(sum).toBeCloseTo(batch.logProposal?.[row] ?? Number.NaN, 12);
    }
  });
});
