"""Small predictions, answered by the connection that they arrive on."""

from __future__ import annotations

import logging
from http import HTTPStatus
from time import perf_counter

from bento.bodies import Headers
from bento.heads import FAILED, INLINE_BYTES, JSON, authorise, fields_of
from bento.runtime import Runtime
from switchyard.serving.problems import Problem

_UNUSUAL = frozenset((b"content-encoding", b"transfer-encoding", b"expect", b"upgrade"))

log = logging.getLogger("switchyard.serving")


class PredictionShortcut:
    """Answers what `Lane` would, for requests of the plainest form; see `bento.connections`."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        serving = runtime.settings.serving
        self.body_timeout_s = serving.limits.body_timeout_s
        # Answers to pages of other origins need headers, which are another layer's business.
        self._unusual = _UNUSUAL | {b"origin"} if serving.cors_origins else _UNUSUAL
        self._good = _head(200, JSON)

    def takes(self, headers: Headers) -> bool:
        """Whether this is the head of a small JSON body, sent as it is."""
        is_json, length = False, INLINE_BYTES + 1
        for name, value in headers:
            if name == b"content-type":
                is_json = value == b"application/json"
            elif name == b"content-length":
                length = int(value)
            elif name in self._unusual:
                return False
        return is_json and length <= INLINE_BYTES

    def answer(self, headers: Headers, body: bytes, *, closing: bool) -> bytes:
        """The whole answer; closing: say that it is the connection's last one."""
        start = perf_counter()
        runtime = self._runtime
        status, head = 200, self._good
        try:
            authorise(runtime.keys, headers)
            runtime.require_model()
            runtime.admission.small()
            answer = runtime.answer(body, runtime.predictions(body))
        except Problem as problem:
            status, answer = problem.status, problem.body()
            head = _head(status, fields_of(problem))
        except Exception:
            log.exception("a prediction failed")
            status, answer = FAILED.status, FAILED.body()
            head = _head(status, fields_of(FAILED))
        last = b"connection: close\r\n\r\n" if closing else b"\r\n"
        runtime.metrics.answered("/predict", status, perf_counter() - start)
        return b"%scontent-length: %d\r\n%s%s" % (head, len(answer), last, answer)


def _head(status: int, fields: Headers) -> bytes:
    """The status line and the fields, ready for more fields."""
    lines = [b"HTTP/1.1 %d %s" % (status, HTTPStatus(status).phrase.encode())]
    return b"\r\n".join([*lines, *(b"%s: %s" % field for field in fields), b""])
