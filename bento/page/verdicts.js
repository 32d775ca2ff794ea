// The verdicts on one request's instances, each with its reasons and a way to correct it.

import { post } from "./api.js";
import { el, visible } from "./dom.js";
import { isOvertaken, show } from "./problems.js";
import { reasons } from "./reasons.js";
import { count } from "./words.js";

const AT_ONCE = 50;
const SOON_MS = 400;

/**
 * Shows an answer of /predict for `instances`; resolves when the first reasons are there too.
 * kind: of kinds.js; limit: how many instances /explain takes; title(instance) names one.
 */
export async function showVerdicts(place, summary, asked) {
  const { instances, answer, kind, limit, title, signal } = asked;
  const one = instances.length === 1;
  const list = el("ol", { class: one ? "verdicts single" : "verdicts" });
  const more = el("div", { class: "line" });
  let shown = 0;
  let busy = false;

  async function next() {
    if (busy) return;
    busy = true;
    const from = shown;
    const some = instances.slice(from, from + Math.min(AT_ONCE, limit));
    shown += some.length;
    const explained = explain(some, signal);
    // Both usually arrive within a blink: drawn together, nothing on the page moves.
    await Promise.race([explained.catch(() => null), pause(SOON_MS)]);
    if (signal.aborted) return;
    const cards = some.map((instance, at) => card(title(instance), answer.predictions[from + at], {
      kind, answer, one, requestId: answer.request_id, index: from + at,
    }));
    if (from === 0) {
      summary.textContent = kind.summed(answer.predictions, answer);
      summary.classList.toggle("spoken", one);
      place.replaceChildren(list, more);
    }
    list.append(...cards.map((each) => each.node));
    if (from > 0) cards[0].node.focus();
    const left = instances.length - shown;
    more.replaceChildren();
    busy = false;
    if (left) {
      const name = `Show ${Math.min(left, AT_ONCE, limit)} more of ${count(left, kind.words.one)}`;
      more.append(el("button", { type: "button", class: "quiet", onclick: next }, name));
    }
    await fill(cards, explained, () => explain(some, signal));
  }

  await next();
}

/** One verdict alone, of an instance of a larger table. */
export async function showOne(place, { instance, name, prediction, requestId, index, kind, answer }) {
  const signal = new AbortController().signal;
  const made = card(name, prediction, { kind, answer, one: true, requestId, index });
  place.replaceChildren(el("ol", { class: "verdicts single" }, made.node));
  made.node.focus();
  await fill([made], explain([instance], signal), () => explain([instance], signal));
}

function explain(instances, signal) {
  return post("explain", { instances }, signal);
}

async function fill(cards, explained, again) {
  try {
    const { explanations } = await explained;
    cards.forEach((each, at) => reasons(each.why, explanations[at], each.scale));
  } catch (cause) {
    if (isOvertaken(cause)) return;
    for (const each of cards) {
      show(each.why, cause, { retry: () => fill([each], again(), again) });
      each.why.classList.add("ready");
    }
  }
}

function card(name, prediction, { kind, answer, one, requestId, index }) {
  const { look, head, picture } = kind.face(prediction, answer);
  const why = el("div", { class: "why" });
  const body = one
    ? [el("h4", {}, "Why"), why]
    : [el("details", { class: "reasons" }, el("summary", {}, "Why"), why)];
  const node = el(
    "li", { class: `verdict ${look}`, tabindex: -1 },
    el("div", { class: "verdict-head" }, head),
    el("p", { class: "subject", dir: "ltr", tabindex: name.length > 400 ? 0 : null },
      el("bdi", {}, visible(name))),
    picture,
    warned(prediction.warnings),
    body,
    kind.feedback({ requestId, index, prediction }),
  );
  return { node, why, scale: kind.scale(answer, prediction) };
}

/** What the model had not seen in training, said of this instance. */
function warned(warnings) {
  if (!warnings?.length) return null;
  return el("ul", { class: "warnings", "aria-label": "Warnings" },
    warnings.map((text) => el("li", {}, visible(String(text)))));
}

function pause(milliseconds) {
  return new Promise((resolve) => { setTimeout(resolve, milliseconds); });
}
