import fc from "fast-check";
import { type Arc, type Automaton, automaton } from "../../automata/automaton.ts";
import { type ArcLayer, arcLayer, layered, spaceOfLayers } from "../../layered.ts";
import { END, type Space } from "../../space.ts";
import type { Table } from "../../table.ts";
import { tree } from "../../tree.ts";

/** Distinct token texts, among them empty, quoted, and half a surrogate pair. */
const vocabulary: fc.Arbitrary<string[]> = fc.uniqueArray(
  fc.oneof(
    fc.string({ unit: "binary", maxLength: 3 }),
    fc.constantFrom("", '"', "\\", "\n", "\ud800", "é", "__proto__"),
  ),
  { minLength: 1, maxLength: 3 },
);

const bounds = { horizon: fc.integer({ min: 1, max: 4 }), eos: fc.boolean() };

const trees: fc.Arbitrary<Space> = fc.record({ tokens: vocabulary, ...bounds }).map(tree);

/** A random automaton; `next` draws the state that an arc leads to, or undefined for no arc. */
const automata = (next: (from: number, states: number) => fc.Arbitrary<number | undefined>): fc.Arbitrary<Automaton> =>
  fc.record({ tokens: vocabulary, states: fc.integer({ min: 1, max: 5 }) }).chain(({ tokens, states }) =>
    fc
      .record({
        targets: fc.tuple(...Array.from({ length: states * tokens.length }, (_, i) => next(i % states, states))),
        accepting: fc.array(fc.boolean(), { minLength: states, maxLength: states }),
        start: fc.nat(states - 1),
      })
      .map(({ targets, accepting, start }) => {
        const arcs = targets.flatMap((to, i): Arc[] =>
          to === undefined ? [] : [[i % states, Math.floor(i / states), to]],
        );
        const accept = accepting.flatMap((accepts, state) => (accepts ? [state] : []));
        return automaton({ tokens, states, start, arcs, accept });
      }),
  );

const homogeneous: fc.Arbitrary<Space> = fc
  .record({ machine: automata((_, states) => fc.option(fc.nat(states - 1), { nil: undefined })), ...bounds })
  .map(({ machine, horizon, eos }) => layered(machine, { horizon, eos }));

/** Arcs lead to higher states only, so that states live at few depths, often at one. */
const rising: fc.Arbitrary<Space> = fc
  .record({
    machine: automata((from, states) =>
      from === states - 1
        ? fc.constant(undefined)
        : fc.option(fc.integer({ min: from + 1, max: states - 1 }), { nil: undefined }),
    ),
    ...bounds,
  })
  .map(({ machine, horizon, eos }) => layered({ ...machine, start: 0 }, { horizon, eos }));

/** Every depth has arcs of its own, and states that nothing leads to. */
const anyLayers: fc.Arbitrary<Space> = fc.record({ tokens: vocabulary, ...bounds }).chain(({ tokens, horizon, eos }) =>
  fc
    .record({
      sizes: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: horizon, maxLength: horizon }),
      draws: fc.infiniteStream(fc.nat(9)),
    })
    .map(({ sizes, draws }) => {
      const draw = (count: number) => (draws.next().value as number) % count;
      const layers = sizes.map((states, depth): ArcLayer => {
        const [offsets, actions, targets]: [number[], number[], number[]] = [[0], [], []];
        for (let state = 0; state < states; state++) {
          for (let action = 0; action < tokens.length + (eos ? 1 : 0); action++) {
            const ends = action === tokens.length || (!eos && depth === horizon - 1);
            if (draw(3) === 0 || (depth === horizon - 1 && !ends)) continue;
            actions.push(action);
            targets.push(ends ? END : draw(sizes[depth + 1] as number));
          }
          offsets.push(actions.length);
        }
        return arcLayer(Int32Array.from(offsets), Int32Array.from(actions), Int32Array.from(targets));
      });
      return spaceOfLayers({ tokens, eos, start: draw(sizes[0] as number), layers });
    }),
);

/** Small random spaces of every kind. */
export const spaces: fc.Arbitrary<Space> = fc.oneof(trees, homogeneous, rising, anyLayers);

/** Every number a table may hold, the awkward ones often. */
const number = fc.oneof(
  fc.double({ noNaN: true, min: -1e307, max: 1e307 }),
  fc.constantFrom(-Infinity, -0, 0, 1, Number.MIN_VALUE, -1e307, 0.1),
);

/** Random tables; half of those on a space with repeated depths have the same numbers at each. */
export const tables: fc.Arbitrary<Table> = spaces.chain((space) =>
  fc
    .record({ draws: fc.infiniteStream(number), kind: fc.constantFrom("reward", "logits"), share: fc.boolean() })
    .map(({ draws, kind, share }): Table => {
      const levels: Float64Array[] = [];
      for (let depth = 0; depth < space.horizon; depth++) {
        const layer = space.layer(depth);
        const before = levels[depth - 1];
        if (share && before && layer === space.layer(depth - 1)) {
          levels.push(before);
          continue;
        }
        const level = Float64Array.from({ length: layer.arcs }, () => draws.next().value as number);
        if (space.kind === "tree" && space.eos && depth === space.horizon - 1) {
          for (let arc = 0; arc < level.length; arc++) if ((arc + 1) % space.actions !== 0) level[arc] = -Infinity;
        }
        levels.push(level);
      }
      return { space, kind, levels };
    }),
);
