// What was it really? A field that tells the service the true number.

import { post } from "./api.js";
import { el, plain } from "./dom.js";
import { clear, show } from "./problems.js";

let made = 0;

/** The field of one prediction; another number sent later changes what was recorded. */
export function truth({ requestId, index, target }) {
  made += 1;
  const id = `truth-${made}`;
  const told = el("span", { class: "told", role: "status" });
  const trouble = el("div", { role: "alert" });
  const control = el("input", {
    id, type: "number", step: "any", inputmode: "decimal", autocomplete: "off",
  });
  let latest = 0;

  async function send() {
    latest += 1;
    const mine = latest;
    const label = control.valueAsNumber;
    clear(trouble);
    told.textContent = "";
    control.toggleAttribute("aria-invalid", false);
    if (Number.isNaN(label)) {
      control.setAttribute("aria-invalid", "true");
      show(trouble, "Type the true number");
      control.focus();
      return;
    }
    told.textContent = "Recording…";
    try {
      const recorded = await post("feedback", { request_id: requestId, label, instance: index });
      if (mine === latest) told.textContent = `Recorded as ${exactly(recorded.label, target)}.`;
    } catch (cause) {
      if (mine !== latest) return;
      told.textContent = "";
      show(trouble, cause, { retry: send });
    }
  }

  const form = el(
    "form", { class: "feedback truth", novalidate: true },
    el("label", { for: id }, "What was it really?", target.unit
      ? el("span", { class: "unit" }, ` in ${plain(target.unit)}`) : null),
    el("div", { class: "line" }, control,
      el("button", { type: "submit", class: "quiet" }, "Record"), told),
    trouble,
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  return form;
}

/** The number as it was recorded, not rounded. */
function exactly(label, { unit }) {
  return `${Number(label)}${unit ? `\u00a0${plain(unit)}` : ""}`;
}
