import { InputError } from "../../space/index.ts";

/** A schema's node: an object of keywords. */
export type Schema = Readonly<Record<string, unknown>>;

/** @throws InputError naming what is not supported, where it stands, and what to write instead */
export const refuseSchema: (place: string, what: string, repair: string) => never = (place, what, repair) => {
  throw new InputError(`the schema at ${place} ${what}, which is not supported: ${repair}`);
};
