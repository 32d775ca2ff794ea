"""Which work is taken on: what would have to wait too long is refused at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from switchyard.serving.problems import overloaded

_MEMORY = 0.1
_LEAST_S = 2e-8
"""Seconds a byte takes at the least: bodies of white space must not make all others look cheap."""

_BUSY = 100
"""With fewer requests since the last tick it was not they that made the loop late."""


class Admission:
    """Keeps the wait for an answer below `max_wait_ms`.

    Large requests queue for one thread: the seconds of work in the queue are estimated from their
    sizes and what earlier bytes took. Small ones are answered on the event loop, which `tick`
    watches: when they make it run late by more than the bound, they are refused until it has
    caught up.
    """

    def __init__(self, max_wait_ms: float, interval_s: float = 0.02) -> None:
        self.interval_s = interval_s
        self._max_wait_s = max_wait_ms / 1000
        self._seconds_per_byte = 2e-7
        self._queued_s = 0.0
        self._late = False
        self._small = 0
        self._expected: float | None = None

    def small(self) -> None:
        """Let a small request in; Problem 503 while the loop is late."""
        if self._late:
            raise overloaded()
        self._small += 1

    def tick(self, now: float) -> None:
        """To be called every `interval_s` by the event loop's clock; now: that clock, seconds."""
        late = self._expected is not None and now - self._expected > self._max_wait_s
        self._late = late and self._small >= _BUSY
        self._small = 0
        self._expected = now + self.interval_s

    def check(self, size: int) -> None:
        """Problem 503 when there is no place now for a body of `size` bytes."""
        if self._queued_s > 0 and self._queued_s + size * self._seconds_per_byte > self._max_wait_s:
            raise overloaded()

    @contextmanager
    def queued(self, size: int) -> Iterator[None]:
        """Hold a place in the queue for a body of `size` bytes; Problem 503 when it is full.

        An empty queue takes any body.
        """
        self.check(size)
        cost = size * self._seconds_per_byte
        self._queued_s += cost
        try:
            yield
        finally:
            self._queued_s = max(0.0, self._queued_s - cost)
            if self._queued_s < 1e-9:
                self._queued_s = 0.0

    def took(self, size: int, seconds: float) -> None:
        """Learn from work that was done: `seconds` for a body of `size` bytes."""
        if size:
            rate = seconds / size
            learnt = self._seconds_per_byte + _MEMORY * (rate - self._seconds_per_byte)
            self._seconds_per_byte = max(_LEAST_S, learnt)
