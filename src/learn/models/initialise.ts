import { generator } from "../../bellman/index.ts";
import { normal } from "../draws.ts";
import { sizeOf, type Tensor, type Tensors, tensor } from "../engine/tensor.ts";
import { type Architecture, EMBEDDING, LAYER_WEIGHTS, parameterShapes } from "./architecture.ts";

/**
 * Random weights to begin training from, the same on every machine.
 *
 * Gains are 1; everything else is normal with mean 0. A matrix has standard deviation `1/√(fan in)`, so that what a normalised
 * input is mapped to has mean square 1; the two matrices of a layer that write into the residual stream are smaller by
 * `1/√(2·layers)`, so that the stream's mean square does not grow with depth (Radford et al., 2019). See
 * `embeddingDeviation` in the source for the embedding.
 *
 * @param seed a whole number from 0 to 2³² − 1
 */
export const initialWeights = (model: Architecture, seed: number): Tensors => {
  const random = generator(seed);
  const draw = (shape: readonly number[], deviation: number): Tensor =>
    tensor(
      shape,
      Float32Array.from({ length: sizeOf(shape) }, () => deviation * normal(random)),
    );
  return Object.fromEntries(
    Object.entries(parameterShapes(model)).map(([name, shape]) => [
      name,
      shape.length === 1
        ? tensor(shape, new Float32Array(sizeOf(shape)).fill(1))
        : draw(shape, deviationOf(model, name, shape)),
    ]),
  );
};

const deviationOf = (model: Architecture, name: string, shape: readonly number[]): number => {
  if (name === EMBEDDING) return embeddingDeviation(model);
  const writes = name.endsWith(LAYER_WEIGHTS.output) || name.endsWith(LAYER_WEIGHTS.down);
  return (writes ? 1 / Math.sqrt(2 * model.layers) : 1) / Math.sqrt(shape[1] as number);
};

/**
 * Standard deviation of the embedding's numbers.
 *
 * An ARM reads its logits with the same matrix: `1/d` keeps the logit of the token just read, at most `√d·‖E_a‖ ≈ 1`, from
 * favouring repetition, and the first risk near that of the uniform model. An EBM reads its score elsewhere: `1/√d`, as
 * every matrix, whose relative change under Adam is then alike. Gaps to the entropy after 250 steps on V=8, T=4, Zipf, of
 * standard deviations `1`, `1/√d`, `1/d`: ARM (2 layers, d=64) 0.16–0.28, 0.002–0.003, 0.0007–0.001; EBM (1 layer, d=32)
 * 0.47–0.51, 0.37–0.39, 0.42–0.44.
 */
const embeddingDeviation = ({ kind, width }: Architecture): number => 1 / (kind === "arm" ? width : Math.sqrt(width));
