"""JSON rows: objects one a line, or in one document `{"instances": [{…}, …]}`."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Iterator
from itertools import compress
from typing import Any, BinaryIO, Protocol

import orjson
import pyarrow as pa

from switchyard.batches.chunks import MISSING
from switchyard.batches.columns import Columns
from switchyard.batches.typed import json_values
from switchyard.errors import DataError
from switchyard.serving.instances import refuse_repeated_keys
from switchyard.serving.problems import Problem

LINE = 1 << 22
"""Bytes that a line may have."""

DOCUMENT = 1 << 26
"""Bytes that a whole document may have; larger ones must come one object a line."""

_CHUNK = 1 << 25
_LOOK_ROWS = 8_192
_HUGE = float(2**63)
_OPENING = re.compile(r'\s*\{\s*"instances"\s*:\s*\[\s*')
_CLOSING = re.compile(r"\s*\]\s*\}\s*\Z")
_COMMA = re.compile(r"\s*,\s*")
_NAMES = {bool: "true or false", int: "number", float: "number", list: "array", dict: "object"}


class Source(Protocol):
    """Where rows come from; may be gone through again."""

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        """Each row's number in the file and its JSON."""
        ...

    def place(self, number: int) -> str:
        """What a person is told that number as."""
        ...


class ObjectReader:
    """Rows that are JSON objects. All are read once on opening, so that all columns are known."""

    def __init__(
        self, source: Source, wanted: tuple[str, ...], on_look: Callable[[], object]
    ) -> None:
        self._source = source
        self._exactly = False
        columns = Columns(len(wanted))
        rows = 0
        for number, raw in source:
            try:
                values, exactly = parsed(raw)
                columns.see(values)
            except DataError as cause:
                raise DataError(f"{source.place(number)} {cause}") from cause
            self._exactly |= exactly
            rows += 1
            if rows % _LOOK_ROWS == 0:
                on_look()
        self.rows: int | None = rows
        self.schema: Any = columns.schema()

    def chunks(self, most: int) -> Iterator[ObjectChunk]:
        raws: list[bytes] = []
        size = 0
        for _, raw in self._source:
            raws.append(raw)
            size += len(raw)
            if len(raws) == most or size > _CHUNK:
                yield self._chunk(raws)
                raws, size = [], 0
        if raws:
            yield self._chunk(raws)

    def _chunk(self, raws: list[bytes]) -> ObjectChunk:
        loads = json.loads if self._exactly else orjson.loads
        return ObjectChunk(raws, [loads(raw) for raw in raws], self.schema)


class ObjectChunk:
    """Rows that come as JSON objects, kept as they are written."""

    def __init__(self, raws: list[bytes], rows: list[dict[str, Any]], schema: pa.Schema) -> None:
        self._raws = raws
        self._rows = rows
        self._schema = schema

    def __len__(self) -> int:
        return len(self._raws)

    def values(self, column: str, type_: str) -> tuple[Any, Any]:
        values = [row.get(column) for row in self._rows]
        if type_ != "string":
            return json_values(values, column, type_)
        texts = [value if type(value) is str else "" for value in values]
        reasons = [None if type(value) is str else _not_text(value) for value in values]
        return pa.array(texts, pa.large_string()), pa.array(reasons, pa.large_string())

    def batch(self) -> pa.RecordBatch:
        arrays = [
            pa.array([_fitted(row.get(field.name), field.type) for row in self._rows], field.type)
            for field in self._schema
        ]
        return pa.RecordBatch.from_arrays(arrays, schema=self._schema)

    def objects(self) -> list[bytes]:
        return self._raws

    def kept(self, mask: Any) -> ObjectChunk:
        chosen = mask.to_pylist()
        raws, rows = compress(self._raws, chosen), compress(self._rows, chosen)
        return ObjectChunk(list(raws), list(rows), self._schema)


