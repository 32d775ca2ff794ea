"""How a file is laid out: told by its first bytes, or by the configuration.

Layouts of the public feeds: PhishTank's developer files, OpenPhish's community list, URLhaus's
CSV dump and Tranco's ranks. What a feed lists is of one class, so its rows need no label.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from switchyard.configuration.model import Columns, Data, Labels, Source
from switchyard.data.opening import Opening
from switchyard.errors import DataError
from switchyard.nearest import nearest

Form = Literal["delimited", "lines", "json-lines", "json", "parquet"]

_URLHAUS = (
    *("id", "dateadded", "url", "url_status", "last_online", "threat", "tags", "urlhaus_link"),
    "reporter",
)
DELIMITERS = (",", "\t", ";", "|")


@dataclass(frozen=True)
class Layout:
    """Where the columns stand; `names` are all columns in order, None if a header tells them.

    inputs: the columns that a model's inputs come from, in their order.
    """

    layout: str
    form: Form
    inputs: tuple[str, ...] = ("url",)
    label: str | None = None
    source: str | None = None
    first_seen: str | None = None
    implied: str | None = None
    delimiter: str = ","
    names: tuple[str, ...] = ()
    header: bool = True
    comment: bytes | None = None

    @property
    def wanted(self) -> tuple[str, ...]:
        """The columns that are read, each once."""
        found = (*self.inputs, self.label, self.source, self.first_seen)
        return tuple(dict.fromkeys(name for name in found if name))


def layout_of(opening: Opening, source: Source, data: Data, labels: Labels) -> Layout:
    """The layout of an opened file. DataError if it has not the columns that are needed."""
    layout = detect(opening) if source.layout == "auto" else source.layout
    match layout:
        case "openphish":
            return Layout(layout, "lines", implied=labels.positive, header=False)
        case "tranco":
            ranks = ("rank", "url")
            return Layout(layout, "delimited", implied=labels.negative, names=ranks, header=False)
        case "urlhaus":
            return Layout(
                layout,
                "delimited",
                first_seen="dateadded",
                implied=labels.positive,
                names=_urlhaus_names(opening.head),
                header=False,
                comment=b"#",
            )
        case "phishtank-json":
            return Layout(layout, "json", first_seen="submission_time", implied=labels.positive)
        case "phishtank-csv":
            names = header(opening, ",")
            if "url" not in names:
                raise _no_column(opening, names, "url", ("url",))
            date = "submission_time" if "submission_time" in names else None
            return Layout(
                layout, "delimited", first_seen=date, implied=labels.positive, names=names
            )
    return table_layout(opening, data.columns)


def detect(opening: Opening) -> str:
    """Name the layout of a file that the configuration does not name."""
    if opening.is_parquet:
        return "table"
    head = opening.head
    lines = [line.strip() for line in head[:8192].splitlines() if line.strip()]
    if len(head) > 8192 and len(lines) > 1:
        lines.pop()
    plain = [line for line in lines if not line.startswith(b"#")]
    if head.lstrip().startswith(b"["):
        return "phishtank-json"
    if lines[0].startswith(b"#") and b"dateadded" in head[:8192]:
        return "urlhaus"
    if not plain:
        return "table"
    header = plain[0].lower().replace(b'"', b"").split(b",")
    if {b"phish_id", b"url"} <= set(header):
        return "phishtank-csv"
    if all(re.fullmatch(rb"[0-9]+,[^,/\s]+\.[^,/\s]+", line) for line in plain):
        return "tranco"
    if all(re.fullmatch(rb"[a-z]+://[^\s\"]+", line, re.I) for line in plain):
        return "openphish"
    return "table"


def table_layout(opening: Opening, columns: Columns) -> Layout:
    """The layout of a table whose columns the configuration maps."""
    form: Form = "delimited"
    delimiter = ","
    if opening.is_parquet:
        from switchyard.data.parquet import column_names

        form, names = "parquet", column_names(opening.path)
    elif opening.head.lstrip().startswith(b"{"):
        from switchyard.data.json_rows import first_keys

        form, names = "json-lines", first_keys(opening)
    else:
        headers = {mark: header(opening, mark) for mark in DELIMITERS}
        fitting = [mark for mark in DELIMITERS if set(headers[mark]) & set(columns.url)]
        delimiter = max(fitting or DELIMITERS, key=lambda mark: len(headers[mark]))
        names = headers[delimiter]
    return Layout(
        "table",
        form,
        inputs=(_needed(opening, names, "url", columns.url),),
        label=_needed(opening, names, "label", columns.label),
        source=first_of(names, columns.source),
        first_seen=first_of(names, columns.first_seen),
        delimiter=delimiter,
        names=names,
    )


def header(opening: Opening, delimiter: str) -> tuple[str, ...]:
    """The names in the first line, cut by this delimiter."""
    return tuple(name.strip() for name in fields(opening, delimiter))


def fields(opening: Opening, delimiter: str) -> list[str]:
    """The fields of the first line that is not empty."""
    line = next((line for line in opening.head.splitlines() if line.strip()), b"")
    text = line.decode("utf-8", "replace")
    return next(csv.reader([text], delimiter=delimiter), [])


def _urlhaus_names(head: bytes) -> tuple[str, ...]:
    comments = [line for line in head.splitlines() if line.startswith(b"#")]
    header = next((line for line in reversed(comments) if b"dateadded" in line), b"")
    names = tuple(name.strip(' "') for name in header[1:].decode("utf-8", "replace").split(","))
    return names if "url" in names else _URLHAUS


def first_of(names: Sequence[str], wanted: Sequence[str]) -> str | None:
    """The first of the wanted names that is there."""
    return next((name for name in wanted if name in names), None)


def _needed(opening: Opening, names: Sequence[str], column: str, wanted: Sequence[str]) -> str:
    found = first_of(names, wanted)
    if found is None:
        raise _no_column(opening, names, column, wanted)
    if list(names).count(found) > 1:
        raise DataError(f"'{opening.path}' has two columns '{found}'; rename one of them")
    return found


def _no_column(
    opening: Opening, names: Sequence[str], column: str, wanted: Sequence[str]
) -> DataError:
    has = ", ".join(f"'{name[:40]}'" for name in names[:12])
    more = ", …" if len(names) > 12 else ""
    value = nearest(column, names) or "NAME"
    return DataError(
        f"'{opening.path}' has no {column} column: it has {has}{more}, wanted was one of "
        f"{', '.join(repr(name) for name in wanted)}. Name the column in the use case's YAML, "
        f"data: columns: {column}: ['{value[:40]}'], or add a header line if there is none"
    )
