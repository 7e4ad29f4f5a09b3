/** Windows of a text's tokens, each of which follows the mark of the beginning. */
export interface Window {
  /** First token. */
  readonly start: number;
  /** How many tokens at its start only serve as context. */
  readonly known: number;
}

/**
 * Windows of `context` tokens that together predict every one of `count` tokens once: the first window predicts all of its
 * tokens, each later one begins half a window further on and predicts its second half. So every token beyond the first
 * window has at least half a window before it.
 */
export const slidingWindows = (count: number, context: number): readonly Window[] => {
  const windows: Window[] = [{ start: 0, known: 0 }];
  const stride = Math.max(1, Math.floor(context / 2));
  for (let done = context; done < count; done = Math.min(count, done + stride)) {
    // the last window ends where the text does
    const start = Math.min(done + stride, count) - context;
    windows.push({ start, known: done - start });
  }
  return windows;
};
