// What stands behind the verdicts: version, threshold, limits, the model's card.

import { hasKey } from "./api.js";
import { el, plain } from "./dom.js";
import { render } from "./markdown.js";
import { labelled, percent } from "./words.js";

/** Fills the details element from an answer of /model. */
export function about(place, model) {
  const { manifest = {}, limits = {} } = model;
  const facts = [
    ["Model", model.name],
    ["Version", model.version],
    ["Candidate", manifest.candidate],
    ["Task", model.task],
    ["Threshold", `${model.threshold} (${percent(model.threshold)})`],
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
      model.card ? el("article", { class: "card" }, render(model.card, 2)) : null),
  );
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
