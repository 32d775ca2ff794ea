// Asking the model: from the form to verdicts, or to a table of them.

import { post, Problem } from "./api.js";
import * as forms from "./form.js";
import { predictAll } from "./portions.js";
import { clear, isOvertaken, show } from "./problems.js";
import { showSheet } from "./sheet.js";
import { showVerdicts } from "./verdicts.js";
import { count } from "./words.js";

const MOST_ROWS = 20_000;
const EXPLAINED = 100;

/** Builds the form into `place` and answers what it asks; places: {trouble, summary, verdicts, results}. */
export function asking(place, model, kind, places) {
  const form = forms.build(place, model, kind);
  const button = place.querySelector("button[type=submit]");
  const { limits = {} } = model;
  const { trouble, summary, verdicts, results } = places;
  let running = null;

  async function ask() {
    const asked = form.read();
    const wrong = asked.complaint ?? tooMany(asked, limits);
    clear(trouble);
    form.mark(Boolean(wrong));
    if (wrong) {
      show(trouble, wrong);
      if (!asked.complaint) form.focus();
      return;
    }
    running?.abort();
    const mine = new AbortController();
    running = mine;
    button.textContent = kind.words.busy;
    place.setAttribute("aria-busy", "true");
    try {
      await (asked.rows ? askMany(asked, mine.signal) : askFew(asked, mine.signal));
      if (running === mine) reveal(results);
    } catch (cause) {
      if (isOvertaken(cause)) return;
      form.mark(cause.status === 422);
      if (cause instanceof Problem) tell(cause.errors);
      const title = cause.status === 422 ? kind.words.refused : null;
      show(trouble, cause, { title, locate: (where) => form.locate(where) });
    } finally {
      if (running === mine) {
        running = null;
        button.textContent = kind.words.ask;
        place.removeAttribute("aria-busy");
      }
    }
  }

  async function askFew({ instances }, signal) {
    const answer = await post("predict", { instances }, signal);
    await showVerdicts(verdicts, summary, {
      instances, answer, kind, signal, limit: limits.max_explained ?? EXPLAINED,
      title: (instance) => form.title(instance),
    });
  }

  async function askMany({ header, rows }, signal) {
    const able = rows.filter(({ problem }) => problem === undefined);
    const told = (done) => {
      if (!signal.aborted) button.textContent = `${kind.words.busy} ${done} of ${able.length}`;
    };
    await predictAll(able, limits, { signal, told });
    if (signal.aborted) return;
    const faulty = rows.filter(({ problem }) => problem !== undefined);
    if (faulty.length) refused(faulty, rows.length);
    if (faulty.length === rows.length) return;
    showSheet(verdicts, summary, { header, rows, kind, title: (instance) => form.title(instance) });
  }

  /** Faults by row, above the table of the others. */
  function refused(faulty, all) {
    const title = `${faulty.length} of ${count(all, "row")} cannot be ${kind.words.done}`;
    const errors = faulty.map(({ number, problem }) => ({ where: `row ${number}`, message: problem }));
    const byName = new Map(faulty.map((row) => [`row ${row.number}`, row]));
    show(trouble, new Problem(null, { title, errors }), {
      locate: (where) => ({
        name: where.replace("row", "Row"), go: () => form.many.select(byName.get(where)),
      }),
    });
  }

  function tell(errors) {
    for (const { where, message } of errors) {
      if (typeof where === "string" && typeof message === "string") form.locate(where, message);
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

/** Lines go in one request, rows of a table in as many as they need. */
function tooMany({ instances, rows }, { max_instances: most }) {
  if (rows) {
    return rows.length <= MOST_ROWS ? null : `These are ${count(rows.length, "row")}; this page takes up `
      + `to ${count(MOST_ROWS, "row")} at once. Put them into a file and use the upload`;
  }
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
