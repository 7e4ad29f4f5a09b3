import { InputError } from "../../space/files/index.ts";
import { countResponses, responses, type Table, type Tree } from "../../space/index.ts";
import { EXACT_RESPONSES_LIMIT } from "../risks/rows.ts";
import { rewardTable } from "../risks/tables.ts";

/**
 * The target that a text of masses describes: a line `response,mass` for each response that has any, its tokens separated by
 * spaces, as in `0 3 2 1,0.25`. Masses need not sum to 1; a first line `response,mass` is passed over.
 *
 * @param source what error messages call it: the file's name
 * @returns log-masses as a reward on the action that ends each response
 * @throws InputError naming the line and the repair: a mass that is negative or no number, a response that is not in the
 * space or stands twice, or no mass at all
 */
export const parseMasses = (text: string, space: Tree, source: string): Table => {
  if (countResponses(space) > BigInt(EXACT_RESPONSES_LIMIT)) {
    throw new InputError(`${source}: the space has ${countResponses(space)} responses, too many to list their masses`);
  }
  const places = new Map<string, number>();
  for (const response of responses(space)) places.set(textOf(space, response), places.size);
  const masses = new Float64Array(places.size);
  const seen = new Map<number, number>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "" || (index === 0 && line.trim() === "response,mass")) continue;
    const at = `${source}: line ${index + 1}`;
    const { response, mass } = fieldsOf(line, at);
    const place = places.get(response);
    if (place === undefined) {
      throw new InputError(`${at}: ${JSON.stringify(response)} is not a response of the space: ${advice(space)}`);
    }
    const before = seen.get(place);
    if (before !== undefined) throw new InputError(`${at}: the response stands on line ${before} already: remove one`);
    seen.set(place, index + 1);
    masses[place] = mass;
  }
  if (!masses.some((mass) => mass > 0)) {
    throw new InputError(`${source}: every mass is 0: give at least one response a positive mass`);
  }
  return rewardTable(space, masses.map(Math.log));
};

const fieldsOf = (line: string, at: string): { response: string; mass: number } => {
  const comma = line.lastIndexOf(",");
  if (comma < 0) throw new InputError(`${at}: has no comma: write response,mass`);
  const [response, text] = [line.slice(0, comma).trim(), line.slice(comma + 1).trim()];
  const mass = text === "" ? Number.NaN : Number(text);
  if (!(mass >= 0 && mass < Infinity)) {
    throw new InputError(`${at}: the mass is ${JSON.stringify(text)}: it must be a finite number ≥ 0`);
  }
  return { response, mass };
};

const textOf = ({ tokens }: Tree, response: readonly number[]): string =>
  response.map((token) => tokens[token]).join(" ");

const advice = ({ tokens, horizon, eos }: Tree): string =>
  `write ${eos ? `at most ${horizon - 1}` : `exactly ${horizon}`} of the tokens ${tokens.slice(0, 8).join(" ")}` +
  `${tokens.length > 8 ? " …" : ""} with a space between`;
