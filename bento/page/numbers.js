// Answers with a number: its interval on the scale of the data, its sum and its row.

import { el, plain, svg } from "./dom.js";
import { truth } from "./truth.js";
import { count, decimals, figure, labelled, percent, short, signed } from "./words.js";

/** What the page says and draws for a model of a number. */
export function numbers(model) {
  const { target } = model;
  const measure = measureOf(target);
  const name = plain(labelled(target.name));
  return {
    words: {
      ask: "Predict", busy: "Predicting…", heading: "Predictions", one: "prediction",
      done: "predicted", refused: "There is no prediction for some of this", file: "Predict the file",
      download: "predictions",
    },
    tagline: `predicts ${plain(target.name)}${target.unit ? ` in ${plain(target.unit)}` : ""}`,
    empty: `Each prediction will stand here: ${plain(target.name)}, the interval around it, `
      + "and what raises and lowers it.",
    facts: factsOf(target, model.manifest?.band, measure),
    face: (prediction, { coverage }) => ({
      look: "measured",
      head: [
        el("h3", { class: "value" }, measure(prediction.value)),
        el("p", { class: "score" }, name),
      ],
      picture: picture(prediction, target, measure, coverage),
    }),
    summed: (predictions, { coverage }) => summed(predictions, name, measure, coverage),
    scale: (answer, prediction) => scale(target, measure, prediction),
    feedback: ({ requestId, index }) => truth({ requestId, index, target }),
    columns: [target.unit ? `${name} (${plain(target.unit)})` : name, "Interval"],
    cells: ({ value, low, high }) => [measure.bare(value), ranged(low, high, measure.bare) ?? "–"],
    coverage: ({ coverage }) => (typeof coverage === "number"
      ? `${percent(coverage)} of true values lie within such intervals.` : null),
    written: {
      names: ["prediction", "low", "high"],
      of: ({ value, low = null, high = null }) => [value, low, high],
    },
  };
}

/** A function that writes numbers of the target: with as many decimals as its range asks for. */
function measureOf({ lowest, highest, unit }) {
  const digits = decimals(highest - lowest);
  const measure = (number, more = 0) => {
    const shown = figure(number, digits + more);
    return unit ? `${shown}\u00a0${plain(unit)}` : shown;
  };
  measure.digits = digits;
  measure.bare = (number) => figure(number, digits);
  measure.bare.digits = digits;
  return measure;
}

function factsOf(target, band, measure) {
  const { minimum = null, maximum = null } = target;
  const held = [minimum === null ? null : `from ${short(minimum)}`,
    maximum === null ? null : `up to ${short(maximum)}`].filter(Boolean).join(" ");
  return [
    ["Target", target.unit ? `${target.name} (${target.unit})` : target.name],
    ["In the data", `${short(target.lowest)} to ${short(target.highest)}`],
    ["Possible", held],
    ["Interval", typeof target.coverage !== "number" ? null : [
      `${percent(target.coverage)} of true values`,
      typeof band?.half_width === "number" ? `within ±\u00a0${measure(band.half_width)}` : null,
    ].filter(Boolean).join(" ")],
  ];
}

function ranged(low, high, measure) {
  if (typeof low !== "number" || typeof high !== "number") return null;
  return `${figure(low, measure.digits)} to ${measure(high)}`;
}

function within(low, high, measure, coverage) {
  const range = ranged(low, high, measure);
  if (range === null || typeof coverage !== "number") return null;
  return `${percent(coverage)} of true values lie within such an interval: ${range}.`;
}

function picture(prediction, target, measure, coverage) {
  const { value, low, high } = prediction;
  const told = within(low, high, measure, coverage);
  return [
    intervalBar(prediction, target, measure),
    told === null ? null : el("p", { class: "within" }, told),
  ];
}

/** The range of the data as a track, the interval upon it, and the value as a mark. */
function intervalBar({ value, low, high }, target, measure) {
  const places = [value, low, high].filter((one) => typeof one === "number");
  const least = Math.min(target.lowest, ...places);
  const most = Math.max(target.highest, ...places);
  const share = (number) => (most > least ? (number - least) / (most - least) : 0.5);
  const at = (number) => `${(100 * share(number)).toFixed(3)}%`;
  const range = ranged(low, high, measure);
  const ends = `${figure(target.lowest, measure.digits)} to ${measure(target.highest)}`;
  const alt = `${measure(value)}${range === null ? "" : `, interval ${range}`}; `
    + `the data go from ${ends}.`;
  const wide = share(high) - share(low);
  return svg("svg", { class: "interval-bar", role: "img", "aria-label": alt, width: "100%", height: 46 },
    svg("rect", { class: "track", width: "100%", height: 14, y: 6, rx: 7 }),
    range === null ? null : svg("rect", {
      class: "interval", x: at(low), width: `${(100 * Math.max(wide, 0.004)).toFixed(3)}%`, height: 14,
      y: 6, rx: 3,
    }),
    svg("line", { class: "mark", x1: at(value), x2: at(value), y1: 1, y2: 25 }),
    svg("text", { class: "end", x: 0, y: 42 }, ending("lowest", least, target.lowest, measure)),
    svg("text", { class: "end", x: "100%", y: 42, "text-anchor": "end" },
      ending("highest", most, target.highest, measure)));
}

/** What stands at an end of the scale: the data's, or what reaches beyond them. */
function ending(side, number, seen, { digits }) {
  return number === seen ? `${side} seen ${short(number)}` : figure(number, digits);
}

function summed(predictions, name, measure, coverage) {
  if (predictions.length === 1) {
    const [{ value, low, high }] = predictions;
    return [`${name}: ${measure(value)}.`, within(low, high, measure, coverage)]
      .filter(Boolean).join(" ");
  }
  const values = predictions.map(({ value }) => value);
  const least = values.reduce((one, other) => Math.min(one, other));
  const most = values.reduce((one, other) => Math.max(one, other));
  const mean = values.reduce((sum, value) => sum + value / values.length, 0);
  return `${count(values.length, "prediction")}: minimum ${measure(least)}, mean ${measure(mean)}, `
    + `maximum ${measure(most)}.`;
}

/** How contributions to a number are measured and told: in its own unit, down or up. */
function scale({ unit, minimum, maximum }, measure, prediction) {
  const { digits } = measure;
  const whole = (more) => (number, kind) => (kind === "base" || kind === "total"
    ? figure(number, digits + more) : signed(number, digits + more));
  return {
    heading: unit ? `In ${plain(unit)}` : "Contribution",
    left: "◂ lower",
    right: "higher ▸",
    towards: ["lower", "higher"],
    ends: false,
    total: ({ value }) => value,
    amount: whole(0),
    precise: whole(2),
    told: (strongest, total) => `Contributions${unit ? ` in ${plain(unit)}` : ""}: ${strongest}; `
      + `together ${measure(total)}.`,
    caption: ({ base, value }) => `From ${measure(base)} before looking; together `
      + `${measure(value)}.${cut(value, prediction, { minimum, maximum }, measure)}`,
  };
}

/** Where the sum lies beyond what is possible, the answer was held to the bound. */
function cut(total, { value }, { minimum, maximum }, measure) {
  const bound = total > maximum && value <= maximum ? maximum
    : total < minimum && value >= minimum ? minimum : null;
  if (typeof bound !== "number") return "";
  const side = bound === maximum ? "highest" : "lowest";
  return ` The answer is held to ${measure(bound)}, the ${side} that is possible.`;
}
