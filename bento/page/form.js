// The form, generated from the model's inputs.

import { el } from "./dom.js";
import { Table } from "./table.js";
import { labelled } from "./words.js";

/** The right form for these inputs, filled into `place`; both kinds have the same methods. */
export function build(place, model, { words }) {
  const { inputs } = model;
  const names = Object.keys(inputs);
  const submit = () => el("button", { type: "submit", class: "primary" }, words.ask);
  const single = names.length === 1 && inputs[names[0]].type === "string";
  return single ? new Lines(place, names[0], inputs[names[0]], { submit })
    : new Table(place, model, { keys, submit });
}

/** One string input: a text area, one instance a line. */
class Lines {
  constructor(place, name, input, { submit }) {
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

function keys() {
  return el("span", { class: "keys" }, el("kbd", {}, "Ctrl"), " + ", el("kbd", {}, "Enter"), " asks.");
}

function example(texts, use) {
  if (!texts?.length) return null;
  const name = texts.length === 1 ? "Use an example" : "Use examples";
  return el("button", { type: "button", class: "quiet", onclick: () => use(texts) }, name);
}
