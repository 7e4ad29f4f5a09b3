/**
 * What a model of text that sees `most` tokens sees of a context: all of it, or where it is longer the token that begins
 * texts and the last tokens, at least half as many as fit.
 *
 * Windows begin at multiples of half their length, as in training, and a context's window depends on its length alone: so the
 * contexts that grow from one another share their work within a window.
 */
export const textWindow =
  (most: number) =>
  (context: readonly number[]): readonly number[] => {
    if (context.length <= most) return context;
    const [begin, ...text] = context as [number, ...number[]];
    const stride = Math.max(1, Math.floor(most / 2));
    const start = stride * Math.ceil((text.length - (most - 1)) / stride);
    return [begin, ...text.slice(start)];
  };
