"""Start MLflow's page on the records of the active stack: `python -m stacks.mlflow_page`."""

from __future__ import annotations

import sys

from stacks.workspace import open_workspace, set_environment


def tracking_uri() -> str:
    """The URI that the active stack's experiment tracker writes to."""
    from zenml.client import Client

    tracker = Client().active_stack.experiment_tracker
    if tracker is None:
        sys.exit("the active stack has no experiment tracker; try `zenml stack set local`")
    return str(tracker.get_tracking_uri())


def main() -> int:
    """Run `mlflow server` in the foreground on 127.0.0.1:5000; further arguments go to it."""
    import subprocess

    set_environment(verbose=False)
    open_workspace()
    uri = tracking_uri()
    if uri.startswith("http"):
        print(uri)
        return 0
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", uri, *sys.argv[1:]]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
