// Answers with one of two labels: how such a verdict looks, is summed up and reads as a row.

import { el, plain, svg, visible } from "./dom.js";
import { feedback } from "./feedback.js";
import { count, percent, signed } from "./words.js";

/** What the page says and draws for a model of two labels. */
export function labels(model) {
  const { positive, negative } = model.labels;
  const called = plain(positive);
  const seenBy = ({ threshold }) => ({ positive, negative, threshold });
  return {
    words: {
      ask: "Judge", busy: "Judging…", heading: "Verdicts", one: "verdict", done: "judged",
      refused: "Some of this cannot be judged", file: "Judge the file",
      download: "verdicts",
    },
    tagline: `calls ${called} from ${percent(model.threshold)}`,
    empty: `Each verdict will stand here: how probable ${called} is, `
      + "and what speaks for and against it.",
    facts: [["Threshold", `${model.threshold} (${percent(model.threshold)})`]],
    face: (prediction, answer) => face(prediction, seenBy(answer)),
    summed: (predictions) => summed(predictions, { positive, negative }),
    scale: (answer) => scale(seenBy(answer)),
    feedback: ({ requestId, index, prediction }) => feedback({
      requestId, index, label: prediction.label, seen: { positive, negative },
    }),
    columns: ["Label", `Probability of ${called}`],
    cells: ({ label, score }) => [plain(label), percent(score)],
    coverage: () => null,
    written: { names: ["label", "score"], of: ({ label, score }) => [label, score] },
  };
}

function face({ label, score }, seen) {
  const positive = label === seen.positive;
  return {
    look: positive ? "positive" : "negative",
    head: [
      el("h3", {}, sign(positive), el("span", { class: "label" }, visible(label))),
      el("p", { class: "score" },
        el("strong", {}, percent(score)),
        ` probability of ${plain(seen.positive)}`),
    ],
    picture: [scoreBar(score, seen)],
  };
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

/** How contributions to a verdict are measured and told: in log-odds, from class to class. */
function scale({ positive, negative, threshold }) {
  const least = Math.log(threshold / (1 - threshold));
  return {
    heading: "Log-odds",
    left: `◂ ${negative}`,
    right: `${positive} ▸`,
    towards: [negative, positive],
    ends: true,
    total: ({ margin }) => margin,
    amount: (number) => signed(number),
    precise: (number) => signed(number, 4),
    told: (strongest, total) => `Contributions in log-odds: ${strongest}; together ${signed(total)}.`,
    caption: ({ margin, score }) => `Together ${signed(margin)} log-odds, which is `
      + `${percent(score)}; ${plain(positive)} from ${signed(least)}, which is ${percent(threshold)}.`,
  };
}
