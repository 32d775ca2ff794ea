"""What can go wrong between a service and its prediction store."""

from __future__ import annotations

from switchyard.errors import PlatformError, RequestError


class SpoolFull(PlatformError):  # noqa: N818  a state of the disk that passes, as its name says
    """Nothing more can be kept now: the spool is at its bound, or its disk refuses."""


class UnknownRequest(RequestError):  # noqa: N818  named after what was asked for
    """No prediction is kept under this request id."""
