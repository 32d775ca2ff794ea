"""The journal of feedback: a label that is confirmed is on the disk."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

import orjson

from switchyard.capture.errors import SpoolFull
from switchyard.capture.segments import FEEDBACK, Segment
from switchyard.capture.spool import Spool
from switchyard.errors import RequestError

SEGMENT_BYTES = 1 << 16


class FeedbackJournal:
    """Appends labels to segments of a spool, safe to call from several threads.

    Makes its first segment when the first label comes. seal: what to do with a segment that is
    done, without delay.
    """

    def __init__(self, spool: Spool, flush_s: float, seal: Callable[[Segment], None]) -> None:
        self._spool = spool
        self._pass_on = seal
        self._flush_s = flush_s
        self._lock = Lock()
        self._active: Segment | None = None
        self._since = 0.0
        self._last = 0
        self._closed = False

    def append(self, request_id: bytes, instance: int, label: str) -> None:
        """Keep a label; returns when it is on the disk.

        PlatformError (SpoolFull when it will pass) when it cannot be kept.
        """
        with self._lock:
            if self._closed:
                raise SpoolFull("the journal of feedback is closed; start the service again")
            now = time.time_ns() // 1000
            # Grows although the clock may be set back: the label given last is the one that counts.
            self._last = max(now, self._last + 1)
            content = orjson.dumps(
                {"instance": instance, "label": label, "time": now, "sequence": self._last}
            )
            if self._active is None or not self._active.append(FEEDBACK, request_id, b"", content):
                self._seal()
                self._active = self._spool.allocate(SEGMENT_BYTES)
                self._since = time.monotonic()
                if not self._active.append(FEEDBACK, request_id, b"", content):
                    raise RequestError(f"a label of {len(label):,} characters cannot be kept")
            try:
                self._active.sync()
            except OSError as cause:
                raise SpoolFull(f"the disk did not take the label: {cause}") from cause

    def tick(self) -> None:
        """Seal what is older than flush_s, unless a label is being written."""
        if self._active is None or time.monotonic() - self._since < self._flush_s:
            return
        if self._lock.acquire(blocking=False):
            try:
                self._seal()
            finally:
                self._lock.release()

    def close(self) -> None:
        """Seal everything. Labels are refused from now on."""
        with self._lock:
            self._closed = True
            self._seal()

    def _seal(self) -> None:
        active, self._active = self._active, None
        if active is not None:
            self._pass_on(active)
