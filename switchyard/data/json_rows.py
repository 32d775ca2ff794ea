"""Rows of JSON: one object a line, or one array of objects."""

from __future__ import annotations

import json
from itertools import islice
from typing import Any

import pyarrow as pa

from switchyard.data.layouts import Layout
from switchyard.data.opening import Opening
from switchyard.data.rows import Collector
from switchyard.errors import DataError
from switchyard.tables.casting import json_text

_LOOKED_AT = 1_000


def first_keys(opening: Opening) -> tuple[str, ...]:
    """The keys of the objects of the first lines, of which each may leave out some."""
    found: dict[str, None] = {}
    with opening.stream() as stream:
        lines = (line for line in stream if line.strip())
        for number, line in enumerate(islice(lines, _LOOKED_AT)):
            try:
                entry = json.loads(line)
            except (ValueError, RecursionError) as cause:
                if number:
                    continue  # the reader rejects it
                raise DataError(
                    f"'{opening.path}': its first line is no JSON object ({cause}); "
                    "give one object a line, or an array of objects"
                ) from cause
            found |= dict.fromkeys(entry) if isinstance(entry, dict) else {}
    return tuple(found)


def read_json_lines(opening: Opening, layout: Layout) -> tuple[pa.Table, pa.Table]:
    """Rows and malformed rows of a file with one object a line."""
    collector = Collector(layout)
    with opening.stream() as stream:
        for line in stream:
            if not line.strip():
                continue
            try:
                entry = json.loads(line)
            except (ValueError, RecursionError):
                collector.reject(line, "not a JSON object")
                continue
            _add(collector, entry, line)
    return collector.tables()


def read_json(opening: Opening, layout: Layout) -> tuple[pa.Table, pa.Table]:
    """Rows and malformed rows of a file that is one array of objects."""
    with opening.stream() as stream:
        content = stream.read()
    try:
        entries = json.loads(content.decode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError) as cause:
        raise DataError(
            f"'{opening.path}' is no whole JSON document ({cause}); fetch it again"
        ) from cause
    if not isinstance(entries, list):
        raise DataError(f"'{opening.path}' is {type(entries).__name__}, not an array of objects")
    first = layout.inputs[0]
    wanted = set(layout.inputs)
    if entries and not any(isinstance(entry, dict) and wanted & entry.keys() for entry in entries):
        raise DataError(
            f"'{opening.path}': no entry has a '{first}'; the array must hold objects such "
            f'as {{"{first}": …}}'
        )
    collector = Collector(layout)
    for entry in entries:
        _add(collector, entry, b"")
    return collector.tables()


def _add(collector: Collector, entry: Any, line: bytes) -> None:
    if not isinstance(entry, dict):
        collector.reject(line or str(entry).encode(), "not a JSON object")
        return
    values = [entry.get(name) for name in collector.names]
    collector.add([json_text(value) for value in values])
