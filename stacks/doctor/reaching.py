"""Whether what stands behind an address answers, and what its clock says."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from stacks.doctor.findings import Finding, Told

TIMEOUT_S = 5.0
MAX_SKEW_S = 30.0
_PORTS = {"http": 80, "https": 443, "postgresql": 5432, "postgres": 5432, "redis": 6379}


def connect(url: str) -> str:
    """Open a connection to the host of a URL and close it; why that fails, '' when it does not."""
    parts = urlsplit(url)
    port = parts.port or _PORTS.get(parts.scheme, 443)
    try:
        socket.create_connection((parts.hostname or "", port), timeout=TIMEOUT_S).close()
    except OSError as error:
        return f"{parts.hostname}:{port} does not answer: {error.strerror or error}"
    return ""


def is_loopback(url: str) -> bool:
    """Whether an address means another machine to whoever reads it on another one."""
    host = urlsplit(url).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


def is_inside_cluster(url: str) -> bool:
    """Whether the host is a Service's name that cannot be looked up from here, only from pods."""
    host = urlsplit(url).hostname or ""
    if not host.endswith((".svc", ".svc.cluster.local")):
        return False
    try:
        socket.getaddrinfo(host, None)
    except OSError:
        return True
    return False


def check_clock(told: Told, who: str, headers: Mapping[str, str]) -> Iterator[Finding]:
    """A finding when the clock behind an answer and ours are too far apart; else none.

    headers: of an answer that has only just come.
    """
    date = next((value for key, value in headers.items() if key.lower() == "date"), "")
    if not date:
        return
    skew = parsedate_to_datetime(date).timestamp() - time.time()
    if abs(skew) > MAX_SKEW_S:
        way = "ahead of" if skew > 0 else "behind"
        yield told.wrong(
            f"the clock of {who} is {abs(skew):.0f} s {way} this machine's; signatures, tokens and "
            "leases go by clocks",
            "set the one that is wrong, as by `sudo timedatectl set-ntp true`",
        )
