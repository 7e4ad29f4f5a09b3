import { fileURLToPath } from "node:url";

/** The folder of the language model that the package ships: English prose; its `README.md` says what it is good for. */
export const shippedModel = (): string => fileURLToPath(new URL("../../../../models/arbel-prose", import.meta.url));
