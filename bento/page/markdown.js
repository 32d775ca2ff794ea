// A card's Markdown as elements: headings, paragraphs, tables, lists, code, quotations, emphasis.
// Addresses are shown, never linked; HTML in the text stays text.

import { el, visible } from "./dom.js";

const BLOCK = /^(#{1,6} |```|>|\s*[-*+] |\s*\d+[.)] |\|)/;
const INLINE = /`([^`]+)`|\*\*(.+?)\*\*|\*([^\s*](?:[^*]*[^\s*])?)\*|\\([\\`*_|#>-])/g;

/** The elements of a text; a heading of level n becomes h(n + deeper). */
export function render(text, deeper = 0) {
  return blocks(text.replace(/\r\n?/g, "\n").split("\n"), deeper);
}

function blocks(lines, deeper) {
  const nodes = [];
  let at = 0;
  const run = (test) => {
    const from = at;
    while (at < lines.length && test(lines[at])) at += 1;
    return lines.slice(from, at);
  };
  while (at < lines.length) {
    const line = lines[at];
    const heading = /^(#{1,6})\s+(.*?)\s*#*$/.exec(line);
    if (!line.trim()) at += 1;
    else if (heading) {
      nodes.push(el(`h${Math.min(6, heading[1].length + deeper)}`, {}, inline(heading[2])));
      at += 1;
    } else if (line.startsWith("```")) {
      at += 1;
      const held = run((each) => !each.startsWith("```"));
      at += 1;
      nodes.push(el("pre", { tabindex: 0 }, el("code", {}, held.join("\n"))));
    } else if (line.startsWith(">")) {
      const held = run((each) => each.startsWith(">")).map((each) => each.replace(/^> ?/, ""));
      nodes.push(el("blockquote", {}, blocks(held, deeper)));
    } else if (line.startsWith("|")) nodes.push(table(run((each) => each.startsWith("|"))));
    else if (item(line)) nodes.push(list(run((each) => item(each) || /^\s{2,}\S/.test(each))));
    else {
      const held = [line];
      at += 1;
      held.push(...run((each) => each.trim() && !BLOCK.test(each)));
      nodes.push(el("p", {}, inline(held.join(" "))));
    }
  }
  return nodes;
}

function item(line) {
  return /^\s*([-*+]|\d+[.)])\s+(.*)$/.exec(line);
}

function list(lines) {
  const items = [];
  for (const line of lines) {
    const found = item(line);
    if (found) items.push(found[2]);
    else items[items.length - 1] += ` ${line.trim()}`;
  }
  const name = /^\s*\d/.test(lines[0]) ? "ol" : "ul";
  return el(name, {}, items.map((text) => el("li", {}, inline(text))));
}

function table(lines) {
  const cells = lines.map((line) => line
    .replace(/^\|/, "").replace(/(?<!\\)\|\s*$/, "")
    .split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|")));
  const ruled = cells.length > 1 && cells[1].every((cell) => /^:?-+:?$/.test(cell));
  const right = ruled ? cells[1].map((cell) => /^-+:$/.test(cell)) : [];
  const row = (held, name) => el("tr", {}, held.map((cell, column) => el(
    name, { class: right[column] && "number", scope: name === "th" && "col" }, inline(cell),
  )));
  return el("div", { class: "wide", tabindex: 0, role: "region", "aria-label": "Table" }, el(
    "table", {},
    ruled ? el("thead", {}, row(cells[0], "th")) : null,
    el("tbody", {}, cells.slice(ruled ? 2 : 0).map((held) => row(held, "td"))),
  ));
}

function inline(text) {
  const nodes = [];
  let from = 0;
  for (const found of text.matchAll(INLINE)) {
    nodes.push(...visible(text.slice(from, found.index)));
    const [whole, code, strong, soft, escaped] = found;
    if (code !== undefined) nodes.push(el("code", {}, visible(code)));
    else if (strong !== undefined) nodes.push(el("strong", {}, inline(strong)));
    else if (soft !== undefined) nodes.push(el("em", {}, inline(soft)));
    else nodes.push(escaped);
    from = found.index + whole.length;
  }
  return [...nodes, ...visible(text.slice(from))];
}
