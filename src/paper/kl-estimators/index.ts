export type { Judged, JudgedGradient } from "./judge.ts";
export { type KlEstimatorOptions, type KlEstimatorRow, type KlEstimatorStudy, klEstimatorStudy } from "./study.ts";
