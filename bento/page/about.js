// What stands behind the answers: version, threshold or target, inputs, limits, the model's card.

import { hasKey } from "./api.js";
import { el, plain } from "./dom.js";
import { render } from "./markdown.js";
import { count, labelled, short, some } from "./words.js";

const LISTED = 100;

/** Fills the details element from an answer of /model; kind: of kinds.js. */
export function about(place, model, kind) {
  const { manifest = {}, limits = {} } = model;
  const facts = [
    ["Model", model.name],
    ["Version", model.version],
    ["Candidate", manifest.candidate],
    ["Task", model.task],
    ...kind.facts,
    ["Data", model.synthetic ? "synthetic sample" : manifest.data?.sources?.join(", ")],
    ["Data digest", manifest.data?.digest],
  ].filter(([, value]) => value !== undefined && value !== null && value !== "");
  place.replaceChildren(
    el("summary", {}, "About this model"),
    el("div", { class: "about-body" },
      el("div", { class: "sides" },
        el("section", { "aria-label": "Facts" }, el("h3", {}, "This version"), pairs(facts)),
        el("section", { "aria-label": "Limits" }, el("h3", {}, "Limits"),
          pairs(Object.entries(limits).map(limit))),
        el("section", { "aria-label": "For programs" }, el("h3", {}, "For programs"), el("ul", {},
          link("docs", "API documentation"), link("metrics", "Metrics"),
          hasKey() ? null : link("model", "This model as JSON")))),
      inputsOf(model),
      model.card ? el("article", { class: "card" }, render(model.card, 2)) : null),
  );
}

/** What each field of an instance may hold; nothing where the one text is the instance. */
function inputsOf({ inputs }) {
  const fields = Object.entries(inputs);
  if (!fields.some(([, { type }]) => type !== "string")) return null;
  const listed = fields.slice(0, LISTED).map(([name, input]) => el("tr", {},
    el("th", { scope: "row" }, plain(name)), el("td", {}, plain(described(input)))));
  const left = fields.length - listed.length;
  return el(
    "section", { class: "inputs", "aria-label": "Inputs" }, el("h3", {}, "Inputs"),
    el("div", { class: "wide", tabindex: 0, role: "region", "aria-label": "Table of inputs" },
      el("table", {}, el("tbody", {}, listed))),
    left > 0 ? el("p", { class: "hint" }, `and ${count(left, "more field")}`) : null,
  );
}

function described({ type, values, other, missing, minimum, maximum, integer, unit, max_length: most }) {
  const parts = [];
  if (Array.isArray(values)) parts.push(`one of ${some(values, 12)}${other ? ", or another" : ""}`);
  else if (type === "string") parts.push(most ? `text of up to ${count(most, "character")}` : "text");
  else {
    parts.push(integer ? "whole number" : "number");
    if (typeof minimum === "number") parts.push(`${short(minimum)} to ${short(maximum)} in the data`);
    if (unit) parts.push(unit);
  }
  if (missing) parts.push("may be missing");
  return parts.join("; ");
}

const NUMBER = new Intl.NumberFormat("en");
const UNITS = new Map([["mb", "MB"], ["s", "s"], ["ms", "ms"]]);

function limit([name, value]) {
  const words = name.split("_");
  const unit = UNITS.get(words.at(-1));
  const shown = typeof value === "number" ? NUMBER.format(value) : String(value);
  return unit ? [labelled(words.slice(0, -1).join(" ")), `${shown} ${unit}`] : [labelled(name), shown];
}

function pairs(entries) {
  return el("dl", {}, entries.map(([name, value]) => el(
    "div", {}, el("dt", {}, name), el("dd", {}, plain(String(value))),
  )));
}

function link(path, name) {
  return el("li", {}, el("a", { href: path }, name));
}
