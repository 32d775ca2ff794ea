"""Work beside work: what comes next is read, and what is done written, while rows are scored."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from queue import Empty, Queue
from threading import Event, Thread
from typing import Any, TypeVar

T = TypeVar("T")

_WAIT_S = 0.05


class _Failed:
    def __init__(self, error: BaseException) -> None:
        self.error = error


@contextmanager
def read_ahead(items: Generator[T, None, None], most: int = 2) -> Iterator[Iterator[T]]:
    """The items, produced by a thread that is at most so many ahead; its errors are raised here.

    The thread ends, and the generator with it, when the block does.
    """
    ready: Queue[Any] = Queue(most)
    stopped, end = Event(), object()

    def produce() -> None:
        try:
            for item in items:
                ready.put(item)
                if stopped.is_set():
                    return
            ready.put(end)
        except BaseException as error:  # noqa: BLE001  raised by who takes the items
            ready.put(_Failed(error))
        finally:
            items.close()

    def taken() -> Iterator[T]:
        while (item := ready.get()) is not end:
            if isinstance(item, _Failed):
                raise item.error
            yield item

    thread = Thread(target=produce, name="read-ahead", daemon=True)
    thread.start()
    try:
        yield taken()
    finally:
        stopped.set()
        while thread.is_alive():
            with suppress(Empty):  # makes room for what the thread may be waiting to put
                ready.get(timeout=_WAIT_S)
            thread.join(0)


class Behind:
    """Calls made one after the other by a thread, at most so many of them waiting."""

    def __init__(self, most: int = 2) -> None:
        self._pool = ThreadPoolExecutor(1, "write-behind")
        self._most = most
        self._waiting: deque[Future[None]] = deque()

    def call(self, function: Callable[..., None], *arguments: Any) -> None:
        """Have it called soon. Raises what an earlier call raised."""
        while len(self._waiting) >= self._most:
            self._waiting.popleft().result()
        self._waiting.append(self._pool.submit(function, *arguments))

    def finish(self) -> None:
        """Wait for all calls; raises what one of them raised."""
        while self._waiting:
            self._waiting.popleft().result()

    def close(self) -> None:
        """End the thread; what waits is not called any more."""
        self._pool.shutdown(wait=True, cancel_futures=True)
