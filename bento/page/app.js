// The page: asks the service what it serves, then builds form, verdicts, files and card from it.

import { about } from "./about.js";
import { call } from "./api.js";
import { asking } from "./asking.js";
import { el, plain } from "./dom.js";
import * as files from "./files.js";
import * as key from "./key.js";
import { kindOf } from "./kinds.js";
import { clear, show } from "./problems.js";

const SYNTHETIC = "Synthetic sample: this model learnt from generated rows; its answers say "
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
  const kind = kindOf(model);
  const title = plain(model.title || model.name);
  document.title = `${title} · Switchyard`;
  $("title").textContent = title;
  $("facts").textContent = `Version ${model.version} · ${kind.tagline}`;
  $("results-heading").textContent = kind.words.heading;
  if (model.synthetic) {
    $("notice").textContent = model.notice || SYNTHETIC;
    $("notice").hidden = false;
  }
  asking($("ask"), model, kind, {
    trouble: $("ask-problem"), summary: $("summary"), verdicts: $("verdicts"), results: $("results"),
  });
  files.prepare($("file"), $("file-problem"), $("jobs"), model, kind);
  about($("about"), model, kind);
  $("verdicts").append(el("p", { class: "empty" }, kind.empty));
  $("room").hidden = false;
}

key.prepare($("key"));
open();
