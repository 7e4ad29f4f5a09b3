import { existsSync } from "node:fs";
import { checkTarget, readText, writeText } from "../space/files/index.ts";
import type { ConstraintPotential, ExactLookahead, LanguageModel, Potential, Surrogate } from "../steer/index.ts";
import { type Progress, withTimeLeft } from "./progress.ts";
import type { SteerFlags } from "./steer-options.ts";
import { asInput, refused } from "./steer-refused.ts";
import { count, printable } from "./text.ts";

/** What to look ahead by. */
export type Lookahead = NonNullable<SteerFlags["lookahead"]>;

/** What making a wish needs. */
export interface WishContext {
  readonly steering: typeof import("../steer/index.ts");
  readonly model: LanguageModel;
  readonly prompt: readonly number[];
  readonly flags: SteerFlags;
  readonly signal: AbortSignal;
  /** Tells what was prepared. */
  readonly told: (line: string) => Promise<void>;
  /** Shows how far a preparation is. */
  readonly shown: (run: AsyncIterable<Progress>) => Promise<void>;
}

/** A constraint that looks ahead. */
interface Ahead {
  readonly potential: Potential;
  /** Where it looks ahead exactly. */
  readonly exact?: ExactLookahead;
}

/** Lets a constraint look ahead; tells what that took. */
export const lookingAhead = async (
  kind: Lookahead,
  plain: ConstraintPotential,
  context: WishContext,
): Promise<Ahead> => {
  const { steering, prompt } = context;
  if (kind === "none") return { potential: plain };
  if (kind === "surrogate") {
    const surrogate = await surrogateOf(plain, context);
    return { potential: refused("--lookahead surrogate", () => steering.surrogateLookahead(plain, surrogate, prompt)) };
  }
  const exact = await exactOf(plain, context);
  return { potential: exact.potential, exact };
};

const exactOf = async (
  plain: ConstraintPotential,
  { steering, model, prompt, signal, told, shown, flags }: WishContext,
): Promise<ExactLookahead> => {
  const work = steering.exactLookahead(model, prompt, plain, { maximumNodes: MOST, signal });
  let exact: ExactLookahead;
  try {
    await shown(scoring(work, model));
    exact = await work;
  } catch (error) {
    throw asInput("--lookahead exact", error);
  }
  const { nodes, logPartition, responses } = exact;
  await told(`exact lookahead: ${nodes} beginnings scored, log Z ${logPartition.toFixed(6)} nats`);
  const never = responses.filter(({ logProbability }) => logProbability === -Infinity);
  if (never.length > 0) {
    const why = flags.stopComplete ? ", or --stop-complete ends them before" : "";
    await told(
      `warning: ${never.length} of ${responses.length} allowed texts have probability 0, such as ${shortened(never[0]?.text ?? "")}: ` +
        `the model's tokens do not spell them in ${flags.maxTokens}${why}`,
    );
  }
  return exact;
};

/** Beginnings that exact lookahead scores at most. */
const MOST = 100_000;
/** Milliseconds between two looks at how far it is. */
const LOOK = 1000;

/** How many beginnings were scored, until the work ends; how many there are is known at the end only. */
async function* scoring(work: Promise<unknown>, model: LanguageModel): AsyncGenerator<Progress, void, void> {
  const before = model.usage().calls;
  let ended = false;
  const end = () => {
    ended = true;
  };
  const settled = work.then(end, end);
  for (;;) {
    let timer: NodeJS.Timeout | undefined;
    const pause = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LOOK);
    });
    await Promise.race([settled, pause]);
    clearTimeout(timer);
    if (ended) return;
    const done = model.usage().calls - before;
    yield { done, total: MOST, label: `exact lookahead: ${count(done)} beginnings scored, of at most ${count(MOST)}` };
  }
}

/** Longest text in a message. */
const SHORT = 40;

const shortened = (text: string): string =>
  JSON.stringify(printable(text.length > SHORT ? `${text.slice(0, SHORT - 1)}…` : text));

/** Rounds of fitting a surrogate. */
const ROUNDS = 3;

/** The surrogate of a file, or a new one, which the file then holds. */
const surrogateOf = async (plain: ConstraintPotential, context: WishContext): Promise<Surrogate> => {
  const { steering, model, prompt, flags, signal, told, shown } = context;
  const { surrogate: path, seed, maxTokens } = flags;
  if (path !== undefined && existsSync(path)) {
    const surrogate = steering.parseSurrogate(readText(path), path);
    try {
      await steering.checkSurrogate(surrogate, model, { signal });
    } catch (error) {
      throw asInput(path, error);
    }
    return surrogate;
  }
  if (path !== undefined) checkTarget(path);
  await told("fitting a surrogate to samples of the model");
  const fitting = steering.fitSurrogate(model, {
    prompts: [prompt],
    maximumTokens: Math.max(1, maxTokens),
    wishes: [plain],
    rounds: ROUNDS,
    seed,
    signal,
  });
  let fitted: Surrogate | undefined;
  await shown(
    withTimeLeft(
      (async function* () {
        for (;;) {
          const next = await fitting.next();
          if (next.done) {
            fitted = next.value;
            return;
          }
          const { round, tokens, open } = next.value;
          const most = Math.max(1, maxTokens) + 1;
          yield {
            done: round * most + tokens,
            total: ROUNDS * most,
            label: `round ${round + 1} of ${ROUNDS}, ${open} samples go on`,
          };
        }
      })(),
    ),
  );
  const surrogate = fitted as Surrogate;
  if (path !== undefined) {
    writeText(path, steering.formatSurrogate(surrogate));
    await told(`the surrogate is kept in ${path}`);
  }
  return surrogate;
};
