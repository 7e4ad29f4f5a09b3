import { readText } from "../space/files/index.ts";
import { InputError } from "../space/index.ts";
import type { Constraint, ExactLookahead, GrammarPotential, LanguageModel, Potential, Wish } from "../steer/index.ts";
import { type Lookahead, lookingAhead, type WishContext } from "./steer-lookahead.ts";
import { lookaheadOf, type SteerFlags } from "./steer-options.ts";
import { asInput, refused } from "./steer-refused.ts";
import { openSteerReward, type SteerReward } from "./steer-reward.ts";
import { printable } from "./text.ts";

type Steering = typeof import("../steer/index.ts");

/** A wish from the command line. */
export interface GivenWish {
  readonly wish: Wish;
  /** The model, whose responses end where the options say. */
  readonly model: LanguageModel;
  /** The wish without its lookahead: what masking goes by. */
  readonly masking: Potential;
  /** What was looked ahead by. */
  readonly lookahead: Lookahead;
  /** All allowed responses with the model's log-probabilities, where they are known and no reward changes them. */
  readonly exact?: ExactLookahead;
  /** Frees memory and threads. */
  readonly dispose: () => Promise<void>;
}

/** Makes the wish that the options say. @throws InputError where it cannot be made or met */
export const wishOf = async (context: WishContext): Promise<GivenWish> => {
  const { steering, flags } = context;
  if (flags.reward === undefined) return wishWith(undefined, context);
  const reward = await openSteerReward(steering, flags.reward, flags);
  try {
    return await wishWith(reward, context);
  } catch (error) {
    await reward.dispose();
    throw error;
  }
};

const wishWith = async (reward: SteerReward | undefined, context: WishContext): Promise<GivenWish> => {
  const { steering, flags } = context;
  const { maxTokens: maximumTokens } = flags;
  const schema = flags.schema === undefined ? undefined : await schemaIn(flags.schema, context);
  const parts = refused("the wish", () => constraintsOf(steering, flags));
  if (schema?.constraint) parts.push(schema.constraint);
  if (parts.length === 0 && reward === undefined && schema === undefined) {
    throw new InputError(
      "a wish is missing: give one or more of --regex, --schema, --keywords, --ends-with, --choices and --reward",
    );
  }
  const lookahead = lookaheadOf(flags);
  if (schema?.nested && lookahead !== "none") {
    throw new InputError(`${flags.schema}: nests without bound, so that nothing can look ahead: give --lookahead none`);
  }
  const constraint = refused("the wish", () => jointly(steering, parts, maximumTokens));
  const model = stopped(context, parts.length > 0 && !schema?.nested ? constraint : undefined);
  const plain = refused("the wish", () => steering.constrain(constraint, model.vocabulary, { maximumTokens }));
  const nested = schema?.nested;
  const join = (potential: Potential) => (nested ? steering.productOf([potential, nested]) : potential);
  const ahead = await lookingAhead(lookahead, plain, { ...context, model });
  return {
    ...(ahead.exact && !reward ? { exact: ahead.exact } : {}),
    wish: {
      potential: join(ahead.potential),
      maximumTokens,
      ...(reward ? { complete: [reward.potential] } : {}),
    },
    model,
    masking: join(plain),
    lookahead,
    dispose: async () => {
      nested?.dispose();
      await reward?.dispose();
    },
  };
};

/** The model on beginnings of its texts, where that is asked for. */
const stopped = (
  { steering, model, prompt, flags: { stop, stopComplete } }: WishContext,
  whole: Constraint | undefined,
): LanguageModel => {
  if (stop !== undefined) {
    const when = refused("--stop", () => steering.containing({ endsWith: stop }));
    try {
      // a text that the tokens do not spell would never stop anything
      steering.constrain(when, model.vocabulary);
    } catch (error) {
      throw new InputError(`--stop: ${(error as Error).message}`, { cause: error });
    }
    return refused("--stop", () => steering.stopAt(model, prompt, { when }));
  }
  if (!stopComplete) return model;
  if (!whole) {
    throw new InputError(
      "--stop-complete: no constraint tells when a response is complete: give one that does not nest, or --stop a text",
    );
  }
  return refused("--stop-complete", () => steering.stopAt(model, prompt, { when: whole }));
};

const constraintsOf = (steering: Steering, { regex, keywords, endsWith, choices }: SteerFlags): Constraint[] => {
  const parts: Constraint[] = [];
  if (regex !== undefined) parts.push(refused("--regex", () => steering.matches(regex)));
  if (keywords !== undefined) parts.push(refused("--keywords", () => steering.containing({ must: keywords })));
  if (endsWith !== undefined) parts.push(refused("--ends-with", () => steering.containing({ endsWith })));
  if (choices !== undefined) parts.push(steering.oneOf(choicesIn(choices)));
  return parts;
};

/** All of some constraints; of none, only the limit of tokens. */
const jointly = (steering: Steering, parts: readonly Constraint[], maximum: number): Constraint => {
  if (parts.length === 0) return steering.tokenLength({ maximum });
  return parts.length === 1 ? (parts[0] as Constraint) : steering.allOf(parts);
};

/** The lines of a file that are not empty. */
const choicesIn = (path: string): string[] => {
  const lines = readText(path)
    .split(/\r?\n/)
    .filter((line) => line !== "");
  if (lines.length === 0) throw new InputError(`${path}: holds no choice: write one a line`);
  return lines;
};

const jsonIn = (path: string): unknown => {
  const text = readText(path);
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = printable((error as Error).message);
    throw new InputError(`${path}: is not JSON (${reason}): correct it, or name a JSON Schema`, { cause: error });
  }
};

/** A schema as a constraint; or, where it nests without bound, as a potential of the grammar engine. */
const schemaIn = async (
  path: string,
  { steering, model }: WishContext,
): Promise<{ readonly constraint?: Constraint; readonly nested?: GrammarPotential }> => {
  const { loadGrammarEngine } = await import("../steer/models/node/index.ts");
  const engine = loadGrammarEngine();
  const schema = jsonIn(path);
  try {
    const source = await steering.jsonSchemaGrammar(schema, engine);
    try {
      return { constraint: steering.grammar(source, path) };
    } catch (error) {
      // a grammar that nests has no automaton
      if (!(error instanceof RangeError)) throw error;
      return { nested: await steering.grammarPotential(source, model.vocabulary, engine, { name: path }) };
    }
  } catch (error) {
    if (error instanceof InputError) throw new InputError(`${path}: ${error.message}`, { cause: error });
    throw asInput(path, error);
  }
};
