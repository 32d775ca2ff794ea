// One field for one input of the model: a number, a drop-down of categories, or a text.

import { clipped, el, plain } from "./dom.js";
import { short } from "./words.js";

const LABEL = 160;
const OTHER = "other";

/**
 * The field: {name, label, box, control, read, set, tell}. read() → {value}, null where it is not
 * known, or {wrong}; set(value) fills it in; tell(message) shows what is wrong with it, null nothing.
 */
export function fieldOf(name, label, input, at) {
  const id = `input-${at}`;
  const { control, read, set, extra = null, hint } = kinds(input)(id, input, label);
  const fault = el("span", { class: "fault", id: `${id}-fault`, hidden: true });
  const described = [hint?.id, fault.id].filter(Boolean).join(" ");
  control.setAttribute("aria-describedby", described);
  const box = el("div", { class: "field" },
    el("label", { for: id }, clipped(plain(label), LABEL), input.unit
      ? el("span", { class: "unit" }, ` (${plain(input.unit)})`) : null),
    control, extra, hint, fault);

  function tell(message) {
    fault.textContent = message ?? "";
    fault.hidden = message === null;
    if (message === null) control.removeAttribute("aria-invalid");
    else control.setAttribute("aria-invalid", "true");
  }

  box.addEventListener("input", () => tell(null));
  return { name, label: plain(label), box, control, read, set, tell };
}

function kinds(input) {
  if (Array.isArray(input.values)) return dropDown;
  return input.type === "number" || input.type === "integer" ? number : text;
}

/** What an empty field means: not known where that is allowed, else something is to be done. */
function nothing({ missing }) {
  return missing ? { value: null } : { wrong: "is needed" };
}

function number(id, input) {
  const { minimum, maximum } = input;
  const whole = input.integer || input.type === "integer";
  const control = el("input", {
    id, type: "number", inputmode: whole && minimum >= 0 ? "numeric" : "decimal",
    step: whole ? 1 : "any", autocomplete: "off",
  });
  const ranged = typeof minimum === "number" && typeof maximum === "number";
  const range = ranged ? ranges(minimum, maximum) : "";
  const usual = [range, whole && "whole", input.missing && "may stay empty"].filter(Boolean).join(", ");
  const hint = el("span", { class: "hint", id: `${id}-hint`, "aria-live": "polite" }, usual);

  function warn() {
    const value = control.valueAsNumber;
    const out = ranged && (value < minimum || value > maximum);
    const split = whole && !Number.isNaN(value) && !Number.isInteger(value);
    hint.textContent = out ? `outside the data's ${range}`
      : split ? "only whole numbers in the data" : usual;
    hint.classList.toggle("warned", out || split);
  }

  control.addEventListener("input", warn);
  return {
    control, hint,
    read() {
      if (control.validity.badInput) return { wrong: "is not a number" };
      const value = control.valueAsNumber;
      return Number.isNaN(value) ? nothing(input) : { value };
    },
    set(value) {
      control.value = value ?? "";
      warn();
    },
  };
}

function ranges(minimum, maximum) {
  return minimum === maximum ? `${short(minimum)}, always` : `${short(minimum)} to ${short(maximum)}`;
}

function dropDown(id, input, label) {
  const options = input.values.map((value, at) => el(
    "option", { value: at }, clipped(plain(String(value)), 80),
  ));
  const control = el("select", { id },
    el("option", { value: "" }, input.missing ? "not known" : "choose…"), options,
    input.other ? el("option", { value: OTHER }, "other…") : null);
  const words = el("input", {
    id: `${id}-other`, type: "text", autocomplete: "off", spellcheck: "false", hidden: true,
    "aria-label": `Other ${clipped(plain(label), LABEL)}`, placeholder: "which?",
  });
  const reveal = () => { words.hidden = control.value !== OTHER; };
  control.addEventListener("change", () => {
    reveal();
    if (!words.hidden) words.focus();
  });
  return {
    control, hint: null, extra: input.other ? words : null,
    read() {
      if (control.value === "") return nothing(input);
      if (control.value !== OTHER) return { value: input.values[Number(control.value)] };
      const typed = words.value.trim();
      return typed ? { value: typed } : { wrong: "is needed: which other?" };
    },
    set(value) {
      const place = input.values.indexOf(value);
      const known = value === null || value === undefined ? "" : OTHER;
      control.value = place >= 0 ? place : input.other ? known : "";
      words.value = control.value === OTHER ? value : "";
      reveal();
    },
  };
}

function text(id, input) {
  const control = el("input", { id, type: "text", autocomplete: "off", spellcheck: "false" });
  return {
    control, hint: null,
    read: () => (control.value === "" ? nothing(input) : { value: control.value }),
    set(value) { control.value = value ?? ""; },
  };
}
