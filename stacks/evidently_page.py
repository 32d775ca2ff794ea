"""Show Evidently's page on the history of monitoring: `run.py ui evidently`."""

from __future__ import annotations

import os
import secrets
import signal
import sys
import tempfile
import threading
from pathlib import Path

from switchyard.errors import PlatformError, RequestError
from switchyard.monitoring.mirrors import Mirror, Stores
from switchyard.monitoring.records import WORKSPACE, MonitoringStore


def show_history(store: MonitoringStore, name: str, host: str, port: int) -> int:
    """Run the page on a use case's history in the foreground until Ctrl-C; return its exit code.

    Evidently reads folders: of an object store the page shows a copy that is kept up to date.
    RequestError when there is no history yet.
    """
    if store.folder is None:
        return show_copies(lambda: [store], host, port)
    folder = store.folder / WORKSPACE
    if not folder.is_dir():
        raise RequestError(
            f"'{name}' has no history of monitoring at '{folder}'; run "
            "`run.py --pipeline monitoring` when a window of requests is complete"
        )
    return _serve(folder, host, port)


def show_copies(stores: Stores, host: str, port: int) -> int:
    """The same on all use cases of some stores, of which there may be none yet."""
    ended = threading.Event()
    with tempfile.TemporaryDirectory(prefix="switchyard-evidently-") as home:
        folder = Path(home, WORKSPACE)
        folder.mkdir()
        mirror = Mirror(stores, folder)
        mirror.refresh()
        copying = threading.Thread(target=mirror.run, args=(ended,), name="mirror")
        copying.start()
        try:
            # Nobody may write into a copy: the secret is thrown away.
            return _serve(folder, host, port, "--secret", secrets.token_hex(16))
        finally:
            ended.set()
            copying.join()


def _serve(folder: Path, host: str, port: int, *more: str) -> int:
    import subprocess

    print(f"Evidently's page: http://{host}:{port}", flush=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # how a container is asked to end
    environment = os.environ | {"DO_NOT_TRACK": "1"}
    try:
        return subprocess.run(
            [*command_of(folder, host, port), *more], check=False, env=environment
        ).returncode
    except KeyboardInterrupt:
        return 0
    except OSError as cause:
        raise PlatformError(f"Evidently's page cannot be started: {cause}") from cause


def command_of(folder: Path, host: str, port: int) -> list[str]:
    """The command line of Evidently's page on a folder."""
    return [
        *(sys.executable, "-m", "evidently.cli", "ui"),
        *("--workspace", str(folder), "--host", host, "--port", str(port)),
    ]