class Lines:
    """The rows of a file with one object a line; blank lines are none."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        read = self._source.readline
        self._source.seek(0)
        number = 0
        while line := read(LINE + 1):
            number += 1
            if len(line) > LINE:
                raise DataError(f"line {number:,} is longer than {LINE >> 20} MB")
            if number == 1:
                line = line.removeprefix(codecs.BOM_UTF8)
            if raw := line.strip():
                yield number, raw

    def place(self, number: int) -> str:
        return f"line {number:,}"


class Instances:
    """The rows of one document, which is read whole."""

    def __init__(self, source: BinaryIO) -> None:
        source.seek(0)
        content = source.read(DOCUMENT + 1)
        if len(content) > DOCUMENT:
            raise DataError(
                f"a JSON document may have at most {DOCUMENT >> 20} MB, for it is read whole; send "
                "one object a line instead (application/x-ndjson)"
            )
        try:
            text = content.removeprefix(codecs.BOM_UTF8).decode()
        except UnicodeDecodeError as cause:
            line = content.count(b"\n", 0, cause.start) + 1
            raise DataError(f"line {line:,} is not UTF-8 text; save the file as UTF-8") from cause
        self._raws = list(_split(text))

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        return enumerate(self._raws)

    def place(self, number: int) -> str:
        return f"instances.{number}"


def parsed(raw: bytes) -> tuple[dict[str, Any], bool]:
    """The object in `raw`, and whether only the exact parser gives its numbers as they are.

    A key that stands twice is a fault: parsers differ in which one they take. DataError, to follow
    on the name of the place, when `raw` is no object.
    """
    try:
        values = orjson.loads(raw)
        if type(values) is not dict:
            raise DataError("is not a JSON object; each row must be one: {…}")
        exactly = _checked(values, raw)
        return (json.loads(raw) if exactly else values), exactly
    except Problem as cause:
        raise DataError(f"cannot be read: {cause.detail}") from cause
    except ValueError as cause:
        try:
            raw.decode()
        except UnicodeDecodeError:
            raise DataError("is not UTF-8 text; save the file as UTF-8") from cause
        raise DataError(f"is not a JSON object: {cause}") from cause


def _checked(values: dict[str, Any], raw: bytes) -> bool:
    """Whether the quick parser may have rounded a number; Problem when a key stands twice.

    In a flat object without escapes each key and each text brings two quotes; more of them mean
    that a key was dropped because it came again.
    """
    quotes = 2 * len(values)
    careful = b"\\" in raw
    exactly = False
    for value in values.values():
        kind = type(value)
        if kind is str:
            quotes += 2
        elif kind is dict or kind is list:
            careful = exactly = True
        elif kind is float and abs(value) >= _HUGE:
            exactly = True
    if careful or raw.count(b'"') != quotes:
        refuse_repeated_keys(raw)
    return exactly


def _split(text: str) -> Iterator[bytes]:
    """Each instance of a document, as it is written there but on one line."""
    decode = json.JSONDecoder().raw_decode
    opened = _OPENING.match(text)
    if opened is None:
        raise DataError('the file is not a JSON document {"instances": [{…}, …]}')
    at, number = opened.end(), 0
    while not _CLOSING.match(text, at):
        if number:
            comma = _COMMA.match(text, at)
            if comma is None:
                raise DataError(f"after instances.{number - 1} the JSON document is broken")
            at = comma.end()
        try:
            _, end = decode(text, at)
        except (ValueError, RecursionError) as cause:
            raise DataError(f"instances.{number} is not a JSON object: {cause}") from cause
        # Line breaks stand only between tokens: within a text they would have to be escaped.
        yield text[at:end].replace("\n", " ").replace("\r", " ").encode()
        at, number = end, number + 1


def _not_text(value: Any) -> str:
    return MISSING if value is None else f"not text: {_NAMES[type(value)]}"


def _fitted(value: Any, kind: pa.DataType) -> Any:
    """The value as a column of this type takes it: what is no text becomes JSON in one of text."""
    if value is None or type(value) is str or not pa.types.is_large_string(kind):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
