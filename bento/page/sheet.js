// The answers on many rows as a table, to look into and to take away as CSV.

import { write } from "./csv.js";
import { clipped, el, plain } from "./dom.js";
import { showOne } from "./verdicts.js";
import { count } from "./words.js";

const AT_ONCE = 100;
const SHOWN = 60;

/** Shows the rows of rows.js and portions.js; title(instance) names one. */
export function showSheet(place, summary, { header, rows, kind, title }) {
  const answered = rows.filter(({ prediction }) => prediction);
  const refused = rows.length - answered.length;
  const [{ answer }] = answered;
  summary.classList.remove("spoken");
  summary.textContent = kind.summed(answered.map(({ prediction }) => prediction), answer)
    + (refused ? ` ${count(refused, "row")} could not be ${kind.words.done}.` : "");
  const detail = el("section", { class: "detail", "aria-label": "One row" });
  const body = el("tbody");
  const more = el("div", { class: "line" });
  // The first column of the user's own, where there is one, tells which row is which.
  const own = header[0];
  const noted = rows.some(({ problem, prediction }) => problem || prediction?.warnings?.length);
  let shown = 0;

  function next() {
    const some = rows.slice(shown, shown + AT_ONCE);
    shown += some.length;
    body.append(...some.map((row) => line(row, kind, noted, () => showOne(detail, {
      ...row, kind, name: `Row ${row.number}: ${title(row.instance)}`,
    }))));
    const left = rows.length - shown;
    more.replaceChildren(...left ? [el("button", { type: "button", class: "quiet", onclick: next },
      `Show ${Math.min(left, AT_ONCE)} more of ${count(left, "row")}`)] : []);
  }

  next();
  const heads = ["Row", clipped(plain(own), 24), ...kind.columns, noted && "Note", "Why"];
  const coverage = kind.coverage(answer);
  place.replaceChildren(
    coverage ? el("p", { class: "hint" }, coverage) : "",
    el("div", { class: "line" }, saved(header, rows, kind)),
    el("div", { class: "wide sheet", tabindex: 0, role: "region", "aria-label": kind.words.heading },
      el("table", {},
        el("thead", {}, el("tr", {}, heads.filter(Boolean).map((name) => el("th", { scope: "col" }, name)))),
        body)),
    more, detail,
  );
}

function line(row, kind, noted, explain) {
  const { number, cells, prediction, problem } = row;
  const answers = prediction ? kind.cells(prediction) : kind.columns.map(() => "–");
  const note = problem ?? (prediction?.warnings ?? []).join("; ");
  return el(
    "tr", { class: prediction ? null : "refused" },
    el("th", { scope: "row" }, String(number)),
    el("td", { class: "own" }, clipped(plain(cells[0]), SHOWN)),
    answers.map((text) => el("td", { class: "answer" }, text)),
    noted ? el("td", { class: "note" }, plain(note)) : null,
    el("td", {}, prediction ? el("button", {
      type: "button", class: "link", onclick: explain, "aria-label": `Why row ${number}`,
    }, "Why") : null),
  );
}

/** A button that hands out all rows with their answers, named as in scored files. */
function saved(header, rows, kind) {
  const names = [...kind.written.names, "model_version", "problem", "warning"];
  return el("button", { type: "button", class: "quiet", onclick: save }, "Download as CSV");

  function save() {
    // A row that is too long for the header is refused, but none of its cells is lost.
    const width = Math.max(header.length, ...rows.map(({ cells }) => cells.length));
    const own = Array.from({ length: width }, (_, at) => header[at] ?? `column ${at + 1}`);
    const added = names.map((name) => unused(name, own));
    const text = write([[...own, ...added], ...rows.map(({ cells, prediction, answer, problem }) => [
      ...Array.from({ length: width }, (_, at) => cells[at] ?? null),
      ...prediction ? kind.written.of(prediction) : kind.written.names.map(() => null),
      answer?.model_version ?? null, problem ?? null, (prediction?.warnings ?? []).join("; ") || null,
    ])]);
    const address = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    el("a", { href: address, download: `${kind.words.download}.csv` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  }
}

function unused(name, taken) {
  let free = taken.includes(name) ? `predicted_${name}` : name;
  while (taken.includes(free)) free = `${free}_`;
  return free;
}
