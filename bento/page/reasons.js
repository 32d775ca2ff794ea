// Why a verdict fell so: the contributions as a picture, on the text itself, and as a table.

import { draw } from "./chart.js";
import { el, plain, visible } from "./dom.js";
import { signed } from "./words.js";

const LARGEST = 10;
const LEVELS = 5;

/** Fills `place` with the reasons of one explanation of /explain; scale: of kinds.js. */
export function reasons(place, explanation, scale) {
  const { contributions, base, text } = explanation;
  const total = scale.total(explanation);
  const written = typeof text === "string";
  const placed = contributions.filter(isPlaced);
  const chart = el("div", { class: "chart" });
  place.replaceChildren(
    written && placed.length ? tinted(text, placed, scale) : "",
    el("figure", {}, chart, el("figcaption", {}, scale.caption(explanation))),
    table(contributions, base, total, { scale, written }),
  );
  const lines = rows(contributions, base, written);
  const sum = { name: "together", amount: total, kind: "total" };
  draw(chart, [...lines, sum], scale, described(lines, total, scale));
  place.classList.add("ready");
}

/** Whether it is a piece of the text, told by its first character and the one after its last. */
function isPlaced({ start, end }) {
  return Number.isInteger(start) && Number.isInteger(end);
}

/** The rows of the picture: base, the largest contributions, and all else as one, in that order. */
function rows(contributions, base, written) {
  const sorted = contributions.toSorted((a, b) => size(b) - size(a));
  const kept = sorted.length <= LARGEST + 1 ? sorted : sorted.slice(0, LARGEST);
  const rest = sorted.slice(kept.length);
  const held = kept.map((one) => ({
    name: named(one, written), amount: one.contribution, kind: "one",
  }));
  if (rest.length) {
    const amount = rest.reduce((sum, one) => sum + one.contribution, 0);
    held.push({ name: `all else (${rest.length})`, amount, kind: "rest" });
  }
  return [{ name: "before looking", amount: base, kind: "base" }, ...held];
}

function size({ contribution }) {
  return Math.abs(contribution);
}

/** Pieces of a text have no value; a field without one is not known. */
function named({ feature, value }, written) {
  if (value === null && written) return plain(feature);
  return `${plain(feature)} = ${told(value)}`;
}

function told(value) {
  if (value === null || value === undefined) return "not known";
  if (typeof value !== "number") return plain(String(value));
  const digits = Math.trunc(Math.abs(value)).toString().length;
  return String(Number(value.toPrecision(Math.min(17, Math.max(4, digits + 1)))));
}

function described(lines, total, scale) {
  const strongest = lines.slice(1, 4).map((one) => `${one.name} ${scale.amount(one.amount)}`).join(", ");
  return `${scale.told(strongest, total)} The table below has all of them.`;
}

/** The canonical text, each character tinted by what the pieces that hold it contribute. */
function tinted(text, placed, { towards: [negative, positive] }) {
  const characters = Array.from(text);
  const sums = new Float64Array(characters.length);
  for (const { start, end, contribution } of placed) {
    const last = Math.min(end, sums.length);
    for (let at = Math.max(0, start); at < last; at += 1) sums[at] += contribution;
  }
  const most = sums.reduce((top, sum) => Math.max(top, Math.abs(sum)), 0);
  const pieces = [];
  let from = 0;
  for (let at = 1; at <= characters.length; at += 1) {
    if (at < characters.length && sums[at] === sums[from]) continue;
    const level = most ? Math.ceil((LEVELS * Math.abs(sums[from])) / most) : 0;
    const side = sums[from] > 0 ? "up" : "down";
    const piece = visible(characters.slice(from, at).join(""));
    const look = { class: `tint ${side}-${level}`, title: signed(sums[from]) };
    pieces.push(level ? el("span", look, piece) : piece);
    from = at;
  }
  return el(
    "div", { class: "tinted" },
    el("p", { class: "canonical", dir: "ltr", tabindex: text.length > 400 ? 0 : null }, pieces.flat()),
    el("p", { class: "legend", "aria-hidden": "true" },
      el("span", { class: "tint down-4" }, `towards ${plain(negative)}`), " ",
      el("span", { class: "tint up-4" }, `towards ${plain(positive)}`)),
  );
}

function table(contributions, base, total, { scale, written }) {
  const placed = contributions.some(isPlaced);
  const valued = !written || contributions.some((one) => one.value !== null);
  const head = ["Feature", valued && "Value", placed && "Characters", scale.heading].filter(Boolean);
  const body = contributions.map((one) => el(
    "tr", {},
    el("th", { scope: "row" }, visible(one.feature)),
    valued ? el("td", {}, written && one.value === null ? "–" : told(one.value)) : null,
    placed ? el("td", {}, isPlaced(one) ? `${one.start}–${one.end}` : "–") : null,
    el("td", { class: "number" }, scale.precise(one.contribution)),
  ));
  const line = (name, amount, kind) => el(
    "tr", { class: kind },
    el("th", { scope: "row", colspan: head.length - 1 }, name),
    el("td", { class: "number" }, scale.precise(amount, kind)),
  );
  return el(
    "details", { class: "numbers" },
    el("summary", {}, "As a table"),
    el("div", { class: "wide", tabindex: 0, role: "region", "aria-label": "Contributions" }, el(
      "table", {},
      el("thead", {}, el("tr", {}, head.map((name) => el("th", {
        scope: "col", class: name === scale.heading && "number",
      }, name)))),
      el("tbody", {}, line("Before looking at this one", base, "base"), body),
      el("tfoot", {}, line("Together", total, "total")),
    )),
  );
}
