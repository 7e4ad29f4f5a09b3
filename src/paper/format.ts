const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** A whole number as an exponent: `superscript(-12)` is `"⁻¹²"`. */
const superscript = (exponent: number): string =>
  (exponent < 0 ? "⁻" : "") + Array.from(String(Math.abs(exponent)), (digit) => SUPERSCRIPTS[Number(digit)]).join("");

/** A power of ten, for the ticks of a logarithmic axis. */
export const powerOfTen = (value: number): string => {
  const exponent = Math.round(Math.log10(value));
  if (exponent === 0) return "1";
  return exponent === 1 ? "10" : `10${superscript(exponent)}`;
};

/** A number for people: at most `digits` significant digits, powers of ten where it is very small or large. */
export const formatNumber = (value: number, digits = 3): string => {
  if (value === 0) return "0";
  if (value === Infinity) return "∞";
  if (value === -Infinity) return "−∞";
  const size = Math.abs(value);
  if (Number.isSafeInteger(value) && size < 1e7) return minus(value.toLocaleString("en-US"));
  if (size < 1e-3 || size >= 1e6) {
    const [mantissa, exponent] = value.toExponential(digits - 1).split("e") as [string, string];
    return `${minus(mantissa)}\u00a0×\u00a010${superscript(Number(exponent))}`;
  }
  return minus(Number(value.toPrecision(digits)).toLocaleString("en-US", { maximumFractionDigits: 12 }));
};

/** A probability in per cent, with as many digits as tell it from 0 and from 100. */
export const formatPercent = (probability: number): string => {
  const percent = 100 * probability;
  if (percent === 0) return "0\u00a0%";
  if (percent < 1e-3) return `${formatNumber(percent, 2)}\u00a0%`;
  return `${percent.toFixed(percent >= 10 ? 1 : percent >= 0.1 ? 2 : 3)}\u00a0%`;
};

const minus = (text: string): string => text.replace("-", "−");
