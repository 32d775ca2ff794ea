// Numbers and names as people read them.

import { clipped } from "./dom.js";

const INITIALISMS = new Map([["url", "URL"], ["id", "ID"], ["ip", "IP"]]);
const WORDS = /^[a-z]+[a-z0-9]([ _/-][a-z0-9]+)*$/i;
const EXACT = new Intl.NumberFormat("en", { maximumSignificantDigits: 7, useGrouping: "min2" });
const CLIPPED = 40;
const COUNT = new Intl.NumberFormat("en");

/** A probability as a percentage that never rounds to certainty. */
export function percent(share) {
  if (share > 0 && share < 0.0005) return "<\u00a00.1\u00a0%";
  if (share < 1 && share >= 0.9995) return ">\u00a099.9\u00a0%";
  const rounded = (100 * share).toFixed(1);
  return `${rounded.endsWith(".0") ? rounded.slice(0, -2) : rounded}\u00a0%`;
}

/** A number with its sign, as of a contribution. */
export function signed(number, digits = 2) {
  const shown = Math.abs(number).toFixed(digits);
  if (Number(shown) === 0) return shown;
  return `${number < 0 ? "−" : "+"}${shown}`;
}

export function count(number, one, many = `${one}s`) {
  return `${COUNT.format(number)} ${number === 1 ? one : many}`;
}

/** A column's name as a label: plain words begin with a capital, other names stay as they are. */
export function labelled(name) {
  if (!WORDS.test(name)) return name;
  const words = name.replace(/[_-]+/g, " ").split(" ");
  const shown = words.map((word) => INITIALISMS.get(word.toLowerCase()) ?? word).join(" ");
  if (words[0] !== words[0].toLowerCase()) return shown;
  return shown.charAt(0).toUpperCase() + shown.slice(1);
}

/** How many decimals tell numbers apart that lie within such a span: a thousandth of it. */
export function decimals(span) {
  if (!(span > 0) || !Number.isFinite(span)) return 2;
  return Math.min(12, Math.max(0, 3 - Math.ceil(Math.log10(span))));
}

/** A number with so many decimals and its thousands apart. */
export function figure(number, digits) {
  const size = Math.abs(number);
  if (size >= 1e15) return String(Number(number.toPrecision(6))).replace("-", "−");
  const shown = new Intl.NumberFormat("en", {
    minimumFractionDigits: digits, maximumFractionDigits: digits,
  }).format(size);
  return number < 0 && /[1-9]/.test(shown) ? `−${shown}` : shown;
}

/** A number as it was learnt or typed, without the tail that binary fractions drag along. */
export function short(number) {
  return EXACT.format(number).replace("-", "−");
}

/** The first few of many names, and how many more there are. */
export function some(names, most = 5) {
  const shown = names.slice(0, most).map((name) => clipped(name, CLIPPED)).join(", ");
  const rest = names.length - most;
  return rest > 0 ? `${shown} and ${COUNT.format(rest)} more` : shown;
}

/** A size in bytes, in the unit that fits it. */
export function megabytes(bytes) {
  return bytes < 1e5 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
