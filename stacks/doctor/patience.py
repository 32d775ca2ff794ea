"""Checks that do not come to an end are told of, and left behind."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator

from stacks.doctor.findings import Finding, Told

PATIENCE_S = 45.0
"""So long a check may say nothing: more than a slow network needs, less than libraries' retries."""


def patiently(
    told: Told, check: Callable[[], Iterator[Finding]], patience_s: float = PATIENCE_S
) -> Iterator[Finding]:
    """The findings of a check as they come; one more, and no further ones, when it hangs.

    What it raises is raised here.
    """
    said: queue.Queue[Finding | BaseException | None] = queue.Queue()

    def work() -> None:
        try:
            for finding in check():
                said.put(finding)
        except BaseException as error:  # noqa: BLE001  it is raised where it is waited for
            said.put(error)
        else:
            said.put(None)

    threading.Thread(target=work, daemon=True, name="doctor").start()
    while True:
        try:
            next_said = said.get(timeout=patience_s)
        except queue.Empty:
            yield told.wrong(
                f"no answer for {patience_s:.0f} s: it accepts connections and does not serve them",
                "look at its log, and start it again",
            )
            return
        if next_said is None:
            return
        if isinstance(next_said, BaseException):
            raise next_said
        yield next_said
