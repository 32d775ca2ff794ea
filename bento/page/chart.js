// A diverging bar chart: what pushed towards either class, and where the sum ended.

import { clipped, svg } from "./dom.js";
import { signed } from "./words.js";

const NARROW = 460;
const NUMBERS = 68;
const CHARACTER = 8.3;
const BAR = 16;

/**
 * Draws the lines {name, amount, kind} and their sum into `box`, which must stand in the document,
 * in its own width; again when that changes.
 */
export function draw(box, lines, margin, { positive, negative }, alt) {
  const all = [...lines, { name: "together", amount: margin, kind: "total" }];
  let drawn = 0;
  const fit = () => {
    const width = Math.floor(box.clientWidth);
    if (width === drawn || width < 80) return;
    drawn = width;
    box.replaceChildren(picture(all, width, `◂ ${negative}`, `${positive} ▸`, alt));
  };
  // At once, so that nothing below moves a frame later; in a closed box, once it is opened.
  fit();
  new ResizeObserver(fit).observe(box);
}

function picture(lines, width, left, right, alt) {
  const narrow = width < NARROW;
  const row = narrow ? 42 : 29;
  const longest = CHARACTER * Math.max(...lines.map((line) => Array.from(line.name).length));
  const names = narrow ? 0 : Math.ceil(Math.min(longest, 0.4 * width));
  const [x0, x1] = [names + (narrow ? 0 : 12), width - NUMBERS];
  const low = Math.min(0, ...lines.map((line) => line.amount));
  const high = Math.max(0, ...lines.map((line) => line.amount));
  const scale = (x1 - x0) / (high - low || 1);
  const zero = x0 - low * scale;
  const room = Math.floor((narrow ? width - NUMBERS : names) / CHARACTER);
  const top = 26;
  const height = top + lines.length * row + 10;
  const drawn = lines.map((line, at) => {
    const y = top + at * row + (line.kind === "total" ? 10 : 0);
    return bar(line, { y, row, narrow, names, zero, scale, width, room });
  });
  const ruled = top + (lines.length - 1) * row + 4;
  return svg(
    "svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": alt },
    svg("text", { class: "axis", x: x0, y: 14 }, clipped(left, 24)),
    svg("text", { class: "axis", x: x1, y: 14, "text-anchor": "end" }, clipped(right, 24)),
    narrow ? null : svg("line", { class: "zero", x1: zero, x2: zero, y1: top - 4, y2: height }),
    drawn,
    svg("line", { class: "rule", x1: 0, x2: width, y1: ruled, y2: ruled }),
  );
}

function bar({ name, amount, kind }, { y, row, narrow, names, zero, scale, width, room }) {
  const long = Math.max(1, Math.abs(amount) * scale);
  const middle = narrow ? y + 30 : y + row / 2;
  const text = narrow
    ? { x: 0, y: y + 15 } : { x: names, y: middle + 5, "text-anchor": "end" };
  return svg(
    "g", { class: `bar ${amount < 0 ? "down" : "up"} ${kind}` },
    svg("title", {}, `${clipped(name, 200)}: ${signed(amount, 4)}`),
    svg("text", { class: "name", ...text }, clipped(name, room)),
    narrow ? svg("line", { class: "zero", x1: zero, x2: zero, y1: middle - 11, y2: middle + 11 }) : null,
    svg("rect", {
      x: amount < 0 ? zero - long : zero, y: middle - BAR / 2, width: long, height: BAR, rx: 2,
    }),
    svg("text", { class: "amount", x: width, y: middle + 5, "text-anchor": "end" }, signed(amount)),
  );
}
