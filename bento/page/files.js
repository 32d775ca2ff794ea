// A whole file: handed over as a job, watched until done, its result downloaded.

import { call, hasKey, Problem, request } from "./api.js";
import { el, plain } from "./dom.js";
import { clear, show } from "./problems.js";
import { session } from "./session.js";
import { count, megabytes, some } from "./words.js";

const KINDS = new Map([
  ["csv", ["csv", "text/csv"]],
  ["ndjson", ["ndjson", "application/x-ndjson"]],
  ["jsonl", ["ndjson", "application/x-ndjson"]],
  ["parquet", ["parquet", "application/vnd.apache.parquet"]],
]);
const MANY = 20;
const FIRST_MS = 250;
const LAST_MS = 2_000;
const ENDED = new Set(["succeeded", "failed", "cancelled"]);

/** Fills the form and shows jobs in `list`; those of this tab are watched again after a reload. */
export function prepare(form, trouble, list, model, { words }) {
  const names = Object.keys(model.inputs);
  const columns = `${names.length === 1 ? "column" : "columns"} ${plain(some(names, MANY))}`;
  const field = el("input", {
    id: "file-field", type: "file", accept: ".csv,.ndjson,.jsonl,.parquet",
    "aria-describedby": "file-hint",
  });
  const button = el("button", { type: "submit", class: "primary" }, words.file);
  form.append(
    el("label", { for: "file-field" }, "CSV file"), field,
    el("p", { id: "file-hint", class: "hint" },
      `With a header and the ${columns}; other columns are kept. `
      + "NDJSON and Parquet work too."),
    el("div", { class: "line" }, button),
  );
  let attempt = null;
  field.addEventListener("change", () => { attempt = null; clear(trouble); });

  async function submit() {
    const [file] = field.files;
    clear(trouble);
    const wrong = complaint(file, model.limits);
    if (wrong) {
      show(trouble, wrong);
      field.focus();
      return;
    }
    // One name an attempt: sent again after a broken connection, it makes no second job.
    attempt ??= token();
    button.setAttribute("aria-disabled", "true");
    button.textContent = `Uploading ${megabytes(file.size)}…`;
    try {
      const job = await upload(file, attempt);
      attempt = null;
      remember(job.id, file.name);
      watch(list, job, file.name, words);
    } catch (cause) {
      if (cause.status !== 0) attempt = null;
      show(trouble, cause, { retry: cause.status === 0 || cause.status === 503 ? submit : null });
    } finally {
      button.removeAttribute("aria-disabled");
      button.textContent = words.file;
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!button.hasAttribute("aria-disabled")) submit();
  });
  for (const [id, name] of remembered()) watch(list, { id, status: "queued", rows_done: 0 }, name, words);
}

function complaint(file, limits) {
  if (!file) return "Choose a file first";
  if (!KINDS.has(extension(file.name))) return "Choose a CSV, NDJSON or Parquet file";
  if (limits?.max_job_mb && file.size > limits.max_job_mb * 1e6) {
    return `This file has ${megabytes(file.size)}; the service takes up to ${limits.max_job_mb} MB`;
  }
  return null;
}

function upload(file, attempt) {
  const [format, type] = KINDS.get(extension(file.name));
  const headers = { "Content-Type": type, "Idempotency-Key": attempt };
  return call(`jobs?format=${format}`, { method: "POST", headers, body: file, patience: 0 });
}

/** Shows one job and polls it until it ends. */
function watch(list, started, name, words) {
  const progress = el("progress", { "aria-label": `Progress of ${plain(name)}` });
  const told = el("p", { role: "status" });
  const trouble = el("div", { role: "alert" });
  const actions = el("div", { class: "line" });
  const dismiss = el("button", { type: "button", class: "quiet", onclick: remove }, "Cancel");
  const box = el("article", { class: "job" },
    el("h3", {}, plain(name)), progress, told, actions, trouble);
  const path = `jobs/${encodeURIComponent(started.id)}`;
  let gone = false;

  async function remove() {
    try {
      await request(path, { method: "DELETE" });
    } catch (cause) {
      if (cause.status !== 404) return show(trouble, cause, { retry: remove });
    }
    gone = true;
    forget(started.id);
    box.remove();
    return document.getElementById("file-field")?.focus();
  }

  function paint(job) {
    if (typeof job.rows === "number" && job.rows > 0) {
      progress.max = job.rows;
      progress.value = job.rows_done;
    }
    told.textContent = stateOf(job, words);
    if (!ENDED.has(job.status)) return;
    progress.hidden = true;
    dismiss.textContent = "Remove";
    if (job.status === "succeeded") actions.prepend(download(`${path}/result`, job, trouble, words.download));
    if (job.status === "failed") {
      const title = `The file could not be ${words.done}`;
      show(trouble, new Problem(null, { title, detail: failure(job.error) }));
    }
  }

  async function poll() {
    let wait = FIRST_MS;
    for (let job = started; !gone;) {
      try {
        if (job === started && job.created === undefined) job = await call(path);
        clear(trouble);
        paint(job);
        if (ENDED.has(job.status)) return;
        await pause(wait);
        wait = Math.min(LAST_MS, wait * 1.4);
        if (!gone) job = await call(path);
      } catch (cause) {
        if (gone) return;
        show(trouble, cause);
        if (cause.status !== 0 && cause.status !== 503) {
          forget(started.id);
          progress.hidden = true;
          dismiss.textContent = "Remove";
          return;
        }
        await pause(LAST_MS);
      }
    }
  }

  actions.append(dismiss);
  list.prepend(box);
  poll();
}

function stateOf(job, { done: judged }) {
  const done = count(job.rows_done ?? 0, "row");
  const rejected = job.rows_rejected ? `, ${job.rows_rejected} of them cannot be ${judged}` : "";
  switch (job.status) {
    case "queued": return "Waiting for its turn…";
    case "running": return `${done}${job.rows ? ` of ${job.rows}` : ""} ${judged}…`;
    case "succeeded": return `Done: ${done}${rejected}, by version ${job.model_version}.`;
    case "cancelled": return "Cancelled.";
    default: return "";
  }
}

function failure(error) {
  return typeof error === "string" ? error : error?.detail ?? error?.message ?? "";
}

/** A plain link; where a key is asked for, a button, because a link cannot carry the key. */
function download(path, job, trouble, called) {
  const name = `${called}.${job.format}`;
  const words = "Download the result";
  if (!hasKey()) return el("a", { class: "button", href: path, download: name }, words);
  const button = el("button", { type: "button", class: "primary", onclick: fetchIt }, words);
  async function fetchIt() {
    try {
      const held = await (await request(path, { patience: 0 })).blob();
      const address = URL.createObjectURL(held);
      el("a", { href: address, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(address), 60_000);
    } catch (cause) {
      show(trouble, cause, { retry: fetchIt });
    }
  }
  return button;
}

function extension(name) {
  return name.split(".").at(-1).toLowerCase();
}

function token() {
  // crypto.randomUUID is missing where the page is served without TLS to another machine.
  const bytes = Array.from(crypto.getRandomValues(new Uint8Array(16)));
  return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function remembered() {
  return JSON.parse(session.get("jobs") ?? "[]");
}

function remember(id, name) {
  session.set("jobs", JSON.stringify([...remembered(), [id, name]]));
}

function forget(id) {
  session.set("jobs", JSON.stringify(remembered().filter(([other]) => other !== id)));
}

function pause(milliseconds) {
  return new Promise((resolve) => { setTimeout(resolve, milliseconds); });
}
