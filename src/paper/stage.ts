/** One piece of a report's work. */
export interface Stage {
  readonly label: string;
  /** In tenths of a second, on two quiet cores. */
  readonly weight: number;
  /** Yields the share of the work that is done. */
  readonly run: (signal?: AbortSignal) => AsyncGenerator<number, void, void>;
}
