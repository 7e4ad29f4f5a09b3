export { type Adam, type AdamState, adam, constantRate, cosineRate, type Schedule } from "./adam.ts";
export { type CertifySamplesOptions, certifySamples, type SampledCertificate } from "./certify/certify-samples.ts";
export { ebmJudge, type Judge, policyJudge, tableJudge } from "./certify/judge.ts";
export { type Drawn, proposalSampler, type Sampler, studentSampler, transformerSampler } from "./certify/sampler.ts";
export { distill } from "./distill/distill.ts";
export type {
  Distilled,
  DistillOptions,
  DistillProgress,
  DistillState,
  Divergences,
} from "./distill/distill-options.ts";
export type { ObjectiveName } from "./distill/objective-name.ts";
export { OBJECTIVE_NAMES } from "./distill/objective-name.ts";
export type { Behaviour } from "./distill/objectives/behaviour.ts";
export { bellmanRegression } from "./distill/objectives/bellman-regression.ts";
export { forwardKl } from "./distill/objectives/forward-kl.ts";
export { type MeasuredGradient, measureGradient } from "./distill/objectives/measure-gradient.ts";
export type { Objective } from "./distill/objectives/objective.ts";
export { type PathConsistency, pathConsistency } from "./distill/objectives/path-consistency.ts";
export { batchOf, drawBatch, type ResponseBatch } from "./distill/objectives/response-batch.ts";
export { reverseKl } from "./distill/objectives/reverse-kl.ts";
export {
  type FunctionTarget,
  type FunctionTargetOptions,
  functionTarget,
  type ScoredTarget,
  type TableTarget,
  tableTarget,
  tokensOf,
} from "./distill/scored-target.ts";
export { ngramStudent } from "./distill/students/ngram-student.ts";
export type {
  ResponseView,
  Student,
  StudentMaker,
  StudentRun,
  StudentStep,
  StudentView,
} from "./distill/students/student.ts";
export { tabularStudent } from "./distill/students/tabular-student.ts";
export { type TransformerStudentOptions, transformerStudent } from "./distill/students/transformer-student.ts";
export {
  type Feature,
  type FeaturePart,
  patternCount,
  patternOccurs,
  responseLength,
  scaled,
  sumOf,
  tableFeature,
} from "./distill/target/feature.ts";
export { featureOfResponse } from "./distill/target/feature-of-response.ts";
export { type FrontierPoint, frontier } from "./distill/target/frontier.ts";
export type { FittedMoment, Moment } from "./distill/target/moment.ts";
export type { WeightedResponses } from "./distill/target/observed-samples.ts";
export { type CallOptions, callFunction, type ResponseFunction } from "./distill/target/response-function.ts";
export {
  type EstimatedMoment,
  fitSampledMoments,
  type SampledMoment,
  type SampledMoments,
} from "./distill/target/sampled-moments.ts";
export { tabulateFunction } from "./distill/target/tabulate-function.ts";
export { type TargetOptions, type TiltedTarget, tiltedTarget } from "./distill/target/tilted-target.ts";
export { logGamma, normal, shuffled } from "./draws.ts";
export type { Arrays, Compiled, Engine, Example, Resident, Step } from "./engine/engine.ts";
export { jaxEngine } from "./engine/jax-engine.ts";
export { type Tensor, type Tensors, tensor } from "./engine/tensor.ts";
export type { Graph } from "./flat-space.ts";
export {
  type Architecture,
  architecture,
  embeddingRows,
  firstToken,
  headWidth,
  parameterCount,
  parameterShapes,
} from "./models/architecture.ts";
export { armSequenceLogits, armStateLogits } from "./models/arm.ts";
export { armContinuation } from "./models/arm-continuation.ts";
export { type EbmChoices, ebmScores } from "./models/ebm.ts";
export { initialWeights } from "./models/initialise.ts";
export { type LearnedModel, tabularModel, transformerModel } from "./models/learned-model.ts";
export { fitNgram, type HeldOut, heldOutBits, type NgramOptions } from "./ngram.ts";
export type { NumberTensor, NumberTensors } from "./number-tensor.ts";
export { armRisk, ebmRisk, type TabularRisk } from "./risk.ts";
export { type Batch, type Batches, responseBatches } from "./risks/batches.ts";
export { compareGradientEstimators, type EstimatorRow } from "./risks/compare-estimators.ts";
export { exactArmRisk } from "./risks/exact-arm.ts";
export { exactEbmRisk } from "./risks/exact-ebm.ts";
export { minibatchArmRisk } from "./risks/minibatch-arm.ts";
export { armProposal, type Proposal, rowSums, tableProposal } from "./risks/proposal.ts";
export { dataSource, modelSource, type ResponseSource } from "./risks/response-source.ts";
export type { Draw, ExactRisk, Risk, RiskMemory } from "./risks/risk.ts";
export { allResponses, EXACT_RESPONSES_LIMIT, type Rows } from "./risks/rows.ts";
export { type Estimator, sampledEbmRisk } from "./risks/sampled-ebm.ts";
export { armTable, ebmTable, type TransformerOnSpace, transformerTable } from "./risks/tabulate.ts";
export { type Targets, targetProbabilities } from "./risks/target.ts";
export { type TabularStep, trainTabular } from "./tabular.ts";
export { dirichletTarget, noisyTarget, zipfTarget } from "./targets.ts";
export { type Corpus, corpusOf, splitText } from "./text/corpus.ts";
export { bitsPerCharacter, checkText, textRisk } from "./text/text-risk.ts";
export { type Tokenizer, tokenizerOf } from "./text/tokenizer.ts";
export { BEGIN_TEXT, parseTokenizer, tokenizerJson } from "./text/tokenizer-json.ts";
export { type TokenizerKind, trainTokenizer } from "./text/train-tokenizer.ts";
export { slidingWindows, type Window } from "./text/windows.ts";
export { type Adamw, type AdamwOptions, adamw } from "./training/adamw.ts";
export type { CheckpointOptions } from "./training/saver.ts";
export { sampledTask, spaceTask, type Task, textTask } from "./training/task.ts";
export { teacherTarget } from "./training/teacher.ts";
export {
  stateShapes,
  type Trained,
  type TrainingProgress,
  type TrainingState,
  type TrainOptions,
  train,
} from "./training/train.ts";
