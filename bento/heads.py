"""What stands in the heads of requests and answers: keys, types, security."""

from __future__ import annotations

from bento.bodies import Headers, header
from switchyard.serving.keys import Keys
from switchyard.serving.problems import MEDIA_TYPE, Problem

INLINE_BYTES = 4_096
"""Bodies up to this size are answered on the event loop; larger ones by the scoring thread."""

SECURITY: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
]
JSON: Headers = [(b"content-type", b"application/json"), *SECURITY]
PROBLEM: Headers = [(b"content-type", MEDIA_TYPE.encode()), *SECURITY]

FAILED = Problem(500, "the service failed; its log says why")
"""What a caller is told of a defect."""


def authorise(keys: Keys, headers: Headers) -> None:
    """Problem 401 when a key is wanted and the request has none that opens."""
    if keys.wanted and not keys.opens(
        header(headers, b"authorization"), header(headers, b"x-api-key")
    ):
        raise Problem(
            401, "this needs an API key, as 'Authorization: Bearer KEY' or 'X-API-Key: KEY'"
        )


def fields_of(problem: Problem) -> Headers:
    """The fields of a problem's answer, its length apart."""
    if problem.status == 401:
        return [*PROBLEM, (b"www-authenticate", b"Bearer")]
    if problem.retry_after_s is not None:
        return [*PROBLEM, (b"retry-after", b"%d" % problem.retry_after_s)]
    return PROBLEM
