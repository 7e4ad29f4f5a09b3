import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Automaton,
  accepts,
  automaton,
  layered,
  type Space,
  type Table,
  table,
  tableOfArcs,
  tree,
} from "../space/index.ts";
import { condition, mask } from "./condition.ts";
import { EmptyModelError } from "./empty-model.ts";
import { logProbability, policy } from "./policy.ts";
import { generator, uniform } from "./random.ts";
import { toLogits, toReward } from "./soft-bellman.ts";
import { enumerate, isEmpty, unitOf } from "./testing/enumeration.ts";
import { rewards } from "./testing/problems.ts";

/** A random automaton over a space's tokens. */
const randomMachine = ({ tokens }: Space, seed: number): Automaton => {
  const random = generator(seed);
  const states = 1 + Math.floor(3 * uniform(random));
  const arcs = [...Array(states).keys()].flatMap((from) =>
    tokens.map((_, token) => [from, token, Math.floor(uniform(random) * states)] as const),
  );
  const accept = [...Array(states).keys()].filter(() => uniform(random) < 0.6);
  return automaton({ tokens, states, start: 0, arcs: arcs.filter(() => uniform(random) < 0.8), accept });
};

describe("condition", () => {
  test("is the model given that the automaton accepts, and weighs the event", () => {
    fc.assert(
      fc.property(rewards, fc.nat(), (reward, seed) => {
        const listed = enumerate(reward);
        if (isEmpty(listed)) return;
        const machine = randomMachine(reward.space, seed);
        const given = listed.tokens.map((response, i) =>
          accepts(machine, response) ? (listed.logProbabilities[i] as number) : -Infinity,
        );
        const event = given.reduce((sum, logP) => sum + Math.exp(logP), 0);
        if (given.every((logP) => logP === -Infinity)) {
          expect(() => toLogits(condition(reward, machine))).toThrow(EmptyModelError);
          return;
        }
        if (event === 0) return; // the oracle's probabilities underflow
        const arm = toLogits(condition(reward, machine));
        const tolerance = 1e-12 * unitOf(listed) + 1e-13 / event;
        const logEvent = arm.logPartition - toLogits(reward).logPartition;
        expect(Math.abs(logEvent - Math.log(event))).toBeLessThanOrEqual(tolerance);
        listed.tokens.forEach((response, i) => {
          const [actual, expected] = [logProbability(arm, response), (given[i] as number) - Math.log(event)];
          if (actual !== expected) expect(Math.abs(actual - expected)).toBeLessThanOrEqual(tolerance);
        });
      }),
      { numRuns: 300, seed: 31 },
    );
  });

  test("shares the levels of a time-homogeneous model", () => {
    const machine = automaton({
      tokens: ["a", "b"],
      states: 1,
      start: 0,
      arcs: [
        [0, 0, 0],
        [0, 1, 0],
      ],
      accept: [0],
    });
    const space = layered(machine, { horizon: 50, eos: true });
    const level = Float64Array.of(0, 1, 2);
    const reward: Table = { space, kind: "reward", levels: [...Array(49).fill(level), Float64Array.of(0)] };
    const odd = automaton({
      tokens: ["a", "b"],
      states: 2,
      start: 0,
      arcs: [
        [0, 0, 1],
        [0, 1, 0],
        [1, 0, 0],
        [1, 1, 1],
      ],
      accept: [1],
    });
    expect(new Set(condition(reward, odd).levels).size).toBe(2);
    const normalized = tableOfArcs(space, "logits", () => 0);
    const shared: Table = { ...normalized, levels: [...Array(49).fill(normalized.levels[0]), normalized.levels[49]] };
    // the depth before the last looks at other values
    expect(new Set(toReward(shared).levels).size).toBe(3);
    expect(new Set(policy(shared).levels).size).toBe(2);
    expect(new Set(mask(shared, odd).reward.levels).size).toBe(2);
  });

  test("refuses an automaton over other tokens", () => {
    const reward = table(tree({ tokens: ["a", "b"], horizon: 2, eos: true }), "reward", () => 0);
    const other = automaton({ tokens: ["a", "c"], states: 1, start: 0, arcs: [], accept: [0] });
    expect(() => condition(reward, other)).toThrow(RangeError);
  });
});

describe("mask", () => {
  /** Probability that a step-by-step masked decoder says each response, by following its rule. */
  const decode = (reward: Table, machine: Automaton, response: readonly number[]): number => {
    const { space } = reward;
    const steps = policy(reward);
    let [logP, state, from] = [0, space.start, machine.start];
    const length = response.length + (space.eos ? 1 : 0);
    for (let depth = 0; depth < length; depth++) {
      const layer = space.layer(depth);
      let [total, chosen, to] = [0, 0, from];
      for (let arc = layer.firstArc(state); arc < layer.firstArc(state + 1); arc++) {
        const action = layer.action(arc, state);
        const next = follow(machine, from, action, space.tokens.length);
        const ends = layer.target(arc, state) === -1;
        if (next < 0 || !canAccept(machine, next) || (ends && machine.accepting[next] !== 1)) continue;
        const p = Math.exp((steps.levels[depth] as Float64Array)[arc] as number);
        total += p;
        if (action === (response[depth] ?? space.tokens.length)) [chosen, to] = [p, next];
      }
      if (chosen === 0) return -Infinity;
      logP += Math.log(chosen) - Math.log(total);
      state = layer.target(layer.arcOf(state, response[depth] ?? space.tokens.length), state);
      from = to;
    }
    return logP;
  };

  const follow = (machine: Automaton, state: number, action: number, eos: number): number => {
    if (action === eos) return state;
    for (let arc = machine.offsets[state] as number; arc < (machine.offsets[state + 1] as number); arc++) {
      if (machine.labels[arc] === action) return machine.targets[arc] as number;
    }
    return -1;
  };

  const canAccept = (machine: Automaton, from: number): boolean => {
    const seen = new Set([from]);
    for (const state of seen) {
      if (machine.accepting[state] === 1) return true;
      for (let arc = machine.offsets[state] as number; arc < (machine.offsets[state + 1] as number); arc++) {
        seen.add(machine.targets[arc] as number);
      }
    }
    return false;
  };

  test("is the decoder that masks token by token, with the probability that it finishes", () => {
    fc.assert(
      fc.property(rewards, fc.nat(), (reward, seed) => {
        const listed = enumerate(reward);
        if (isEmpty(listed) || unitOf(listed) > 30) return; // the oracle works with probabilities
        const machine = randomMachine(reward.space, seed);
        const expected = listed.tokens.map((response) => decode(reward, machine, response));
        const finishes = expected.reduce((sum, logP) => sum + Math.exp(logP), 0);
        if (finishes === 0) {
          expect(() => mask(reward, machine)).toThrow(EmptyModelError);
          return;
        }
        const masked = mask(reward, machine);
        expect(masked.finishes).toBeCloseTo(finishes, 11);
        const arm = toLogits(masked.reward);
        listed.tokens.forEach((response, i) => {
          const logP = (expected[i] as number) - Math.log(finishes);
          if (logP > -Infinity) expect(logProbability(arm, response)).toBeCloseTo(logP, 9);
          else expect(logProbability(arm, response)).toBe(-Infinity);
        });
      }),
      { numRuns: 200, seed: 32 },
    );
  });
});
