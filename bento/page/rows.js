// Many rows as CSV, pasted or dropped: columns matched by name, cells converted, faults by row.

import { NOTHING, parse, write } from "./csv.js";
import { clipped, el, plain } from "./dom.js";
import { megabytes, some } from "./words.js";

const LARGEST = 2_000_000;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const SHOWN = 40;
const FAULTS = 3;

/** A text area for CSV, filled into `place`. */
export class Rows {
  constructor(place, inputs) {
    this.inputs = inputs;
    this.area = el("textarea", {
      id: "rows", rows: 8, spellcheck: "false", autocapitalize: "off", autocomplete: "off", wrap: "off",
      "aria-describedby": "rows-hint",
    });
    this.told = el("p", { class: "hint", role: "status" });
    const field = el("input", { id: "rows-file", type: "file", accept: ".csv,.tsv,.txt,text/csv" });
    field.addEventListener("change", async () => {
      if (field.files.length) await this.take(field.files[0]);
      field.value = "";
    });
    const box = el("div", { class: "rows" },
      el("label", { for: "rows" }, "Rows as CSV, with a header"), this.area,
      el("p", { id: "rows-hint", class: "hint" }, "Paste them or drop a file here. Columns: ",
        `${plain(some(Object.keys(inputs), 20))}; others are kept.`),
      el("label", { for: "rows-file" }, "Rows from a file"), field, this.told);
    box.addEventListener("dragover", (event) => {
      if (!event.dataTransfer.types.includes("Files")) return;
      event.preventDefault();
      box.classList.add("over");
    });
    box.addEventListener("dragleave", () => box.classList.remove("over"));
    box.addEventListener("drop", (event) => {
      box.classList.remove("over");
      if (!event.dataTransfer.files.length) return;
      event.preventDefault();
      this.take(event.dataTransfer.files[0]);
    });
    place.append(box);
  }

  async take(file) {
    if (file.size > LARGEST) {
      this.told.textContent = `${plain(file.name)} has ${megabytes(file.size)}: upload it below as a `
        + "whole file";
      return;
    }
    this.area.value = await file.text();
    this.told.textContent = `${plain(file.name)} is in the field above.`;
  }

  /** Fills in whole instances. */
  set(instances) {
    const names = Object.keys(this.inputs);
    this.area.value = write([names, ...instances.map((one) => names.map((name) => one[name]))]);
  }

  /**
   * {header, rows} or {complaint}. A row: {number, cells, start, end} with its instance, or with
   * what is wrong with it as `problem`.
   */
  read() {
    const names = Object.keys(this.inputs);
    let records;
    try {
      records = parse(this.area.value, names);
    } catch (cause) {
      return this.complain(cause.message);
    }
    if (!records.length) return this.complain("Paste rows with a header, or drop a file");
    const header = records[0].cells.map((name) => name.trim());
    const complaint = this.unfit(header, names);
    if (complaint) return this.complain(complaint);
    if (records.length === 1) return this.complain("There is a header, but no row below it");
    const places = new Map(names.map((name) => [name, header.indexOf(name)]));
    const rows = records.slice(1).map((one, at) => ({
      number: at + 1, cells: one.cells, start: one.start, end: one.end,
      ...this.converted(one.cells, header.length, places),
    }));
    return { header, rows };
  }

  unfit(header, names) {
    const held = new Set(header);
    const absent = names.filter((name) => !held.has(name) && !this.inputs[name].missing);
    const twice = names.filter((name) => header.indexOf(name) !== header.lastIndexOf(name));
    if (twice.length) return `The header names ${plain(some(twice))} twice`;
    if (!absent.length) return null;
    const none = names.some((name) => held.has(name)) ? "The header"
      : "The first line must name the columns; it";
    return `${none} has no ${plain(some(absent))}`;
  }

  converted(cells, width, places) {
    if (cells.length !== width) return { problem: `has ${cells.length} cells, the header ${width}` };
    const faults = [];
    const instance = [...places].map(([name, place]) => {
      const read = converted(place < 0 ? "" : cells[place], this.inputs[name]);
      if (read.wrong !== undefined) faults.push(`${clipped(name, SHOWN)} ${read.wrong}`);
      return [name, read.value];
    });
    return faults.length ? { problem: listed(faults) } : { instance: Object.fromEntries(instance) };
  }

  complain(complaint) {
    this.mark(true);
    this.focus();
    return { complaint };
  }

  mark(wrong) {
    this.area.toggleAttribute("aria-invalid", false);
    if (wrong) this.area.setAttribute("aria-invalid", "true");
  }

  select({ start, end }) {
    this.area.focus();
    this.area.setSelectionRange(start, end);
  }

  focus() {
    this.area.focus();
  }
}

/** {value} of a cell, null where it is empty and may be so; or {wrong}, in words. */
function converted(cell, input) {
  const text = cell.trim();
  const absent = input.type === "number" ? NOTHING.includes(text.toLowerCase()) : text === "";
  if (absent) return input.missing ? { value: null } : { wrong: "is missing" };
  if (Array.isArray(input.values)) {
    if (input.values.includes(cell)) return { value: cell };
    if (input.values.includes(text) || input.other) return { value: text };
    return { wrong: `is ${told(text)}; known: ${some(input.values)}` };
  }
  if (input.type === "string") return { value: cell };
  const number = NUMBER.test(text) ? Number(text) : Number.NaN;
  if (Number.isFinite(number)) return { value: number };
  const comma = /^[+-]?\d+,\d+$/.test(text) ? " (decimals take a point)" : "";
  return { wrong: `is ${told(text)}, not a number${comma}` };
}

/** The first few faults of a row, whole. */
function listed(faults) {
  const rest = faults.length - FAULTS;
  return faults.slice(0, FAULTS).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}

function told(text) {
  return `"${clipped(text, SHOWN)}"`;
}
