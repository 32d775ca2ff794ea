// Numbers and names as people read them.

const INITIALISMS = new Map([["url", "URL"], ["id", "ID"], ["ip", "IP"]]);
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

/** A column's name as a label. */
export function labelled(name) {
  const words = name.replace(/[_-]+/g, " ").trim().split(" ");
  const shown = words.map((word) => INITIALISMS.get(word.toLowerCase()) ?? word).join(" ");
  return shown.charAt(0).toUpperCase() + shown.slice(1);
}

/** A size in bytes, in the unit that fits it. */
export function megabytes(bytes) {
  return bytes < 1e5 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
