/** What `fetch` of Node says in the cause of its error; of a host with several addresses, for each. */
interface Cause {
  readonly message?: string;
  readonly code?: string;
  readonly errors?: readonly { readonly code?: string }[];
}

/** Why a request did not reach its server: `fetch` hides it in causes. */
export const reasonOf = (error: unknown): string => {
  const { message, cause } = error as { readonly message?: string; readonly cause?: Cause };
  return cause?.message || cause?.code || message || "no reason given";
};

/**
 * What to do about it, where asking again is of no use; nothing where the failure may pass.
 *
 * A refused connection passes where the server has answered before: then it is being started again.
 */
export const lastingRepair = (error: unknown, hasAnswered: boolean): string | undefined => {
  const { cause } = error as { readonly cause?: Cause };
  const codes = cause?.errors?.map(({ code }) => code) ?? [cause?.code];
  // a name server that does not answer is EAI_AGAIN, which passes
  if (codes.includes("ENOTFOUND") || codes.includes("EAI_NONAME")) return "no host has this name: check the address";
  if (cause?.message === "bad port") return "no request may go to this port: let the server listen on another";
  // another address that is only slow may be the one that listens
  if (codes.includes("ECONNREFUSED") && !codes.includes("ETIMEDOUT") && !hasAnswered) {
    return "nothing listens there: start the server or check the port";
  }
  return;
};
