export { type Adam, type AdamState, adam, constantRate, cosineRate, type Schedule } from "./adam.ts";
export { logGamma, normal, shuffled } from "./draws.ts";
export { fitNgram, type HeldOut, heldOutBits, type NgramOptions } from "./ngram.ts";
export { armRisk, ebmRisk, type Risk } from "./risk.ts";
export { type TabularStep, trainTabular } from "./tabular.ts";
export { dirichletTarget, noisyTarget, zipfTarget } from "./targets.ts";
