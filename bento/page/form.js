// The form, generated from the model's inputs.

import { clipped, el, plain } from "./dom.js";
import { labelled } from "./words.js";

/** The right form for these inputs, filled into `place`; both kinds have the same methods. */
export function build(place, inputs) {
  const names = Object.keys(inputs);
  const single = names.length === 1 && inputs[names[0]].type === "string";
  return single ? new Lines(place, names[0], inputs[names[0]]) : new Fields(place, inputs);
}

/** One string input: a text area, one instance a line. */
class Lines {
  constructor(place, name, input) {
    this.name = name;
    this.label = labelled(name);
    this.area = el("textarea", {
      id: "input", rows: 5, spellcheck: "false", autocapitalize: "off", autocomplete: "off",
      "aria-describedby": "input-hint", placeholder: input.examples?.[0],
    });
    place.append(
      el("label", { for: "input" }, this.label),
      this.area,
      el("p", { id: "input-hint", class: "hint" }, "One per line. ", keys()),
      el("div", { class: "line" }, submit(), example(input.examples, (texts) => {
        this.area.value = texts.join("\n");
        this.area.focus();
      })),
    );
  }

  /** {instances}, or {complaint} with the focus where it is to be mended; keeps each one's line. */
  read() {
    const lines = this.area.value.split("\n");
    this.lines = lines.flatMap((line, at) => (line.trim() ? [at] : []));
    if (!this.lines.length) {
      this.focus();
      return { complaint: `Type or paste at least one ${this.label}` };
    }
    return { instances: this.lines.map((at) => ({ [this.name]: lines[at].trim() })) };
  }

  locate(where) {
    const index = Number(/^instances\.(\d+)/.exec(where)?.[1] ?? Number.NaN);
    const line = this.lines?.[index];
    return line === undefined ? null : { name: `Line ${line + 1}`, go: () => this.select(line) };
  }

  select(line) {
    const lines = this.area.value.split("\n");
    const start = lines.slice(0, line).reduce((sum, text) => sum + text.length + 1, 0);
    this.area.focus();
    this.area.setSelectionRange(start, start + (lines[line]?.length ?? 0));
  }

  mark(wrong) {
    this.area.toggleAttribute("aria-invalid", false);
    if (wrong) this.area.setAttribute("aria-invalid", "true");
  }

  focus() {
    this.area.focus();
  }

  /** How an instance is called in its verdict. */
  title(instance) {
    return instance[this.name];
  }
}

/** Several inputs: a field each, one instance. */
class Fields {
  constructor(place, inputs) {
    this.fields = Object.entries(inputs).map(([name, input], at) => field(name, input, at));
    place.append(
      el("div", { class: "fields" }, this.fields.map((one) => one.box)),
      el("p", { class: "hint" }, keys()),
      el("div", { class: "line" }, submit()),
    );
  }

  read() {
    const missing = this.fields.filter((one) => one.value() === null);
    for (const one of this.fields) one.control.removeAttribute("aria-invalid");
    for (const one of missing) one.control.setAttribute("aria-invalid", "true");
    if (missing.length) {
      missing[0].control.focus();
      return { complaint: `Fill in ${missing.map((one) => one.label).join(", ")}` };
    }
    return { instances: [Object.fromEntries(this.fields.map((one) => [one.name, one.value()]))] };
  }

  locate(where) {
    const name = /^instances\.\d+\.(.+)$/.exec(where)?.[1];
    const one = this.fields.find((other) => other.name === name);
    if (!one) return null;
    one.control.setAttribute("aria-invalid", "true");
    return { name: one.label, go: () => one.control.focus() };
  }

  mark() {
    // `read` and `locate` mark the single fields.
  }

  focus() {
    this.fields[0]?.control.focus();
  }

  title(instance) {
    return this.fields.map((one) => `${one.label} ${instance[one.name]}`).join(", ");
  }
}

function field(name, input, at) {
  const id = `input-${at}`;
  const label = labelled(name);
  const [control, value] = kinds(input)(id, input);
  const range = typeof input.minimum === "number" && typeof input.maximum === "number"
    ? `${input.minimum} to ${input.maximum}` : "";
  const hint = range && el("span", { class: "hint", id: `${id}-hint` }, range);
  if (hint) {
    control.setAttribute("aria-describedby", hint.id);
    control.addEventListener("input", () => {
      const out = control.value !== "" && (Number(control.value) < input.minimum
        || Number(control.value) > input.maximum);
      hint.textContent = out ? `outside the data's ${range}` : range;
      hint.classList.toggle("warned", out);
    });
  }
  const box = el("div", { class: "field" }, el("label", { for: id }, label), control, hint || null);
  return { name, label, control, value, box };
}

function kinds(input) {
  if (Array.isArray(input.values)) return dropDown;
  return input.type === "number" || input.type === "integer" ? number : text;
}

function number(id, input) {
  const control = el("input", {
    id, type: "number", min: input.minimum, max: input.maximum, inputmode: "decimal",
    step: input.type === "integer" ? 1 : "any", autocomplete: "off",
  });
  return [control, () => (Number.isNaN(control.valueAsNumber) ? null : control.valueAsNumber)];
}

function dropDown(id, input) {
  const options = input.values.map((value, at) => el(
    "option", { value: at }, clipped(plain(String(value)), 80),
  ));
  const control = el("select", { id }, el("option", { value: "" }, "choose…"), options);
  return [control, () => (control.value === "" ? null : input.values[Number(control.value)])];
}

function text(id) {
  const control = el("input", { id, type: "text", autocomplete: "off", spellcheck: "false" });
  return [control, () => (control.value === "" ? null : control.value)];
}

function keys() {
  return el("span", { class: "keys" }, el("kbd", {}, "Ctrl"), " + ", el("kbd", {}, "Enter"), " asks.");
}

function submit() {
  return el("button", { type: "submit", class: "primary" }, "Judge");
}

function example(texts, use) {
  if (!texts?.length) return null;
  const name = texts.length === 1 ? "Use an example" : "Use examples";
  return el("button", { type: "button", class: "quiet", onclick: () => use(texts) }, name);
}
