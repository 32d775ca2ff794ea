// The form of a table: fields for one row, or CSV for many.

import { el } from "./dom.js";
import { Fields } from "./fields.js";
import { Rows } from "./rows.js";

/** Both ways to give instances; `mode` is "one" or "many". */
export class Table {
  constructor(place, model, parts) {
    this.examples = examplesOf(model);
    this.used = 0;
    this.boxes = { one: el("div", {}), many: el("div", { hidden: true }) };
    this.one = new Fields(this.boxes.one, model.inputs);
    this.many = new Rows(this.boxes.many, model.inputs);
    this.title = (instance) => this.one.title(instance);
    this.button = this.examples.length
      ? el("button", { type: "button", class: "quiet", onclick: () => this.example() }) : null;
    place.append(
      el("fieldset", { class: "modes" }, el("legend", { class: "spoken" }, "How many rows"),
        this.choice("one", "One row"), this.choice("many", "Many rows (CSV)")),
      this.boxes.one, this.boxes.many,
      el("p", { class: "hint" }, parts.keys()),
      el("div", { class: "line" }, parts.submit(), this.button),
    );
    this.turn("one");
  }

  choice(mode, name) {
    return el("label", {}, el("input", {
      type: "radio", name: "mode", value: mode, checked: mode === "one", onchange: () => this.turn(mode),
    }), el("span", {}, name));
  }

  turn(mode) {
    this.mode = mode;
    for (const [name, box] of Object.entries(this.boxes)) box.hidden = name !== mode;
    if (this.button) {
      const several = mode === "many" && this.examples.length > 1;
      this.button.textContent = several ? "Use examples" : "Use an example";
    }
  }

  example() {
    if (this.mode === "many") {
      this.many.set(this.examples);
      return;
    }
    this.one.set(this.examples[this.used % this.examples.length]);
    this.used += 1;
    if (this.examples.length > 1) this.button.textContent = "Another example";
  }

  /** {instances} of one row, {header, rows} of many, or {complaint}. */
  read() {
    if (this.mode === "many") return this.many.read();
    const { instance, complaint } = this.one.read();
    return complaint ? { complaint } : { instances: [instance] };
  }

  /** The field of an error's place for people; shows the message there as well. */
  locate(where, message = null) {
    const one = this.mode === "one" ? this.one.found(where) : null;
    if (!one) return null;
    if (message !== null) one.tell(message);
    return { name: one.label, go: () => this.one.go(one) };
  }

  mark(wrong) {
    // Fields are marked one by one.
    if (this.mode === "many") this.many.mark(wrong);
  }

  focus() {
    this[this.mode].focus();
  }
}

/** Whole instances: those that the service names, else one of the first example of each input. */
function examplesOf({ examples, inputs }) {
  if (Array.isArray(examples) && examples.length) return examples;
  const fields = Object.entries(inputs);
  if (!fields.every(([, input]) => input.examples?.length || input.missing)) return [];
  if (!fields.some(([, input]) => input.examples?.length)) return [];
  return [Object.fromEntries(fields.map(([name, input]) => [name, input.examples?.[0] ?? null]))];
}
