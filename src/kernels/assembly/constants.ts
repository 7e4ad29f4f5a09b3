/**
 * Numbers of exp and log, each twice: one load fills both lanes of a vector. They are loaded rather than written as literals
 * because engines rebuild a literal vector from integers at every turn of a loop.
 */
export const CONSTANTS = memory.data<f64>([
  // exp: the lowest argument, 1 / ln 2, 1.5 · 2⁵²; P without its leading 1, Q
  -708.0, -708.0,
  1.4426950408889634, 1.4426950408889634,
  6755399441055744.0, 6755399441055744.0,
  65551.0100117901, 65551.0100117901,
  874.7435039757445, 874.7435039757445,
  189140.23413854474, 189140.23413854474,
  10096.725859225942, 10096.725859225942,
  43.300549290255425, 43.300549290255425,
  // log: ln 2 in two parts (the first has 32 bits: a whole number below 2²⁰ times it is exact), 1, 2, ½, 2⁵² + 1023
  6.9314718036912382e-1, 6.9314718036912382e-1,
  1.9082149292705877e-10, 1.9082149292705877e-10,
  1.0, 1.0,
  2.0, 2.0,
  0.5, 0.5,
  4503599627371519.0, 4503599627371519.0,
  // log: the rest of the series in s², from its last term
  1.4798198605116586e-1, 1.4798198605116586e-1,
  1.5313837699209373e-1, 1.5313837699209373e-1,
  1.8183572161618050e-1, 1.8183572161618050e-1,
  2.2222198432149784e-1, 2.2222198432149784e-1,
  2.8571428743662391e-1, 2.8571428743662391e-1,
  3.9999999999409419e-1, 3.9999999999409419e-1,
  6.6666666666667351e-1, 6.6666666666667351e-1,
]);

/** Whole numbers of log: the bits of 1 less those of √½, of √½, of all mantissas, of 2⁵². */
export const BITS = memory.data<i64>([
  0x3ff0000000000000 - 0x3fe6a09e667f3bcd,
  0x3ff0000000000000 - 0x3fe6a09e667f3bcd,
  0x3fe6a09e667f3bcd,
  0x3fe6a09e667f3bcd,
  0x000fffffffffffff,
  0x000fffffffffffff,
  0x4330000000000000,
  0x4330000000000000,
]);
