"""What uvicorn serves in these tests: the Bento's own application."""

from __future__ import annotations

from typing import Any


def make() -> Any:
    """The application, lane and all."""
    from bento.logs import log_to_stderr
    from bento.service import svc

    log_to_stderr()
    made: Any = svc
    return made.to_asgi()
