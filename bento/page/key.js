// The field for an API key, there only when the service asks for one.

import { onKeyNeeded } from "./api.js";
import { el } from "./dom.js";
import { session } from "./session.js";

/** Prepares the place: once a request is refused for want of a key, the field appears there. */
export function prepare(place) {
  let waiting = null;
  onKeyNeeded((refused) => {
    waiting ??= asked(place, refused).finally(() => { waiting = null; });
    return waiting;
  });
}

function asked(place, refused) {
  return new Promise((resolve) => {
    const told = el("p", { id: "key-told", role: "alert" });
    told.textContent = refused === null
      ? "This service answers only with an API key. It is kept until this tab is closed."
      : "The service refused that key. Check it and try again.";
    const field = el("input", {
      id: "key-field", type: "password", autocomplete: "off", spellcheck: "false",
      "aria-describedby": "key-told", "aria-invalid": refused !== null && "true",
    });
    const form = el(
      "form", { class: "panel key", novalidate: true },
      el("label", { for: "key-field" }, "API key"),
      el("div", { class: "line" }, field, el("button", { type: "submit" }, "Use this key")),
      told,
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const key = field.value.trim();
      if (!/^[\x21-\x7e]+$/.test(key)) {
        field.setAttribute("aria-invalid", "true");
        told.textContent = key
          ? "A key holds letters, digits and signs only, without spaces."
          : "Type the key that the operator of this service gave you.";
        field.focus();
        return;
      }
      session.set("key", key);
      place.replaceChildren();
      place.hidden = true;
      resolve();
    });
    place.replaceChildren(form);
    place.hidden = false;
    field.focus();
  });
}
