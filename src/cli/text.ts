/** JSON of a result: infinities as null, whole numbers beyond 2⁵³ as decimal texts. */
export const toJson = (value: unknown, indent?: number): string =>
  JSON.stringify(value, (_, x: unknown) => (typeof x === "bigint" ? countJson(x) : x), indent);

const countJson = (count: bigint): number | string => (count <= 2n ** 53n ? Number(count) : count.toString());

/** A number of nats for people: six decimals, or a power of ten where they would hide it. */
export const nats = (x: number): string => {
  if (x === Infinity) return "∞";
  if (x === -Infinity) return "−∞";
  const small = x !== 0 && Math.abs(x) < 1e-4;
  return small || Math.abs(x) >= 1e9 ? x.toExponential(3) : x.toFixed(6);
};

/** A probability for people. */
export const percent = (p: number): string => {
  if (p > 0 && p < 1e-5) return `${(100 * p).toExponential(1)} %`;
  return `${(100 * p).toFixed(3)} %`;
};

/** `e^x` for people, also where a float64 would overflow. */
export const exponential = (x: number): string =>
  x < 40 ? Number(Math.exp(x).toPrecision(4)).toLocaleString("en") : `10^${(x / Math.LN10).toFixed(1)}`;

/** A count for people: digits in threes, and no more than a screen takes. */
export const count = (n: bigint | number): string => {
  const digits = String(n);
  if (digits.length > 21) return `${digits[0]}.${digits.slice(1, 4)}e${digits.length - 1}`;
  return digits.replaceAll(/\B(?=(\d{3})+$)/g, ",");
};

/** Text on one line of a terminal: control characters are escaped as in JSON, so they cannot act. */
export const printable = (text: string): string =>
  text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]/gu, (character) => {
    const escaped = JSON.stringify(character).slice(1, -1);
    return escaped === character ? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}` : escaped;
  });

/** A response for people: its text, in quotes where it would be invisible. */
export const responseText = (text: string): string =>
  text.trim() === text && text !== "" ? printable(text) : `"${printable(text)}"`;

/** Rows in columns, two spaces apart; the first is flush left, the others right unless they say `left`. */
export const columns = (rows: readonly (readonly string[])[], left: readonly number[] = [0]): string => {
  const widths: number[] = [];
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, widthOf(cell));
  const lines = rows.map((row) =>
    row
      .map((cell, i) => {
        const padding = " ".repeat((widths[i] as number) - widthOf(cell));
        return left.includes(i) ? cell + padding : padding + cell;
      })
      .join("  ")
      .trimEnd(),
  );
  return `${lines.join("\n")}\n`;
};

/** Characters, not code units: an emoji is one. */
const widthOf = (text: string) => [...text].length;
