/** Fewest rows of a chunk: with fewer, calls cost what they compute. */
const SMALLEST = 8;

/** From so many rows on, what is filled up costs more than compiling another size. */
const MANY = 256;

/**
 * The size of chunk that so many rows are filled up to: quarters of a power of two, and eighths where there are many, so that little is
 * filled up and few sizes are compiled.
 */
export const chunkSize = (rows: number): number => {
  if (rows <= SMALLEST) return SMALLEST;
  const grain = 2 ** (Math.floor(Math.log2(rows)) - (rows < MANY ? 2 : 3));
  return grain * Math.ceil(rows / grain);
};
