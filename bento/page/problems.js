// Problems in words, near the place where they arose.

import { Problem } from "./api.js";
import { clipped, el, visible } from "./dom.js";
import { count } from "./words.js";

const SHOWN = 20;
const TITLES = new Map([
  [400, "The service could not read this"],
  [403, "The service refuses this"],
  [408, "The request took too long to arrive"],
  [413, "That is more than the service accepts at once"],
  [415, "The service does not read this kind of file"],
  [422, "Some of this cannot be judged"],
  [429, "Too many requests"],
  [503, "The service is busy"],
]);

/** Empties the place. */
export function clear(place) {
  place.replaceChildren();
}

/**
 * Shows what went wrong: a Problem, or a string for what this page itself refuses.
 * locate(where) → {name, go} names an error's place for people, and go() leads there; retry()
 * is offered as a button; title replaces the one that the status has.
 */
export function show(place, trouble, { locate = null, retry = null, title: named = null } = {}) {
  if (!(trouble instanceof Problem) && typeof trouble !== "string") throw trouble;
  const problem = typeof trouble === "string" ? new Problem(null, { title: trouble }) : trouble;
  const title = named || TITLES.get(problem.status) || problem.title || `Status ${problem.status}`;
  const errors = problem.errors.filter((error) => typeof error?.message === "string");
  const box = el("div", { class: "problem" }, el("p", { class: "problem-title" }, `${title}.`));
  if (problem.detail && problem.detail !== title) {
    box.append(el("p", {}, visible(clipped(problem.detail, 1000))));
  }
  if (errors.length) {
    const items = errors.slice(0, SHOWN).map((error) => item(error, locate));
    if (errors.length > SHOWN) items.push(el("li", {}, `and ${errors.length - SHOWN} more`));
    box.append(el("ul", {}, items));
  }
  if (problem.retryAfter !== null) {
    box.append(el("p", {}, `Try again in ${count(Math.max(1, problem.retryAfter), "second")}.`));
  }
  if (retry) {
    box.append(el("button", { type: "button", class: "quiet", onclick: retry }, "Try again"));
  }
  place.replaceChildren(box);
}

/** Whether it is the user's newer request that ended this one: nothing to tell. */
export function isOvertaken(cause) {
  return cause instanceof DOMException && cause.name === "AbortError";
}

function item(error, locate) {
  const message = visible(clipped(error.message, 500));
  const where = typeof error.where === "string" ? error.where : "";
  const place = locate?.(where) ?? null;
  if (place === null) {
    return el("li", {}, where ? [el("code", {}, visible(where)), ": "] : null, message);
  }
  return el(
    "li", {},
    el("button", { type: "button", class: "link", onclick: place.go }, place.name),
    ": ", message,
  );
}
