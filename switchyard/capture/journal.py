"""The journal of predictions: appending costs a copy in memory, and a thread does the rest."""

from __future__ import annotations

import logging
from collections import deque
from queue import SimpleQueue
from threading import Thread
from time import monotonic

from switchyard.capture.errors import SpoolFull
from switchyard.capture.segments import Segment, room, size_for
from switchyard.capture.spool import Spool
from switchyard.errors import PlatformError

_log = logging.getLogger(__name__)

_PREPARE, _MEASURE, _STOP = "prepare", "measure", "stop"
_ASK_AGAIN_S = 0.1
_MEASURE_S = 5.0


class Journal:
    """Appends records to segments of a spool. `append`, `tick` and `close` belong to one thread.

    What is appended outlives the process at once: the pages of a shared mapping are the system's.
    A sealed segment outlives the machine. segment_bytes: size of a segment; flush_s: a segment
    that holds something is sealed after so long. Starts refusing when the spool is full already;
    PlatformError when it cannot be written at all.
    """

    def __init__(self, spool: Spool, segment_bytes: int, flush_s: float) -> None:
        self.records = 0
        self.spool_bytes = 0
        self.damaged_segments = 0
        self._spool = spool
        self._segment_bytes = segment_bytes
        self._longest = room(spool.facts, segment_bytes)
        self._flush_s = flush_s
        self._refusal: PlatformError | None = None
        self._ready: deque[Segment] = deque()
        self._orders: SimpleQueue[Segment | str] = SimpleQueue()
        self._asked = self._measured = self._since = monotonic()
        self._active: Segment | None = None
        self._closed = False
        try:
            self._active = spool.allocate(segment_bytes)
        except SpoolFull as refusal:
            self._refuse(refusal)
        self._keeper = Thread(target=self._keep, name="capture-journal", daemon=True)
        self._keeper.start()
        self._orders.put(_PREPARE)

    def append(self, kind: int, request_id: bytes, first: bytes, second: bytes) -> None:
        """Append a record. SpoolFull when there is no room, after which nothing was written."""
        active = self._active
        if active is None or not active.append(kind, request_id, first, second):
            active = self._turn(len(request_id) + len(first) + len(second))
            active.append(kind, request_id, first, second)
        self.records += 1

    def tick(self) -> None:
        """Seal what is older than flush_s. To be called every second or so."""
        now = monotonic()
        active = self._active
        if active is None or active.used == active.start:
            self._since = now
        elif now - self._since >= self._flush_s and self._ready:
            self._pass_on()
            self._take()
        if self._refusal is not None:
            self._orders.put(_PREPARE)
        if now - self._measured >= _MEASURE_S:
            self._measured = now
            self._orders.put(_MEASURE)

    def seal(self, segment: Segment) -> None:
        """Seal a segment of somebody else's in this journal's thread. From any thread."""
        self._orders.put(segment)

    def close(self) -> None:
        """Seal everything. Appending is refused from now on."""
        if self._closed:
            return
        self._closed = True
        self._refusal = SpoolFull("the journal of predictions is closed; start the service again")
        self._pass_on()
        self._orders.put(_STOP)
        self._keeper.join()
        while self._ready:
            self._seal(self._ready.popleft())

    def _turn(self, payload: int) -> Segment:
        """Go on in another segment that holds a record of so many bytes; SpoolFull without one."""
        if payload > self._longest:
            return self._make_larger(payload)
        self._pass_on()
        if not self._ready and self._refusal is None:
            try:
                self._ready.append(self._spool.allocate(self._segment_bytes))
            except PlatformError as refusal:
                self._refuse(refusal)
        if not self._ready:
            self._ask_again()
            raise SpoolFull(str(self._refusal)) from self._refusal
        return self._take()

    def _make_larger(self, payload: int) -> Segment:
        """A segment of its own for a record that no usual one holds."""
        if self._refusal is not None:
            self._ask_again()
            raise SpoolFull(str(self._refusal)) from self._refusal
        try:
            larger = self._spool.allocate(size_for(self._spool.facts, payload))
        except PlatformError as refusal:
            raise SpoolFull(str(refusal)) from refusal
        self._pass_on()
        self._active, self._since = larger, monotonic()
        return larger

    def _take(self) -> Segment:
        self._active, self._since = self._ready.popleft(), monotonic()
        self._orders.put(_PREPARE)
        return self._active

    def _pass_on(self) -> None:
        active, self._active = self._active, None
        if active is not None:
            self._orders.put(active)

    def _ask_again(self) -> None:
        now = monotonic()
        if now - self._asked >= _ASK_AGAIN_S and not self._closed:
            self._asked = now
            self._orders.put(_PREPARE)

    def _keep(self) -> None:
        """What the thread does. All that takes long is a call that lets the other threads run."""
        while (order := self._orders.get()) != _STOP:
            if isinstance(order, Segment):
                self._seal(order)
            elif order == _PREPARE:
                self._prepare()
            self._measure()

    def _prepare(self) -> None:
        if self._ready or self._closed:
            return
        try:
            segment = self._spool.allocate(self._segment_bytes)
        except PlatformError as refusal:
            self._refuse(refusal)
            return
        segment.populate()
        self._ready.append(segment)
        if self._refusal is not None and not self._closed:
            self._refusal = None
            _log.info("predictions can be kept again")

    def _seal(self, segment: Segment) -> None:
        try:
            segment.seal()
        except OSError as cause:
            _log.error("'%s' was not sealed whole: %s; check the disk", segment.path, cause)

    def _measure(self) -> None:
        try:
            self.spool_bytes = self._spool.measure()
            self.damaged_segments = self._spool.set_aside()
        except OSError as cause:
            _log.warning("the spool '%s' cannot be read: %s", self._spool.folder, cause)

    def _refuse(self, refusal: PlatformError) -> None:
        if self._refusal is None:
            _log.warning("predictions cannot be kept: %s", refusal)
        self._refusal = refusal
