export { type ExactLookahead, type ExactLookaheadOptions, exactLookahead } from "./exact-lookahead.ts";
export { type FitOptions, type FitProgress, fitSurrogate } from "./fit-surrogate.ts";
export { type LookaheadState, lookAhead, type ValueGuess } from "./look-ahead.ts";
export { type StudentLookaheadOptions, studentLookahead } from "./student-lookahead.ts";
export { checkSurrogate, type Surrogate, type SurrogateContext, type SurrogateModel } from "./surrogate.ts";
export { formatSurrogate, parseSurrogate } from "./surrogate-json.ts";
export { surrogateLookahead } from "./surrogate-lookahead.ts";
export { type LearnedValues, valueLookahead } from "./value-lookahead.ts";
