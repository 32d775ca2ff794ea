// The page: asks the service what it serves, then builds form, verdicts, files and card from it.

import { about } from "./about.js";
import { call, post } from "./api.js";
import { el, plain } from "./dom.js";
import * as files from "./files.js";
import * as forms from "./form.js";
import * as key from "./key.js";
import { clear, isOvertaken, show } from "./problems.js";
import { showVerdicts } from "./verdicts.js";
import { count, percent } from "./words.js";

const SYNTHETIC = "Synthetic sample: this model learnt from generated rows; its verdicts say "
  + "nothing about the real world.";

const $ = (id) => document.getElementById(id);

async function open() {
  clear($("trouble"));
  try {
    furnish(await call("model"));
  } catch (cause) {
    $("facts").textContent = "";
    show($("trouble"), cause, { retry: open });
  }
}

function furnish(model) {
  const title = plain(model.title || model.name);
  document.title = `${title} · Switchyard`;
  $("title").textContent = title;
  $("facts").textContent = `Version ${model.version} · calls ${plain(model.labels.positive)} `
    + `from ${percent(model.threshold)}`;
  if (model.synthetic) {
    $("notice").textContent = model.notice || SYNTHETIC;
    $("notice").hidden = false;
  }
  asking($("ask"), model);
  files.prepare($("file"), $("file-problem"), $("jobs"), model);
  about($("about"), model);
  $("verdicts").append(el("p", { class: "empty" },
    `Each verdict will stand here: how probable ${plain(model.labels.positive)} is, `
    + "and what speaks for and against it."));
  $("room").hidden = false;
}

function asking(place, model) {
  const form = forms.build(place, model.inputs);
  const button = place.querySelector("button[type=submit]");
  const { limits = {} } = model;
  let running = null;

  async function ask() {
    const { instances, complaint } = form.read();
    const wrong = complaint ?? tooMany(instances, limits);
    clear($("ask-problem"));
    form.mark(Boolean(wrong));
    if (wrong) {
      show($("ask-problem"), wrong);
      if (instances) form.focus();
      return;
    }
    running?.abort();
    const mine = new AbortController();
    running = mine;
    button.textContent = "Judging…";
    place.setAttribute("aria-busy", "true");
    try {
      const answer = await post("predict", { instances }, mine.signal);
      await showVerdicts($("verdicts"), $("summary"), {
        instances, answer, labels: model.labels, signal: mine.signal, limit: limits.max_explained ?? 100,
        title: (instance) => form.title(instance),
      });
      if (running === mine) reveal($("results"));
    } catch (cause) {
      if (isOvertaken(cause)) return;
      form.mark(cause.status === 422);
      show($("ask-problem"), cause, { locate: (where) => form.locate(where) });
    } finally {
      if (running === mine) {
        running = null;
        button.textContent = "Judge";
        place.removeAttribute("aria-busy");
      }
    }
  }

  place.addEventListener("submit", (event) => {
    event.preventDefault();
    ask();
  });
  place.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    ask();
  });
}

function tooMany(instances, { max_instances: most }) {
  if (!most || instances.length <= most) return null;
  return `These are ${count(instances.length, "line")}; the service takes up to `
    + `${count(most, "line")} at once. Put them into a file and use the upload`;
}

/** On a small screen the verdicts are below the form: bring them into view. */
function reveal(section) {
  if (section.getBoundingClientRect().top < window.innerHeight * 0.6) return;
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  section.scrollIntoView({ behavior: still ? "auto" : "smooth", block: "start" });
}

key.prepare($("key"));
open();
