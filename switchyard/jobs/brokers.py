"""Huey's queue and its key/value storage, on SQLite, Redis or PostgreSQL; all of it is JSON."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote, urlencode

import orjson

from switchyard.data.sources import shown
from switchyard.errors import PlatformError, RequestError, SwitchyardError

_SQLITE = "sqlite:///"
_PACKAGES = {
    "redis": ("redis", "redis"),
    "rediss": ("redis", "redis"),
    "postgresql": ("psycopg", "postgresql"),
    "postgres": ("psycopg", "postgresql"),
}
_BUSY_S = 30
_CONNECT_S = 10
_SILENT_S = 30
"""A server that vanished with its machine closes no connection: it is given up by then."""

_TABLES_LOCK = 0x53575944
"""Of replicas that start at once one makes PostgreSQL's tables; "if not exists" is no lock."""

log = logging.getLogger("switchyard.jobs")


class Entry(NamedTuple):
    """What waits in the queue: the next attempt at a job. A claim, not the entry, gives the right.

    An entry may thus be lost, come twice or come late without harm.
    """

    id: str
    run: str
    attempt: int


class Broker:
    """A queue of entries, and small values by name. Safe to use from several threads.

    url: sqlite:///file, redis://… or postgresql://…; name: of the use case, so that several may
    share one. RequestError when the URL cannot be meant or its package is missing; PlatformError,
    in each call, when what is underneath fails. A server is not reached before the first call.
    """

    def __init__(self, url: str, name: str) -> None:
        self.shown = url if url.startswith(_SQLITE) else shown(url)
        with self._explaining():
            self._huey = _open(url, f"switchyard_{name.replace('-', '_')}")
        self._storage = self._huey.storage
        self._task = self._huey.task(name="score")(Entry)
        self._lacks_tables = hasattr(self._storage, "table_kv") and not url.startswith(_SQLITE)
        self._making = threading.Lock()

    def put(self, entry: Entry) -> None:
        """Add an entry to the queue's end."""
        with self._reached():
            self._task(*entry)

    def take(self) -> Entry | None:
        """Remove the first entry, None when there is none."""
        with self._reached():
            data = self._storage.dequeue()
        return None if data is None else self._entry(data)

    def waiting(self) -> int:
        """How many entries wait."""
        with self._reached():
            return int(self._storage.queue_size())

    def entries(self) -> list[Entry]:
        """What waits."""
        with self._reached():
            found = self._storage.enqueued_items()
        return [entry for data in found if (entry := self._entry(data))]

    def set(self, key: str, value: bytes) -> None:
        """Keep a value."""
        with self._reached():
            self._storage.put_data(key, value)

    def set_new(self, key: str, value: bytes) -> bool:
        """Keep a value unless there is one; of many who try at once, one gets True."""
        with self._reached():
            return bool(self._storage.put_if_empty(key, value))

    def get(self, keys: Sequence[str]) -> dict[str, bytes]:
        """The values that there are."""
        with self._reached():
            found = self._storage.peek_many(keys)
            return {_text(key): bytes(value) for key, value in found.items()}

    def pop(self, key: str) -> bytes | None:
        """Remove a value and return it; of many who try at once, one gets it."""
        from huey.constants import EmptyData

        with self._reached():
            found = self._storage.pop_data(key)
            return None if found is EmptyData else bytes(found)

    def all(self) -> dict[str, bytes]:
        """All values, as they are at one moment."""
        with self._reached():
            found = self._storage.result_items()
            return {_text(key): bytes(value) for key, value in found.items()}

    def close(self) -> None:
        """Close the connection; it is opened again when needed."""
        self._storage.close()

    def _entry(self, data: Any) -> Entry | None:
        try:
            return Entry(*self._huey.deserialize_task(bytes(data)).args)
        except Exception:
            log.exception(
                "the queue '%s' held something that is no job; it is passed over", self.shown
            )
            return None

    @contextmanager
    def _reached(self) -> Iterator[None]:
        """A call of the storage, whose tables are there."""
        with self._explaining():
            if self._lacks_tables:
                with self._making, self._storage.db(commit=True) as cursor:
                    cursor.execute("select pg_advisory_xact_lock(%s)", (_TABLES_LOCK,))
                    for statement in self._storage.ddl:
                        cursor.execute(statement)
                self._lacks_tables = False
            yield

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        try:
            yield
        except SwitchyardError:
            raise
        except Exception as cause:  # each storage raises errors of its own library
            with suppress(Exception):  # a broken transaction may not outlive its error
                self._storage.close()
            raise PlatformError(
                f"the queue of jobs '{self.shown}' fails: {type(cause).__name__}: {cause}; check "
                "its disk, or its server and network (serving.jobs.queue)"
            ) from cause


class _Json:
    """Tasks as JSON: Huey's own way would load code from the queue."""

    def serialize(self, message: Any) -> bytes:
        return orjson.dumps(list(message))

    def deserialize(self, data: bytes) -> Any:
        from huey.registry import Message

        return Message(*orjson.loads(data))


def _open(url: str, name: str) -> Any:
    scheme = url.partition("://")[0].lower()
    package, install = _PACKAGES.get(scheme, ("", ""))
    if package:
        try:
            __import__(package)
        except ImportError as cause:
            raise RequestError(
                f"serving.jobs.queue '{shown(url)}' needs the package '{package}', which is not "
                f"installed: uv sync --extra {install}"
            ) from cause
    elif not url.startswith(_SQLITE) or not url.removeprefix(_SQLITE):
        raise RequestError(
            f"serving.jobs.queue '{shown(url)}' is no queue; give sqlite:///file, "
            "redis://host:port/0 or postgresql://user@host/database"
        )
    from huey import PostgresHuey, RedisHuey, SqliteHuey

    common = {"results": False, "serializer": _Json()}
    if package == "redis":
        limits = {"socket_connect_timeout": _CONNECT_S, "socket_timeout": _SILENT_S}
        return RedisHuey(name, url=_with(url, limits), blocking=False, **common)
    if package == "psycopg":
        limits = {
            "connect_timeout": _CONNECT_S,
            "keepalives_idle": _SILENT_S // 3,
            "keepalives_interval": _SILENT_S // 3,
            "keepalives_count": 2,
            "tcp_user_timeout": _SILENT_S * 1000,
        }
        dsn = _with(url, limits)
        return PostgresHuey(name, dsn=dsn, blocking=False, create_tables=False, **common)
    path = Path(url.removeprefix(_SQLITE)).expanduser()
    path.parent.mkdir(parents=True, exist_ok=True)
    return SqliteHuey(name, filename=str(path), fsync=True, timeout=_BUSY_S, **common)


def _with(url: str, limits: dict[str, int]) -> str:
    """The URL with these parameters, unless it has others of their names."""
    server, _, query = url.partition("?")
    given = {**limits, **dict(parse_qsl(query, keep_blank_values=True))}
    return f"{server}?{urlencode(given, quote_via=quote)}"


def _text(key: str | bytes) -> str:
    return key.decode() if isinstance(key, bytes) else key
