"""`python -m stacks.deployers.local.supervisor FOLDER READY_FD`: keeps one deployment running.

It leaves its parent and ends when there is nothing to keep running. It writes 'ready' to READY_FD
once it takes orders on `FOLDER/control.sock`, else why it cannot. Light imports only.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

from stacks.deployers.local.conversations import Conversations
from stacks.deployers.local.logs import Log
from stacks.deployers.local.supervision import Supervision
from switchyard.errors import PlatformError, SwitchyardError

SOCKET = "control.sock"
LOCK = "supervisor.lock"
READY = b"ready"

_LONGEST_LINE = 16_000_000
_LOCK_PATIENCE_S = 10.0


def main(arguments: list[str]) -> None:
    """Become a process of its own and supervise; exit code 3 when that cannot begin."""
    folder, ready = Path(arguments[0]), int(arguments[1])
    if os.fork():
        os._exit(0)
    try:
        # Here the socket's path is short enough, wherever the folder lies.
        os.chdir(folder)
        lock = _only_one(folder)
        asyncio.run(_supervise(folder, ready))
        lock.close()
    except (SwitchyardError, OSError) as error:
        with suppress(OSError):
            os.write(ready, f"no supervisor can work in '{folder}': {error}".encode())
        sys.exit(3)


async def _supervise(folder: Path, ready: int) -> None:
    log = Log(folder)
    supervision = Supervision(folder, log)
    conversations = Conversations(supervision, log)
    Path(SOCKET).unlink(missing_ok=True)
    mask = os.umask(0o177)  # nobody but the owner may give orders
    server = await asyncio.start_unix_server(conversations.converse, SOCKET, limit=_LONGEST_LINE)
    os.umask(mask)
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, conversations.over.set)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    log.note(f"supervisor {os.getpid()} begins")
    os.write(ready, READY)
    os.close(ready)
    await conversations.over.wait()
    server.close()
    Path(SOCKET).unlink(missing_ok=True)
    if supervision.running:
        await supervision.stop(for_good=False)
    log.note(f"supervisor {os.getpid()} ends")


def _only_one(folder: Path) -> IO[str]:
    """The lock that a supervisor holds all its life; one that is ending is waited for."""
    lock = (folder / LOCK).open("w", encoding="ascii")
    deadline = time.monotonic() + _LOCK_PATIENCE_S
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                raise PlatformError("another supervisor is at work there") from error
            time.sleep(0.02)


if __name__ == "__main__":
    main(sys.argv[1:])
