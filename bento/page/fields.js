// The fields of one instance of a table; of many of them, those that are looked for.

import { clipped, el, plain } from "./dom.js";
import { fieldOf } from "./inputs.js";
import { count, labelled, some } from "./words.js";

const FEW = 24;
const TITLED = 12;
const NAMED = 40;

/** A field for each input, filled into `place`. */
export class Fields {
  constructor(place, inputs) {
    this.fields = [];
    const labels = labelsOf(Object.keys(inputs));
    for (const [name, input] of Object.entries(inputs)) {
      this.fields.push(fieldOf(name, labels.get(name), input, this.fields.length));
    }
    this.named = new Map(this.fields.map((one) => [one.name, one]));
    const many = this.fields.length > FEW;
    if (many) place.append(this.finder());
    place.append(el("div", {
      class: many ? "fields many" : "fields", tabindex: many ? 0 : null,
      role: many ? "group" : null, "aria-label": many ? "Fields" : null,
    }, this.fields.map((one) => one.box)));
  }

  /** {instance}, or {complaint} with the focus where it is to be mended. */
  read() {
    const held = this.fields.map((one) => ({ one, ...one.read() }));
    const faulty = held.filter(({ wrong }) => wrong !== undefined);
    for (const { one, wrong } of held) one.tell(wrong === undefined ? null : wrong);
    if (!faulty.length) {
      return { instance: Object.fromEntries(held.map(({ one, value }) => [one.name, value])) };
    }
    this.go(faulty[0].one);
    const unread = faulty.filter(({ wrong }) => !wrong.startsWith("is needed"));
    const told = unread.length ? unread : faulty;
    const names = some(told.map(({ one }) => one.label));
    return { complaint: unread.length ? `Not a number: ${names}` : `Fill in ${names}` };
  }

  /** Fills in an instance, all of it. */
  set(instance) {
    for (const one of this.fields) {
      one.set(Object.hasOwn(instance, one.name) ? instance[one.name] : null);
      one.tell(null);
    }
  }

  /** The field that an error's place means; names may hold dots, and places may go deeper. */
  found(where) {
    const [, path] = /^instances\.\d+\.(.+)$/su.exec(where) ?? [];
    if (path === undefined) return null;
    for (let end = path.length; end > 0; end = path.lastIndexOf(".", end - 1)) {
      const one = this.named.get(path.slice(0, end));
      if (one) return one;
    }
    return null;
  }

  go(one) {
    if (one.box.hidden) {
      this.open.checked = false;
      this.find("");
    }
    one.control.focus();
  }

  focus() {
    this.fields[0]?.control.focus();
  }

  title(instance) {
    const known = this.fields.slice(0, TITLED).map((one) => {
      const value = Object.hasOwn(instance, one.name) ? instance[one.name] : null;
      return `${clipped(one.label, NAMED)} ${value === null ? "not known" : value}`;
    });
    const left = this.fields.length - known.length;
    return known.join(", ") + (left > 0 ? ` and ${count(left, "more field")}` : "");
  }

  finder() {
    this.search = el("input", {
      id: "finder", type: "search", autocomplete: "off", spellcheck: "false",
      oninput: () => this.find(this.search.value),
    });
    this.open = el("input", {
      id: "open", type: "checkbox", onchange: () => this.find(this.search.value),
    });
    this.told = el("p", { class: "hint", role: "status" }, count(this.fields.length, "field"));
    this.search.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) event.preventDefault();
    });
    return el("div", { class: "finder" },
      el("label", { for: "finder" }, "Find a field"), this.search,
      el("label", { class: "choice", for: "open" }, this.open, " Only those that are empty"),
      this.told);
  }

  /** Shows the fields whose name holds the words, and, if so chosen, that are empty. */
  find(words) {
    if (this.search.value !== words) this.search.value = words;
    const sought = words.trim().toLowerCase();
    let shown = 0;
    for (const one of this.fields) {
      const fits = !sought || one.name.toLowerCase().includes(sought)
        || one.label.toLowerCase().includes(sought);
      one.box.hidden = !fits || (this.open.checked && one.control.value !== "");
      if (!one.box.hidden) shown += 1;
    }
    const all = count(this.fields.length, "field");
    this.told.textContent = shown === this.fields.length ? all : `${shown} of ${all}`;
  }
}

/** The label of each name: its own spelling where two would read the same. */
function labelsOf(names) {
  const times = new Map();
  for (const name of names) {
    const label = plain(labelled(name));
    times.set(label, (times.get(label) ?? 0) + 1);
  }
  return new Map(names.map((name) => {
    const label = labelled(name);
    return [name, times.get(plain(label)) > 1 ? name : label];
  }));
}
