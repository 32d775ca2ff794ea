"""A deployment's log: one file for the supervisor and its workers, replaced when it grows."""

from __future__ import annotations

import json
from collections import deque
from datetime import UTC, datetime
from pathlib import Path

FILE = "service.log"
MAX_BYTES = 5_000_000
OLD_FILES = 2


class Log:
    """Appends to `folder/service.log`; its older parts are `.1` and `.2`."""

    def __init__(self, folder: Path, max_bytes: int = MAX_BYTES) -> None:
        self._path = folder / FILE
        self._max = max_bytes
        self._file = self._path.open("ab", buffering=0)
        self._lost = 0

    def write(self, data: bytes) -> None:
        """Append whole lines. A full disk loses lines, never the service; the log says how many."""
        try:
            if self._file.tell() + len(data) > self._max:
                self._replace()
            if self._lost:
                self._file.write(_line(f"{self._lost} bytes of this log were lost: disk full?"))
                self._lost = 0
            self._file.write(data)
        except OSError:
            self._lost += len(data)

    def note(self, message: str, level: str = "INFO") -> None:
        """Append a line of the supervisor's own."""
        self.write(_line(message, level))

    def _replace(self) -> None:
        names = [self._path, *(_older(self._path, age) for age in range(1, OLD_FILES + 1))]
        for age in range(OLD_FILES, 0, -1):
            if names[age - 1].exists():
                names[age - 1].replace(names[age])
        self._file.close()
        self._file = self._path.open("ab", buffering=0)


def tail(folder: Path, lines: int) -> str:
    """The last lines of the log, '' when there is none."""
    last: deque[str] = deque(maxlen=max(lines, 0))
    path = folder / FILE
    for part in [*(_older(path, age) for age in range(OLD_FILES, 0, -1)), path]:
        if part.exists():
            with part.open(encoding="utf-8", errors="replace") as file:
                last.extend(line.rstrip("\n") for line in file)
    return "\n".join(last)


def _older(path: Path, age: int) -> Path:
    return path.with_name(f"{path.name}.{age}")


def _line(message: str, level: str = "WARNING") -> bytes:
    """In the shape of the service's own lines."""
    line = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "level": level,
        "logger": "switchyard.supervisor",
        "message": message,
    }
    return json.dumps(line).encode() + b"\n"
