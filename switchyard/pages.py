"""Self-contained HTML pages: inline style and drawings, no script, nothing fetched from elsewhere.

Pages follow the reader's light or dark setting. The same input gives the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterable, Sequence
from html import escape
from numbers import Integral, Real
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

POSITIVE, NEGATIVE, NEUTRAL = "#d5602b", "#3f7fd0", "#8a8f98"
"""Colours of the two classes and of all else; told apart by colour-blind eyes, on both grounds."""

_STYLE = """
:root { color-scheme: light dark; --page: #ffffff; --ink: #1c1e22; --soft: #5c626c;
  --line: #d9dce1; --panel: #f5f6f8; --warn: #fff1c9; --warn-ink: #5b4300; --link: #2460b3; }
@media (prefers-color-scheme: dark) { :root { --page: #16181c; --ink: #e6e8eb; --soft: #a2a9b4;
  --line: #363b44; --panel: #1f2228; --warn: #463808; --warn-ink: #ffe9a8; --link: #86b4f5; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 68rem; background: var(--page);
  color: var(--ink); font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .75rem; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem; padding-top: 1rem;
  border-top: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.5rem 0 .5rem; }
p { max-width: 46rem; margin: .5rem 0; }
a { color: var(--link); }
code { font: .9em ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.banner { background: var(--warn); color: var(--warn-ink); padding: .75rem 1rem;
  border-radius: .4rem; font-weight: 600; margin: 0 0 1.5rem; }
.wide { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .94rem; }
caption { text-align: left; color: var(--soft); padding: 0 0 .4rem; }
th, td { padding: .3rem .8rem; text-align: left; border-bottom: 1px solid var(--line);
  vertical-align: top; overflow-wrap: anywhere; }
thead th { border-bottom: 2px solid var(--line); white-space: nowrap; overflow-wrap: normal; }
.number { text-align: right; white-space: nowrap; }
figure { margin: 1rem 0; padding: .75rem; background: var(--panel); border-radius: .4rem;
  min-width: 0; }
figure svg { display: block; width: 100%; height: auto; }
figure svg * { stroke-linejoin: round; stroke-linecap: butt; }
figure svg text { fill: currentColor;
  font-family: system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
figcaption { color: var(--soft); font-size: .9rem; margin-top: .5rem; }
.grid { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(21rem, 1fr)); }
.grid > * { margin: 0; }
@media print { figure { break-inside: avoid; } }
"""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def page(title: str, body: str, *, banner: str | None = None) -> str:
    """A whole HTML document; `title` and `banner` are text, `body` is HTML."""
    warning = f'<p class="banner" role="note">{escape(banner)}</p>\n' if banner else ""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{escape(title)}</h1>\n{warning}{body}\n</main>\n</body>\n</html>\n"
    )


def section(heading: str, *parts: str) -> str:
    """A heading (text) and what stands under it (HTML)."""
    return f"<section>\n<h2>{escape(heading)}</h2>\n" + "\n".join(parts) + "\n</section>\n"


def paragraph(text: str) -> str:
    """One paragraph of text."""
    return f"<p>{escape(text)}</p>"


def table(headers: Sequence[str], rows: Iterable[Sequence[object]], caption: str = "") -> str:
    """A table of text and numbers, escaped; numbers stand right, the first column heads its row.

    Whole numbers get thousands separators, others four decimals; None is a dash.
    """
    held = [tuple(row) for row in rows]
    numeric = [
        bool(held) and all(_is_number(row[at]) for row in held) for at in range(len(headers))
    ]
    marks = [' class="number"' if number else "" for number in numeric]
    head = "".join(
        f'<th scope="col"{mark}>{escape(header)}</th>'
        for header, mark in zip(headers, marks, strict=True)
    )
    lines = []
    for row in held:
        cells = [
            f'<th scope="row"{mark}>{shown(value)}</th>'
            if at == 0
            else f"<td{mark}>{shown(value)}</td>"
            for at, (value, mark) in enumerate(zip(row, marks, strict=True))
        ]
        lines.append(f"<tr>{''.join(cells)}</tr>")
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    return (
        f'<div class="wide"><table>{title}<thead><tr>{head}</tr></thead>\n'
        "<tbody>" + "\n".join(lines) + "</tbody></table></div>"
    )


def shown(value: object) -> str:
    """A table cell's value as escaped text."""
    if value is None:
        return "–"
    if not _is_number(value):
        return escape(str(value))
    return f"{int(value):,}" if isinstance(value, Integral) else f"{float(str(value)):,.4f}"


def _is_number(value: object) -> bool:
    return value is None or (type(value) is not bool and isinstance(value, Real))


def picture(figure: Figure, alt: str, caption: str = "") -> str:
    """A matplotlib figure as inline SVG, described by `alt` for those who cannot see it.

    Black becomes the page's ink and white its ground, so that a default figure fits both settings.
    Make figures with `matplotlib.figure.Figure`: pyplot keeps global state.
    """
    import matplotlib

    salt = hashlib.blake2b(alt.encode(), digest_size=6).hexdigest()
    drawn = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": salt, "svg.fonttype": "none"}):
        figure.savefig(
            drawn,
            format="svg",
            transparent=True,
            bbox_inches="tight",
            metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")),
        )
    svg = drawn.getvalue()
    svg = svg[svg.index("<svg") :].strip()
    svg = re.sub(r"<style.*?</style>\s*", "", svg, flags=re.S)
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.S)
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.S)
    svg = re.sub(r' id="[\w.]+_\d+"', "", svg)
    svg = svg.replace("#000000", "currentColor").replace("#ffffff", "var(--page)")
    opening = re.search(r'viewBox="[^"]*"', svg)
    body = svg[svg.index(">") + 1 :]
    frame = opening[0] if opening else ""
    text = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    return (
        '<figure><svg xmlns="http://www.w3.org/2000/svg" '
        f'xmlns:xlink="http://www.w3.org/1999/xlink" {frame} role="img" '
        f'aria-label="{escape(alt)}"><title>{escape(alt)}</title>{body}{text}</figure>'
    )


def grid(*pieces: str) -> str:
    """Pictures or tables side by side where there is room."""
    return '<div class="grid">\n' + "\n".join(pieces) + "\n</div>"
