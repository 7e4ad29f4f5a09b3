import { InputError } from "../../space/index.ts";
import type { Surrogate, SurrogateContext, SurrogateModel } from "./surrogate.ts";

const FORMAT = "arbel-surrogate";
const VERSION = 1;

/**
 * The JSON text of a surrogate, which {@link parseSurrogate} reads back bit for bit.
 *
 * `{"format":"arbel-surrogate","version":1,"model":{…},"order":n,"smoothing":κ,"contexts":[{"tokens":[…],"visits":n,"actions":[…],"masses":[…]},…]}`,
 * one context a line.
 */
export const formatSurrogate = ({ model, order, smoothing, contexts }: Surrogate): string => {
  const head = JSON.stringify({ format: FORMAT, version: VERSION, model, order, smoothing });
  return `${head.slice(0, -1)},"contexts":[\n${contexts.map((context) => JSON.stringify(context)).join(",\n")}\n]}\n`;
};

/**
 * The surrogate that a JSON text holds. Which model it is for is checked by {@link checkSurrogate}.
 *
 * @param source what error messages call the text: the file's name
 * @throws InputError, one sentence with the place and the repair, for anything but a surrogate
 */
export const parseSurrogate = (text: string, source = "the surrogate"): Surrogate => {
  const refuse = (what: string): never => {
    throw new InputError(`${source}: ${what}: save it again from fitSurrogate`);
  };
  const whole = objectOf(parseJson(text, source), () => refuse("must hold one JSON object"));
  if (whole.format !== FORMAT) refuse(`"format" must be "${FORMAT}", got ${JSON.stringify(whole.format)}`);
  if (whole.version !== VERSION) refuse(`"version" must be ${VERSION}, got ${JSON.stringify(whole.version)}`);
  const { order, smoothing, contexts } = whole;
  if (!isCount(order) || order < 1) return refuse(`"order" must be a whole number ≥ 1, got ${JSON.stringify(order)}`);
  if (!isMass(smoothing) || smoothing === 0) {
    return refuse(`"smoothing" must be a number > 0, got ${JSON.stringify(smoothing)}`);
  }
  if (!Array.isArray(contexts) || contexts.length === 0) return refuse(`"contexts" must be a list of contexts`);
  const read = contexts.map((context, index) => readContext(context, index, order, refuse));
  checkOrder(read, refuse);
  return { model: readModel(whole.model, refuse), order, smoothing, contexts: read };
};

type Refuse = (what: string) => never;

const parseJson = (text: string, source: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replaceAll(/\s+/g, " ") : String(error);
    throw new InputError(`${source}: is not JSON (${reason}): save it again from fitSurrogate`, { cause: error });
  }
};

const objectOf = (value: unknown, refuse: () => never): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : refuse();

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isMass = (value: unknown): value is number => typeof value === "number" && value >= 0 && value < Infinity;

const listOf = <T>(value: unknown, isItem: (item: unknown) => item is T): readonly T[] | undefined =>
  Array.isArray(value) && value.every(isItem) ? (value as readonly T[]) : undefined;

const readContext = (value: unknown, index: number, order: number, refuse: Refuse): SurrogateContext => {
  const fields = objectOf(value, () => refuse(`context ${index} must be an object`));
  const tokens = listOf(fields.tokens, isCount);
  const actions = listOf(fields.actions, isCount);
  const masses = listOf(fields.masses, isMass);
  const { visits } = fields;
  if (!tokens || tokens.length >= order)
    return refuse(`"tokens" of context ${index} must be up to ${order - 1} token ids`);
  if (!isCount(visits)) return refuse(`"visits" of context ${index} must be a whole number ≥ 0`);
  if (!actions || !masses || actions.length !== masses.length) {
    return refuse(`"actions" and "masses" of context ${index} must be lists of as many numbers ≥ 0`);
  }
  const total = masses.reduce((sum, mass) => sum + mass, 0);
  if (total > visits * (1 + 1e-6))
    return refuse(`the "masses" of context ${index} sum to ${total}, more than its visits`);
  return { tokens, visits, actions, masses };
};

/** Shorter contexts first, each once, and each after its beginning. */
const checkOrder = (contexts: readonly SurrogateContext[], refuse: Refuse): void => {
  const seen = new Set<string>();
  let length = 0;
  for (const [index, { tokens }] of contexts.entries()) {
    const key = tokens.join();
    if (seen.has(key)) refuse(`context ${index} stands twice`);
    if (index === 0 ? tokens.length > 0 : tokens.length < length || !seen.has(tokens.slice(0, -1).join())) {
      refuse(`context ${index} must stand after shorter ones and its own beginning, the empty one first`);
    }
    seen.add(key);
    length = tokens.length;
  }
};

const readModel = (value: unknown, refuse: Refuse): SurrogateModel => {
  const fields = objectOf(value, () => refuse(`"model" must be an object`));
  const probe = objectOf(fields.probe, () => refuse(`"model.probe" must be an object`));
  const context = listOf(probe.context, isCount);
  const tokens = listOf(probe.tokens, isCount);
  const logProbabilities = listOf(probe.logProbabilities, (item) => typeof item === "number");
  if (!context || !tokens || !logProbabilities || tokens.length !== logProbabilities.length) {
    return refuse(`"model.probe" must hold a context and as many tokens as log-probabilities`);
  }
  if (typeof fields.name !== "string" || typeof fields.vocabulary !== "string") {
    return refuse(`"model" must have a "name" and a "vocabulary"`);
  }
  return { name: fields.name, vocabulary: fields.vocabulary, probe: { context, tokens, logProbabilities } };
};
