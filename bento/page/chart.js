// A diverging bar chart: what pushed to either side, and where the sum ended.

import { clipped, svg } from "./dom.js";

const NARROW = 460;
const NUMBERS = 68; // At least, for the amounts at the right.
const CHARACTER = 8.3;
const BAR = 16;

/**
 * Draws the lines {name, amount, kind}, of which the last is their sum, into `box`, which must stand
 * in the document, in its own width; again when that changes. scale: of kinds.js; where its
 * `ends` have no bars, base and sum are far from zero and would dwarf what lies between.
 */
export function draw(box, lines, scale, alt) {
  let drawn = 0;
  const fit = () => {
    const width = Math.floor(box.clientWidth);
    if (width === drawn || width < 80) return;
    drawn = width;
    box.replaceChildren(picture(lines, width, scale, alt));
  };
  // At once, so that nothing below moves a frame later; in a closed box, once it is opened.
  fit();
  new ResizeObserver(fit).observe(box);
}

function picture(lines, width, measure, alt) {
  const narrow = width < NARROW;
  const row = narrow ? 42 : 29;
  const figures = Math.max(NUMBERS, CHARACTER * Math.max(
    ...lines.map((line) => measure.amount(line.amount, line.kind).length),
  ));
  const longest = CHARACTER * Math.max(...lines.map((line) => Array.from(line.name).length));
  const names = narrow ? 0 : Math.ceil(Math.min(longest, 0.4 * width));
  const [x0, x1] = [names + (narrow ? 0 : 12), width - figures];
  const isBarred = ({ kind }) => measure.ends || (kind !== "base" && kind !== "total");
  const amounts = lines.filter(isBarred).map((line) => line.amount);
  const low = Math.min(0, ...amounts);
  const high = Math.max(0, ...amounts);
  const scale = (x1 - x0) / (high - low || 1);
  const zero = x0 - low * scale;
  const room = Math.floor((narrow ? width - figures : names) / CHARACTER);
  const top = 26;
  const height = top + lines.length * row + 10;
  const drawn = lines.map((line, at) => {
    const y = top + at * row + (line.kind === "total" ? 10 : 0);
    const barred = isBarred(line);
    return bar(line, { y, row, narrow, names, zero, scale, width, room, measure, barred });
  });
  const ruled = top + (lines.length - 1) * row + 4;
  return svg(
    "svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": alt },
    svg("text", { class: "axis", x: x0, y: 14 }, clipped(measure.left, 24)),
    svg("text", { class: "axis", x: x1, y: 14, "text-anchor": "end" }, clipped(measure.right, 24)),
    narrow ? null : svg("line", { class: "zero", x1: zero, x2: zero, y1: top - 4, y2: height }),
    drawn,
    svg("line", { class: "rule", x1: 0, x2: width, y1: ruled, y2: ruled }),
  );
}

function bar({ name, amount, kind }, place) {
  const { y, row, narrow, names, zero, scale, width, room, measure, barred } = place;
  const long = Math.max(1, Math.abs(amount) * scale);
  const middle = narrow && barred ? y + 30 : y + row / 2;
  const text = narrow
    ? { x: 0, y: barred ? y + 15 : middle + 5 } : { x: names, y: middle + 5, "text-anchor": "end" };
  return svg(
    "g", { class: `bar ${amount < 0 ? "down" : "up"} ${kind}` },
    svg("title", {}, `${clipped(name, 200)}: ${measure.precise(amount, kind)}`),
    svg("text", { class: "name", ...text }, clipped(name, room)),
    narrow && barred
      ? svg("line", { class: "zero", x1: zero, x2: zero, y1: middle - 11, y2: middle + 11 }) : null,
    barred ? svg("rect", {
      x: amount < 0 ? zero - long : zero, y: middle - BAR / 2, width: long, height: BAR, rx: 2,
    }) : null,
    svg("text", { class: "amount", x: width, y: middle + 5, "text-anchor": "end" },
      measure.amount(amount, kind)),
  );
}
