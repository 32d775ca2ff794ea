"""What a service answers when it cannot do what was asked: problem details, RFC 9457."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypedDict

MEDIA_TYPE = "application/problem+json"
_SHOWN = 20


class Fault(TypedDict):
    """One fault of a request: where it is, as in `instances.0.url`, and what it is."""

    where: str
    message: str


@dataclass(eq=False)  # an exception is given its traceback, so it is not frozen
class Problem(Exception):  # noqa: N818  the name that RFC 9457 gives it
    """An answer other than success. retry_after_s: seconds, for 503."""

    status: int
    detail: str
    faults: Sequence[Fault] = ()
    retry_after_s: int | None = None

    def body(self, *, error: bool = False) -> bytes:
        """The problem document; of many faults the first ones. error: the detail under that name.

        The Open Inference Protocol has `error` where RFC 9457 has `detail`.
        """
        document: dict[str, object] = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        }
        if self.faults:
            document["errors"] = list(self.faults[:_SHOWN])
        if error:
            document["error"] = self.detail
        return json.dumps(document).encode()


def overloaded(detail: str = "too much work is waiting; try again shortly") -> Problem:
    """503 with Retry-After."""
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, retry_after_s=1)
