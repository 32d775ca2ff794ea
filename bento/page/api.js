// The HTTP API: one call, its problems as errors, and the key that it may ask for.

import { session } from "./session.js";

const PATIENCE_MS = 60_000;

/** What the service answered instead of a result, or why it did not answer (status 0). */
export class Problem extends Error {
  constructor(status, { title = "", detail = "", errors = [] } = {}, retryAfter = null) {
    super(detail || title || `status ${status}`);
    Object.assign(this, { status, title, detail, errors, retryAfter });
  }
}

let askForKey = null;

/** Names the function that gets a key from the user: `(refused: string|null) → Promise<string>`. */
export function onKeyNeeded(ask) {
  askForKey = ask;
}

/** Whether requests carry a key, so that plain links to the API would be refused. */
export function hasKey() {
  return session.get("key") !== null;
}

/** The answer as a Response; asks for a key as long as the service does. Raises Problem. */
export async function request(path, { signal, patience = PATIENCE_MS, headers, ...options } = {}) {
  for (;;) {
    const key = session.get("key");
    const response = await sent(path, patience, signal, {
      ...options,
      headers: key === null ? { ...headers } : { ...headers, "X-API-Key": key },
    });
    if (response.ok) return response;
    if (response.status !== 401 || askForKey === null) throw await problemOf(response);
    if (session.get("key") === key) session.set("key", null);
    await askForKey(key);
    signal?.throwIfAborted();
  }
}

/** The answer as JSON. */
export async function call(path, options) {
  const response = await request(path, options);
  try {
    return await response.json();
  } catch (cause) {
    if (cause.name === "AbortError") throw cause;
    throw new Problem(response.status, {
      title: "The answer is not what was expected",
      detail: "The service's answer is not JSON; is something else listening at this address?",
    });
  }
}

/** POSTs a JSON body. */
export function post(path, body, signal) {
  const headers = { "Content-Type": "application/json" };
  return call(path, { method: "POST", headers, body: JSON.stringify(body), signal });
}

async function sent(path, patience, signal, options) {
  const limits = [signal, patience && AbortSignal.timeout(patience)].filter(Boolean);
  try {
    return await fetch(path, { ...options, signal: AbortSignal.any(limits), cache: "no-store" });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    const late = cause.name === "TimeoutError";
    throw new Problem(0, {
      title: late ? "The service did not answer in time" : "The service cannot be reached",
      detail: late ? "It may be overloaded; try again." : "Is it still running? Try again.",
    });
  }
}

async function problemOf(response) {
  const wait = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  let told = {};
  try {
    told = await response.json();
  } catch {
    // A proxy in between answers with a page of its own: the status must do.
  }
  const { title, detail, errors } = told ?? {};
  const whole = {
    title: typeof title === "string" ? title : "",
    detail: typeof detail === "string" ? detail : "",
    errors: Array.isArray(errors) ? errors : [],
  };
  return new Problem(response.status, whole, Number.isNaN(wait) ? null : wait);
}
