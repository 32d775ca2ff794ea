// CSV as spreadsheets write it (RFC 4180, also with semicolons or tabs), read and written.

const DELIMITERS = [",", ";", "\t"];

/** How a number that is missing is written, in small letters: as training reads its files. */
export const NOTHING = ["", "?", "n/a", "na", "nan", "none", "null"];

/**
 * The records of a text: [{cells, start, end}], where start and end are places in it; blank lines are
 * left out. names: columns that the header should hold, which tells the delimiter. Raises an
 * Error with words for people where a quote is never closed.
 */
export function parse(text, names) {
  const wanted = new Set(names);
  const headers = DELIMITERS.map((delimiter) => {
    const { cells } = record(text, first(text), delimiter);
    return { delimiter, fit: cells.filter((cell) => wanted.has(cell.trim())).length, cells };
  });
  const [best] = headers.toSorted((a, b) => b.fit - a.fit || b.cells.length - a.cells.length);
  const records = [];
  for (let at = first(text); at < text.length;) {
    const one = record(text, at, best.delimiter);
    if (one.cells.length > 1 || one.cells[0].trim() !== "") records.push(one);
    at = one.next;
  }
  return records;
}

/** The text of a table; cells are texts, numbers or null. */
export function write(rows) {
  return rows.map((cells) => `${cells.map(cell).join(",")}\r\n`).join("");
}

function first(text) {
  return text.startsWith("\ufeff") ? 1 : 0;
}

function record(text, start, delimiter) {
  const cells = [];
  let at = start;
  for (;;) {
    const [held, after] = text[at] === "\"" ? quoted(text, at, delimiter) : bare(text, at, delimiter);
    cells.push(held);
    if (text[after] === delimiter) {
      at = after + 1;
      continue;
    }
    const next = text.startsWith("\r\n", after) ? after + 2 : after + 1;
    return { cells, start, end: after, next };
  }
}

function bare(text, start, delimiter) {
  let end = start;
  while (end < text.length && text[end] !== delimiter && text[end] !== "\n" && text[end] !== "\r") end += 1;
  return [text.slice(start, end), end];
}

function quoted(text, start, delimiter) {
  let held = "";
  for (let at = start + 1; ;) {
    const end = text.indexOf("\"", at);
    if (end < 0) throw new Error(`The quote in line ${lineOf(text, start)} is never closed`);
    held += text.slice(at, end);
    if (text[end + 1] !== "\"") {
      const [rest, after] = bare(text, end + 1, delimiter);
      return [held + rest, after];
    }
    held += "\"";
    at = end + 2;
  }
}

function lineOf(text, place) {
  return text.slice(0, place).split("\n").length;
}

function cell(value) {
  if (value === null || value === undefined) return "";
  const text = String(value);
  return /[",;\t\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll("\"", "\"\"")}"` : text;
}
