"""Clients that leave the processors to what they ask."""

from __future__ import annotations

import httpx


def plain_client(timeout_s: float) -> httpx.Client:
    """One without encryption that makes a new connection for each request, so that any pod gets it.

    Each `httpx.get` reads all certificates, some 20 ms of a processor; asked ten times a second,
    that is a fifth of it.
    """
    limits = httpx.Limits(max_keepalive_connections=0)
    return httpx.Client(timeout=timeout_s, trust_env=False, verify=False, limits=limits)
