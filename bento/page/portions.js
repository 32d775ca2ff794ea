// Many rows judged in requests of a size that the service takes.

import { post, Problem } from "./api.js";

const ROUNDS = 3;
const MOST = 100;
const SHARE = 0.8;

/**
 * Gives each row its prediction, requestId, index and answer, or what is wrong as `problem`. rows: with
 * their instance. told(done) is called after each portion. Raises Problem where all are refused.
 */
export async function predictAll(rows, limits, { signal, told }) {
  let done = 0;
  for (const portion of portions(rows, limits)) {
    await predicted(portion, signal);
    done += portion.length;
    told(done);
  }
}

/** Portions by the number of instances and by their size as JSON. */
function portions(rows, { max_instances: most = MOST, max_body_mb: mb = 1 }) {
  const encoder = new TextEncoder();
  const made = [];
  let bytes = Infinity;
  for (const row of rows) {
    const size = encoder.encode(JSON.stringify(row.instance)).length + 1;
    if (bytes + size > SHARE * mb * 1e6 || made.at(-1).length >= most) {
      made.push([]);
      bytes = 0;
    }
    made.at(-1).push(row);
    bytes += size;
  }
  return made;
}

/** One portion; rows that the service refuses are put aside and the others asked again. */
async function predicted(portion, signal) {
  let left = portion;
  for (let round = 1; left.length; round += 1) {
    try {
      const answer = await post("predict", { instances: left.map(({ instance }) => instance) }, signal);
      left.forEach((row, index) => Object.assign(row, {
        prediction: answer.predictions[index], requestId: answer.request_id, index, answer,
      }));
      return;
    } catch (cause) {
      if (!(cause instanceof Problem) || cause.status !== 422 || round === ROUNDS) throw cause;
      const faults = byRow(cause.errors);
      if (!left.some((_, index) => faults.has(index))) throw cause;
      left.forEach((row, index) => {
        if (faults.has(index)) row.problem = faults.get(index).join(", ");
      });
      left = left.filter((_, index) => !faults.has(index));
    }
  }
}

function byRow(errors) {
  const faults = new Map();
  for (const { where, message } of errors) {
    const [, index, name] = /^instances\.(\d+)(?:\.(.*))?$/su.exec(where ?? "") ?? [];
    if (index === undefined) continue;
    const told = name ? `${name}: ${message}` : String(message);
    faults.set(Number(index), [...faults.get(Number(index)) ?? [], told]);
  }
  return faults;
}
