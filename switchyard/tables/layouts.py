"""How a file with a table is laid out: where the declared columns stand in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from switchyard.configuration.model import Columns, Source
from switchyard.configuration.tables import Table, Target
from switchyard.data.layouts import DELIMITERS, Form, Layout, fields, first_of, header
from switchyard.data.opening import Opening
from switchyard.errors import DataError
from switchyard.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHOWN = 12


def table_layout(
    opening: Opening, source: Source, table: Table, target: Target, columns: Columns
) -> Layout:
    """Where the inputs and the target stand. DataError naming all columns that the file lacks.

    A text file whose first line has no declared name, but as many fields as there are columns, has
    no header: its columns are the inputs and then the target.
    """
    declared = tuple(dict.fromkeys((*(each.name for each in table.inputs), *table.group)))
    needed = tuple(name for name in (*declared, target.column) if name not in source.constants)
    form: Form = "delimited"
    delimiter, headed = ",", True
    if opening.is_parquet:
        from switchyard.data.parquet import column_names

        form, names = "parquet", column_names(opening.path)
    elif opening.head.lstrip().startswith((b"{", b"[")):
        from switchyard.data.json_rows import first_keys

        form = "json-lines" if opening.head.lstrip().startswith(b"{") else "json"
        names = first_keys(opening) if form == "json-lines" else needed
    else:
        delimiter, names, headed = _delimited(opening, source.columns, needed)
    required = needed
    if form in ("json", "json-lines"):  # there a missing value may be left out with its key
        nullable = {each.name for each in table.inputs if each.missing == "allow"}
        required = tuple(name for name in needed if name not in nullable)
    _require(opening, names, required)
    dated = first_of(names, columns.first_seen)
    kept = first_of(names, columns.source)
    return Layout(
        "table",
        form,
        inputs=tuple(name for name in declared if name not in source.constants),
        label=target.column,
        source=None if kept in needed else kept,
        first_seen=None if dated in needed else dated,
        delimiter=delimiter,
        names=names,
        header=headed,
    )


def _delimited(
    opening: Opening, given: Sequence[str], needed: Sequence[str]
) -> tuple[str, tuple[str, ...], bool]:
    """The delimiter, the columns in order, and whether a header line tells them."""
    if given:
        marks = [mark for mark in DELIMITERS if len(fields(opening, mark)) == len(given)]
        if not marks:
            found = max(len(fields(opening, mark)) for mark in DELIMITERS)
            raise DataError(
                f"'{opening.path}': its first line has {found} fields, the source names "
                f"{len(given)} columns (data: sources: columns); name all of them, in order"
            )
        return marks[0], tuple(given), False
    headers = {mark: header(opening, mark) for mark in DELIMITERS}
    mark = max(DELIMITERS, key=lambda each: (_known(headers[each], needed), len(headers[each])))
    if _known(headers[mark], needed) == 0 and len(headers[mark]) == len(needed):
        return mark, tuple(needed), False
    return mark, headers[mark], True


def _known(names: Iterable[str], needed: Sequence[str]) -> int:
    return len(set(names) & set(needed))


def _require(opening: Opening, names: Sequence[str], needed: Sequence[str]) -> None:
    missing = [name for name in needed if name not in names]
    if missing:
        told = ", ".join(_meant(name, names) for name in missing[:_SHOWN])
        more = f" and {len(missing) - _SHOWN:,} more" if len(missing) > _SHOWN else ""
        has = ", ".join(f"'{name[:40]}'" for name in names[:_SHOWN])
        raise DataError(
            f"'{opening.path}' lacks {len(missing):,} of {len(needed):,} columns: {told}{more}; it "
            f"has {has}{', …' if len(names) > _SHOWN else ''}. Name the columns as the file does "
            "(table: inputs: name), or give their order where it has no header "
            "(data: sources: columns)"
        )
    twice = next((name for name in needed if list(names).count(name) > 1), None)
    if twice is not None:
        raise DataError(f"'{opening.path}' has two columns '{twice}'; rename one of them")


def _meant(name: str, names: Sequence[str]) -> str:
    meant = nearest(name, names)
    return f"'{name}'" + (f" (is it '{meant[:40]}'?)" if meant else "")
