/** Where states of a run go. */
export interface CheckpointOptions<State> {
  /** Keeps a state; what it throws ends the run. */
  readonly save: (state: State) => void | Promise<void>;
  /** Seconds between states (default 30); one more is saved at the end, and when the run is aborted. */
  readonly seconds?: number;
}

const SECONDS_BETWEEN_STATES = 30;

/** Saves states: now, or if the last one is old enough. */
export const saver = <State>(
  checkpoint: CheckpointOptions<State> | undefined,
  stateAt: (step: number) => Promise<State>,
) => {
  let last = performance.now();
  const now = async (step: number): Promise<void> => {
    if (!checkpoint) return;
    await checkpoint.save(await stateAt(step));
    last = performance.now();
  };
  const wait = 1000 * (checkpoint?.seconds ?? SECONDS_BETWEEN_STATES);
  return {
    now,
    sometimes: async (step: number): Promise<void> => {
      if (performance.now() - last >= wait) await now(step);
    },
  };
};
