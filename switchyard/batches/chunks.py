"""What readers give and writers take: some rows at a time, with columns that all rows share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from switchyard.batches.texts import as_objects, as_text
from switchyard.batches.typed import arrow_values
from switchyard.errors import DataError
from switchyard.nearest import nearest

MISSING = "missing"
"""The problem of a row without a value."""

_SHOWN = 12
_LETTERS = 40


class Chunk(Protocol):
    """Some rows of a file, as arrow columns or as JSON objects, whichever a writer asks for."""

    def __len__(self) -> int: ...

    def values(self, column: str, type_: str) -> tuple[Any, Any]:
        """A column as a model with an input of this type takes it, and why rows have no value.

        Reasons are large strings, null where there is a value; None where no row has one.
        """
        ...

    def batch(self) -> Any:
        """The rows as an arrow record batch of the reader's schema."""
        ...

    def objects(self) -> list[bytes]:
        """Each row as a JSON object."""
        ...

    def kept(self, mask: Any) -> Chunk:
        """The rows where `mask`, an arrow array of booleans, is true."""
        ...


class Reader(Protocol):
    """An opened file. schema: its columns in order; rows: how many, None where not yet known.

    DataError says what is wrong with the file, on opening or when a reader comes to that place.
    """

    @property
    def schema(self) -> Any: ...

    @property
    def rows(self) -> int | None: ...

    def chunks(self, most: int) -> Iterator[Chunk]:
        """The rows in order, at most so many at a time."""
        ...


class TableChunk:
    """Rows that come as arrow columns."""

    def __init__(self, batch: pa.RecordBatch) -> None:
        self._batch = batch

    def __len__(self) -> int:
        return int(self._batch.num_rows)

    def values(self, column: str, type_: str) -> tuple[Any, Any]:
        if type_ != "string":
            return arrow_values(self._batch.column(column), column, type_), None
        texts = as_text(self._batch.column(column), column)
        if not texts.null_count:
            return texts, None
        nothing, missing = (pa.scalar(text, pa.large_string()) for text in (None, MISSING))
        return texts.fill_null(""), pc.if_else(texts.is_null(), missing, nothing)

    def batch(self) -> pa.RecordBatch:
        return self._batch

    def objects(self) -> list[bytes]:
        return as_objects(self._batch)

    def kept(self, mask: Any) -> TableChunk:
        return TableChunk(self._batch.filter(mask))


def require_columns(names: list[str], wanted: tuple[str, ...]) -> None:
    """DataError naming the columns there are, unless the wanted ones are among them."""
    for name in wanted:
        if name not in names:
            if not names:
                raise DataError(f"the rows have no '{name}', nor anything else")
            some = ", ".join(f"'{each[:_LETTERS]}'" for each in names[:_SHOWN])
            more = ", …" if len(names) > _SHOWN else ""
            meant = nearest(name, names)
            fix = f"rename '{meant[:_LETTERS]}' to" if meant else "name the one that is meant"
            raise DataError(f"the file has no column '{name}': it has {some}{more}; {fix} '{name}'")


def refuse_repeated(names: list[str]) -> None:
    """DataError when two columns have one name: which is meant cannot be known."""
    twice = next((name for at, name in enumerate(names) if name in names[:at]), None)
    if twice is not None:
        raise DataError(f"the file has two columns '{twice[:_LETTERS]}'; rename one of them")


def no_rows() -> DataError:
    """The error of a file with nothing to score."""
    return DataError("the file has no rows; give at least one")
