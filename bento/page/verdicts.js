// The verdicts on one request's instances, each with its reasons and a way to correct it.

import { post } from "./api.js";
import { el, plain, svg, visible } from "./dom.js";
import { feedback } from "./feedback.js";
import { isOvertaken, show } from "./problems.js";
import { reasons } from "./reasons.js";
import { count, percent } from "./words.js";

const AT_ONCE = 50;
const SOON_MS = 400;

/**
 * Shows an answer of /predict for `instances`; resolves when the first reasons are there too.
 * labels: {positive, negative}; limit: how many instances /explain takes; title(instance) names one.
 */
export async function showVerdicts(place, summary, asked) {
  const { instances, answer, labels, limit, title, signal } = asked;
  const seen = { ...labels, threshold: answer.threshold };
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
      seen, one, requestId: answer.request_id, index: from + at,
    }));
    if (from === 0) {
      summary.textContent = summed(answer.predictions, seen);
      summary.classList.toggle("spoken", one);
      place.replaceChildren(list, more);
    }
    list.append(...cards.map((each) => each.node));
    if (from > 0) cards[0].node.focus();
    const left = instances.length - shown;
    more.replaceChildren();
    busy = false;
    if (left) {
      const name = `Show ${Math.min(left, AT_ONCE, limit)} more of ${count(left, "verdict")}`;
      more.append(el("button", { type: "button", class: "quiet", onclick: next }, name));
    }
    await fill(cards, explained, seen, () => explain(some, signal));
  }

  await next();
}

function explain(instances, signal) {
  return post("explain", { instances }, signal);
}

async function fill(cards, explained, seen, again) {
  try {
    const { explanations } = await explained;
    cards.forEach((each, at) => reasons(each.why, explanations[at], seen));
  } catch (cause) {
    if (isOvertaken(cause)) return;
    for (const each of cards) {
      show(each.why, cause, { retry: () => fill([each], again(), seen, again) });
      each.why.classList.add("ready");
    }
  }
}

function card(name, { label, score }, { seen, one, requestId, index }) {
  const positive = label === seen.positive;
  const why = el("div", { class: "why" });
  const body = one
    ? [el("h4", {}, "Why"), why]
    : [el("details", { class: "reasons" }, el("summary", {}, "Why"), why)];
  const node = el(
    "li", { class: `verdict ${positive ? "positive" : "negative"}`, tabindex: -1 },
    el("div", { class: "verdict-head" },
      el("h3", {}, sign(positive), el("span", { class: "label" }, visible(label))),
      el("p", { class: "score" },
        el("strong", {}, percent(score)),
        ` probability of ${plain(seen.positive)}`)),
    el("p", { class: "subject", dir: "ltr", tabindex: name.length > 400 ? 0 : null },
      el("bdi", {}, visible(name))),
    scoreBar(score, seen),
    body,
    feedback({ requestId, index, label, seen }),
  );
  return { node, why };
}

function sign(positive) {
  const path = positive ? "M12 3 22 21H2z" : "M12 2a10 10 0 1 0 .01 0z";
  const mark = positive ? "M12 10v5M12 18v.01" : "m8 12 3 3 5-6";
  return svg("svg", { viewBox: "0 0 24 24", class: "sign", "aria-hidden": "true" },
    svg("path", { d: path, class: "ground" }), svg("path", { d: mark, class: "stroke" }));
}

function scoreBar(score, { threshold, positive, negative }) {
  const at = `${100 * threshold}%`;
  const told = `Probability of ${plain(positive)} ${percent(score)}; ${plain(positive)} from `
    + `${percent(threshold)}, else ${plain(negative)}.`;
  const anchor = threshold > 0.85 ? "end" : threshold < 0.15 ? "start" : "middle";
  return svg("svg", { class: "score-bar", role: "img", "aria-label": told, width: "100%", height: 40 },
    svg("rect", { class: "track", width: "100%", height: 14, y: 4, rx: 7 }),
    svg("rect", { class: "fill", width: `${100 * score}%`, height: 14, y: 4, rx: 7 }),
    svg("line", { class: "threshold", x1: at, x2: at, y1: 0, y2: 22 }),
    svg("text", { class: "threshold-label", x: at, y: 36, "text-anchor": anchor },
      `threshold ${percent(threshold)}`));
}

function summed(predictions, { positive, negative }) {
  const found = predictions.filter((one) => one.label === positive).length;
  if (predictions.length === 1) {
    const [{ label, score }] = predictions;
    return `${plain(label)}: ${percent(score)} probability of ${plain(positive)}.`;
  }
  return `${count(predictions.length, "verdict")}: ${found} ${plain(positive)}, `
    + `${predictions.length - found} ${plain(negative)}.`;
}

function pause(milliseconds) {
  return new Promise((resolve) => { setTimeout(resolve, milliseconds); });
}
