/** A server that did not answer, or not as its interface says: the message names the address, what came, and what to do. */
export class ServerError extends Error {
  override readonly name = "ServerError";
  /** The HTTP status, where there was one. */
  readonly status: number | undefined;
  constructor(message: string, options: { readonly status?: number | undefined; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.status = options.status;
  }
}
