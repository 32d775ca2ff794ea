"""Files of the prediction store as arrow tables."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

import pyarrow as pa

from switchyard.capture.stores import Store
from switchyard.errors import PlatformError

AT_ONCE = 64
"""So many files of an object store are asked for together: most of the time of one is waiting."""

Damaged = Callable[[PlatformError], None]
"""Is told of a file that cannot be read, which is left out then."""


def tables(
    store: Store,
    paths: Sequence[str],
    columns: Collection[str] | None = None,
    damaged: Damaged | None = None,
) -> Iterator[pa.Table]:
    """The rows of each file, in the order of `paths`; `damaged` ones are told of and left out.

    columns: only these, as far as a file has them. PlatformError for a store that cannot be read,
    and for a damaged file unless somebody is told of it.
    """
    for path, source in _sources(store, paths):
        try:
            if isinstance(source, Exception):
                raise source
            yield _read(store, path, source, columns)
        except Exception as cause:  # stores raise errors of libraries of their own
            error = PlatformError(
                f"'{path}' of the prediction store cannot be read: {cause}; restore or delete it"
            )
            error.__cause__ = cause
            # Not what is damaged but what cannot be reached: the whole store would look empty.
            if damaged is None or not isinstance(cause, pa.ArrowException):
                raise error from cause
            damaged(error)


def _sources(store: Store, paths: Sequence[str]) -> Iterator[tuple[str, bytes | Exception | None]]:
    """Each path with the file's content, or why there is none; of a folder None, to be opened."""
    if store.is_local:
        yield from ((path, None) for path in paths)
        return
    for first in range(0, len(paths), AT_ONCE):
        some = list(paths[first : first + AT_ONCE])
        with store.explaining("read"):
            found = store.files.cat(some, on_error="return")
        yield from ((path, found[path]) for path in some)


def _read(
    store: Store, path: str, content: bytes | None, columns: Collection[str] | None
) -> pa.Table:
    import pyarrow.parquet as pq

    opened = store.files.open(path, "rb") if content is None else pa.BufferReader(content)
    with opened:
        file = pq.ParquetFile(opened)
        names = file.schema_arrow.names
        wanted = None if columns is None else [name for name in names if name in columns]
        return file.read(columns=wanted)
