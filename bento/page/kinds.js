// Two kinds of answers behind one set of words and drawings: two labels, or a number.

import { labels } from "./labels.js";
import { numbers } from "./numbers.js";

/** What the page says and draws for this model. */
export function kindOf(model) {
  return model.target ? numbers(model) : labels(model);
}
