import type { Arrays } from "../engine/engine.ts";
import { LAYER_WEIGHTS, type LayerWeight, layerParameter } from "./architecture.ts";
import type { Traced } from "./blocks.ts";

/** One parameter, which using consumes. */
export const weightOf = (weights: Arrays, name: string): Traced => {
  const weight = weights[name];
  if (weight === undefined) throw new TypeError(`the weights lack "${name}"`);
  return weight;
};

/** A layer's parameters under short names. */
export const layerOf = (weights: Arrays, layer: number): Record<LayerWeight, Traced> =>
  Object.fromEntries(
    Object.keys(LAYER_WEIGHTS).map((weight) => [
      weight,
      weightOf(weights, layerParameter(layer, weight as LayerWeight)),
    ]),
  ) as Record<LayerWeight, Traced>;
