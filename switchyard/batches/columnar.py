"""Parquet in batches of rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from switchyard.batches.chunks import TableChunk, refuse_repeated
from switchyard.errors import DataError

_BATCH = 1 << 26
"""Bytes that a batch may have, by what the file says of itself, and as numbers of 64 bits."""

_BUFFER = 1 << 20


class ParquetReader:
    """A Parquet file; its columns keep their types."""

    def __init__(self, source: BinaryIO) -> None:
        try:
            self._file = pq.ParquetFile(source, buffer_size=_BUFFER, pre_buffer=False)
        except (pa.ArrowException, OSError) as cause:
            raise damaged(cause) from cause
        self.schema: Any = self._file.schema_arrow.remove_metadata()
        self.rows: int | None = self._file.metadata.num_rows
        refuse_repeated(self.schema.names)

    @property
    def groups(self) -> list[int]:
        """The rows of each row group."""
        facts = self._file.metadata
        return [facts.row_group(at).num_rows for at in range(facts.num_row_groups)]

    def chunks(self, most: int, groups: Sequence[int] | None = None) -> Iterator[TableChunk]:
        """The rows in order, at most so many at a time; of these row groups, else of all."""
        size = min(most, self._fitting())
        batches = self._file.iter_batches(size, row_groups=groups, use_threads=False)
        while True:
            try:
                batch = next(batches)
            except StopIteration:
                return
            except (pa.ArrowException, OSError) as cause:
                raise damaged(cause) from cause
            if batch.num_rows:
                yield TableChunk(pa.RecordBatch.from_arrays(batch.columns, schema=self.schema))

    def _fitting(self) -> int:
        facts = self._file.metadata
        size = sum(facts.row_group(at).total_byte_size for at in range(facts.num_row_groups))
        by_size = _BATCH * max(1, int(facts.num_rows)) // max(1, int(size))
        return max(1, min(by_size, _BATCH // (8 * max(1, len(self.schema)))))


def damaged(cause: Exception) -> Exception:
    """The error of a file that is not whole; a failure of the disk stays what it is."""
    if isinstance(cause, OSError) and cause.errno is not None:
        return cause
    return DataError(f"the file is no whole Parquet file ({cause}); send it again")
