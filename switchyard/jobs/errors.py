"""Why a job is not accepted."""

from __future__ import annotations

from switchyard.errors import PlatformError, RequestError


class QueueFull(PlatformError):  # noqa: N818  a state that passes, as its name says
    """As many jobs wait as may wait."""


class RequestTooLarge(RequestError):  # noqa: N818  what HTTP calls it
    """The upload is larger than a job may be."""
