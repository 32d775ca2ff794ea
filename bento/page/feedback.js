// Was the verdict right? Thumbs that tell the service the true label.

import { post } from "./api.js";
import { el, plain, svg } from "./dom.js";
import { clear, show } from "./problems.js";

/** The two thumbs of one verdict; pressing the other one later changes what was recorded. */
export function feedback({ requestId, index, label, seen }) {
  const other = label === seen.positive ? seen.negative : seen.positive;
  const told = el("span", { class: "told", role: "status" });
  const trouble = el("div", { role: "alert" });
  const choices = [
    thumb("Right", label, "up", () => send(choices[0])),
    thumb("Wrong", other, "down", () => send(choices[1])),
  ];
  let latest = 0;

  async function send(choice) {
    latest += 1;
    const mine = latest;
    clear(trouble);
    told.textContent = "Recording…";
    const body = { request_id: requestId, label: choice.label, instance: index };
    try {
      const recorded = await post("feedback", body);
      if (mine !== latest) return;
      for (const each of choices) each.node.setAttribute("aria-pressed", String(each === choice));
      told.textContent = `Recorded as ${plain(recorded.label)}.`;
    } catch (cause) {
      if (mine !== latest) return;
      told.textContent = "";
      show(trouble, cause, { retry: () => send(choice) });
    }
  }

  return el(
    "div", { class: "feedback" },
    el("div", { class: "line", role: "group", "aria-label": "Was this verdict right?" },
      el("span", { class: "question", "aria-hidden": "true" }, "Was this right?"),
      choices.map((each) => each.node), told),
    trouble,
  );
}

function thumb(name, label, way, press) {
  const node = el("button", {
    type: "button", class: `thumb ${way}`, "aria-pressed": "false", onclick: press,
    "aria-label": `${name}: it is ${plain(label)}`, title: `It is ${plain(label)}`,
  }, svg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", {
    d: "M7 11v9H3v-9zM7 11l4-8c1.7 0 2.6 1.2 2.3 2.8L12.7 9H18c1.6 0 2.6 1.3 "
      + "2.2 2.8l-1.7 6.4C18.2 19.4 17.3 20 16.2 20H7",
  })), el("span", {}, name));
  return { node, label };
}
