"""Show Evidently's page on the history of monitoring: `run.py ui evidently`."""

from __future__ import annotations

import os
import sys

from switchyard.configuration.model import UseCase
from switchyard.errors import PlatformError, RequestError
from switchyard.monitoring.records import WORKSPACE, MonitoringStore, store_location


def show_history(case: UseCase, host: str = "127.0.0.1", port: int = 8000) -> int:
    """Run Evidently's page in the foreground until Ctrl-C; return its exit code.

    RequestError when there is no history yet, or when it is not on this machine.
    """
    import subprocess

    command = command_of(case, host, port)
    print(f"Evidently's page: http://{host}:{port}", flush=True)
    environment = os.environ | {"DO_NOT_TRACK": "1"}
    try:
        return subprocess.run(command, check=False, env=environment).returncode
    except KeyboardInterrupt:
        return 0
    except OSError as cause:
        raise PlatformError(f"Evidently's page cannot be started: {cause}") from cause


def command_of(case: UseCase, host: str, port: int) -> list[str]:
    """The command line of Evidently's page; errors as of `show_history`."""
    store = MonitoringStore(store_location(case))
    if store.folder is None:
        raise RequestError(
            f"monitoring.store '{store.shown}' is an object store, and Evidently's page reads a "
            "folder; the reports are there as files in reports/"
        )
    folder = store.folder / WORKSPACE
    if not folder.is_dir():
        raise RequestError(
            f"'{case.name}' has no history of monitoring at '{folder}'; run "
            "`run.py --pipeline monitoring` when a window of requests is complete"
        )
    return [
        *(sys.executable, "-m", "evidently.cli", "ui"),
        *("--workspace", str(folder), "--host", host, "--port", str(port)),
    ]
