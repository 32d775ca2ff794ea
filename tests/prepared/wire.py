"""What the tests tell the prepared process: which command to run, and how it ended."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

_LENGTH = struct.Struct("!Q")


@dataclass(frozen=True)
class Request:
    """A Python script to run.

    argv: the script's path and its arguments; environment: the whole of it; limits: soft limits by
    the names of `resource`, as in RLIMIT_FSIZE.
    """

    argv: Sequence[str]
    environment: Mapping[str, str]
    folder: str
    new_session: bool = False
    limits: Mapping[str, int] = field(default_factory=dict)


def send(connection: socket.socket, message: Any) -> None:
    """Send a message of JSON."""
    body = json.dumps(message).encode()
    connection.sendall(_LENGTH.pack(len(body)) + body)


def receive(connection: socket.socket) -> Any:
    """The next message; EOFError when the other end is gone."""
    (length,) = _LENGTH.unpack(_exactly(connection, _LENGTH.size))
    return json.loads(_exactly(connection, length))


def send_request(connection: socket.socket, request: Request) -> None:
    """Ask for a command."""
    send(connection, asdict(request))


def receive_request(connection: socket.socket) -> Request:
    """What is asked for; EOFError when nobody asks any longer."""
    return Request(**receive(connection))


def _exactly(connection: socket.socket, length: int) -> bytes:
    body = b""
    while len(body) < length:
        part = connection.recv(length - len(body))
        if not part:
            raise EOFError("the other end of the connection is gone")
        body += part
    return body
