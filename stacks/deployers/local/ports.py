"""Listening sockets: the wanted port, or the next free one, or who holds it."""

from __future__ import annotations

import errno
import socket
import time
from pathlib import Path

from switchyard.errors import PlatformError, RequestError

SEARCHED = 20
BACKLOG = 2048

_HIGHEST = 65_535
_RETRY_S = 0.05


def listen(host: str, port: int, *, searched: int, patience_s: float = 0.0) -> socket.socket:
    """A listening socket on `port`, or on one of the `searched` ports after it.

    patience_s: how long `port` itself is tried for, when it is known to become free. PlatformError
    naming the holder when none is free; RequestError when the host is none of this machine's.
    """
    family, address = _resolve(host)
    deadline = time.monotonic() + patience_s
    while (listener := _try(family, address, port)) is None and time.monotonic() < deadline:
        time.sleep(_RETRY_S)
    if listener is not None:
        return listener
    last = min(port + searched, _HIGHEST)
    for other in range(port + 1, last + 1):
        if (listener := _try(family, address, other)) is not None:
            return listener
    ports = f"ports {port} to {last} are" if last > port else f"port {port} is"
    raise PlatformError(
        f"serving.port: {ports} taken on '{host}'{held_by(port)}; stop that process or set "
        "another port, such as --set serving.port=3100"
    )


def note(wanted: int, bound: int) -> tuple[str, ...]:
    """What a person should know when it listens elsewhere than asked for."""
    if wanted == bound:
        return ()
    return (f"port {wanted} was taken{held_by(wanted)}, so it listens on {bound} (serving.port)",)


def url(host: str, port: int) -> str:
    """Where this machine reaches what listens there."""
    reachable = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"


def held_by(port: int) -> str:
    """' by process 12 (nginx)' when this account may see who listens on `port`, else ''."""
    try:
        inodes = _listening_inodes(port)
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit() and inodes & _sockets_of(folder):
                command = (folder / "comm").read_text(encoding="utf-8", errors="replace").strip()
                return f" by process {folder.name} ({command})"
    except OSError:  # not Linux, or the process ended meanwhile
        return ""
    return ""


def _resolve(host: str) -> tuple[socket.AddressFamily, str]:
    try:
        found = socket.getaddrinfo(
            host or None, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except OSError as error:
        raise RequestError(
            f"serving.host: '{host}' is no address: {error}; 127.0.0.1 answers this machine, "
            "0.0.0.0 others, too"
        ) from error
    return found[0][0], str(found[0][4][0])


def _try(family: socket.AddressFamily, address: str, port: int) -> socket.socket | None:
    """A socket that listens there, None when the port is taken."""
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        # A port is free at once after its last owner, whose connections linger in the kernel.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            return None
        if error.errno == errno.EADDRNOTAVAIL:
            raise RequestError(
                f"serving.host: '{address}' is not an address of this machine"
            ) from error
        if error.errno in (errno.EACCES, errno.EPERM):
            raise RequestError(
                f"serving.port: this account may not listen on port {port}; take one above 1023"
            ) from error
        raise PlatformError(f"cannot listen on '{address}' port {port}: {error}") from error
    return listener


def _listening_inodes(port: int) -> set[str]:
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/net", table).read_text(encoding="ascii").splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                found.add(f"socket:[{fields[9]}]")
    return found


def _sockets_of(process: Path) -> set[str]:
    found = set()
    try:
        for descriptor in (process / "fd").iterdir():
            found.add(str(descriptor.readlink()))
    except OSError:  # another account's, or gone
        return found
    return found
