"""Reports of windows, for people: pages, and the workspace of Evidently's own page."""

from __future__ import annotations

import os

from switchyard.monitoring.drift import Comparison, run_path, workspace_files
from switchyard.monitoring.records import REPORTS, WORKSPACE, MonitoringStore
from switchyard.monitoring.results import Verdict
from switchyard.monitoring.windows import name_of, since_of


def keep_report(
    store: MonitoringStore, verdict: Verdict, comparison: Comparison, page: str, keep: int
) -> None:
    """Keep the report of a window, and those of the newest `keep` windows; others are deleted.

    One of the same window is replaced.
    """
    store.write(f"{REPORTS}/{name_of(verdict.since)}.html", page.encode())
    add_to_workspace(store, verdict.name, comparison)
    retire(store, verdict.name, keep)


def retire(store: MonitoringStore, project: str, keep: int) -> None:
    """Delete the reports of all but the newest `keep` windows that have one; verdicts stay."""
    windows = {}
    for path in store.paths(REPORTS):
        since = since_of(path.removeprefix(f"{REPORTS}/").removesuffix(".html"))
        if since is not None:
            windows[since] = path
    for since in sorted(windows)[:-keep]:
        # The page goes last: as long as it is there, what was cut off is done again.
        store.delete(f"{WORKSPACE}/{run_path(project, since)}")
        store.delete(windows[since])


def add_to_workspace(store: MonitoringStore, project: str, comparison: Comparison) -> None:
    """Add a report to a project's history; one of the same moment is replaced.

    File by file, each whole or not at all: Evidently's page does not start over half a file. The
    description of the project comes last and is left alone where there is one, for people change
    what it shows.
    """
    files = workspace_files(project, comparison)
    *_, described = files
    known = store.read(f"{WORKSPACE}/{described}") is not None
    run = next(iter(files))
    for path, content in files.items():
        if path == run or not known:
            # A draft outside of the folder that Evidently's page watches: it sees whole files come.
            draft = f".{WORKSPACE}-{os.getpid()}-{os.urandom(4).hex()}.draft"
            store.write(f"{WORKSPACE}/{path}", content, draft)
