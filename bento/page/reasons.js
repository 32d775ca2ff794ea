// Why a verdict fell so: the contributions as a picture, on the text itself, and as a table.

import { draw } from "./chart.js";
import { el, plain, visible } from "./dom.js";
import { percent, signed } from "./words.js";

const LARGEST = 10;
const LEVELS = 5;

/** Fills `place` with the reasons of one explanation of /explain. */
export function reasons(place, explanation, seen) {
  const { contributions, base, margin, text } = explanation;
  const placed = contributions.filter((one) => one.start !== null && one.end !== null);
  const chart = el("div", { class: "chart" });
  place.replaceChildren(
    typeof text === "string" && placed.length ? tinted(text, placed, seen) : "",
    el("figure", {}, chart, caption(margin, explanation.score, seen)),
    table(contributions, base, margin),
  );
  const lines = rows(contributions, base);
  draw(chart, lines, margin, seen, described(lines, margin));
  place.classList.add("ready");
}

/** The rows of the picture: base, the largest contributions, and all else as one, in that order. */
function rows(contributions, base) {
  const sorted = contributions.toSorted((a, b) => size(b) - size(a));
  const kept = sorted.length <= LARGEST + 1 ? sorted : sorted.slice(0, LARGEST);
  const rest = sorted.slice(kept.length);
  const held = kept.map((one) => ({ name: named(one), amount: one.contribution, kind: "one" }));
  if (rest.length) {
    const amount = rest.reduce((sum, one) => sum + one.contribution, 0);
    held.push({ name: `all else (${rest.length})`, amount, kind: "rest" });
  }
  return [{ name: "before looking", amount: base, kind: "base" }, ...held];
}

function size({ contribution }) {
  return Math.abs(contribution);
}

function named({ feature, value }) {
  return value === null ? plain(feature) : `${plain(feature)} = ${told(value)}`;
}

function told(value) {
  return typeof value === "number" ? String(Number(value.toPrecision(4))) : plain(String(value));
}

function described(lines, margin) {
  const strongest = lines.slice(1, 4).map((one) => `${one.name} ${signed(one.amount)}`).join(", ");
  return `Contributions in log-odds: ${strongest}; together ${signed(margin)}. `
    + "The table below has all of them.";
}

function caption(margin, score, { positive, threshold }) {
  const least = Math.log(threshold / (1 - threshold));
  return el("figcaption", {},
    `Together ${signed(margin)} log-odds, which is ${percent(score)}; `
    + `${plain(positive)} from ${signed(least)}, which is ${percent(threshold)}.`);
}

/** The canonical text, each character tinted by what the pieces that hold it contribute. */
function tinted(text, placed, { positive, negative }) {
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

function table(contributions, base, margin) {
  const placed = contributions.some((one) => one.start !== null);
  const valued = contributions.some((one) => one.value !== null);
  const head = ["Feature", valued && "Value", placed && "Characters", "Log-odds"].filter(Boolean);
  const body = contributions.map((one) => el(
    "tr", {},
    el("th", { scope: "row" }, visible(one.feature)),
    valued ? el("td", {}, one.value === null ? "–" : told(one.value)) : null,
    placed ? el("td", {}, one.start === null ? "–" : `${one.start}–${one.end}`) : null,
    el("td", { class: "number" }, signed(one.contribution, 4)),
  ));
  const line = (name, amount, kind) => el(
    "tr", { class: kind },
    el("th", { scope: "row", colspan: head.length - 1 }, name),
    el("td", { class: "number" }, signed(amount, 4)),
  );
  return el(
    "details", { class: "numbers" },
    el("summary", {}, "As a table"),
    el("div", { class: "wide", tabindex: 0, role: "region", "aria-label": "Contributions" }, el(
      "table", {},
      el("thead", {}, el("tr", {}, head.map((name) => el("th", {
        scope: "col", class: name === "Log-odds" && "number",
      }, name)))),
      el("tbody", {}, line("Before looking at this one", base, "base"), body),
      el("tfoot", {}, line("Together", margin, "total")),
    )),
  );
}
