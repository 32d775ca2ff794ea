"""The workspace of Evidently's page: whole and without doubles, however many processes write it."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from switchyard.monitoring import reports
from switchyard.monitoring.drift import Comparison, compare, run_path
from switchyard.monitoring.records import WORKSPACE, MonitoringStore
from switchyard.monitoring.reports import add_to_workspace, keep_report
from switchyard.monitoring.results import Verdict

FIRST = datetime(2026, 9, 7, tzinfo=UTC)
SPAWNED = multiprocessing.get_context("spawn")


def made(moment: datetime, middle: float = 0.0) -> Comparison:
    random = np.random.default_rng(1)
    reference, current = (
        {"score": random.normal(at, 1, 300).astype(np.float32)} for at in (0.0, middle)
    )
    return compare(reference, current, 0.1, title="phishing", moment=moment)


def opened(folder: Path) -> tuple[list[str], list[Any]]:
    """The projects of a workspace, and the moments of its reports, as Evidently reads them."""
    from evidently.ui.service.storage.local.base import LocalState
    from evidently.ui.workspace import Workspace

    workspace = Workspace(str(folder / WORKSPACE))
    projects = workspace.list_projects()
    runs = [
        workspace.get_run(project.id, run)
        for project in projects
        for run in workspace.list_runs(project.id)
    ]
    state = LocalState.load(str(folder / WORKSPACE), None)  # what its page does, and fails over
    assert len(state.projects) == len(projects)
    return [project.name for project in projects], sorted(run.timestamp for run in runs if run)


def write(folder: str, barrier: Any, windows: int) -> None:
    """What one of two monitors does, window by window at the same moment as the other."""
    store = MonitoringStore(folder)
    for window in range(windows):
        comparison = made(FIRST + timedelta(days=window))
        comparison.snapshot  # noqa: B018  the slow part comes before the race
        barrier.wait(120)
        add_to_workspace(store, "phishing", comparison)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_two_processes_at_once_leave_each_window_once_in_one_project(tmp_path: Path) -> None:
    barrier = SPAWNED.Barrier(2)
    monitors = [SPAWNED.Process(target=write, args=(str(tmp_path), barrier, 4)) for _ in range(2)]
    for monitor in monitors:
        monitor.start()
    for monitor in monitors:
        monitor.join()

    assert [monitor.exitcode for monitor in monitors] == [0, 0]
    names, moments = opened(tmp_path)
    assert names == ["phishing"]
    assert moments == [FIRST + timedelta(days=window) for window in range(4)]
    assert not list(tmp_path.glob(".*"))


@pytest.mark.slow
def test_the_report_of_a_window_that_is_looked_at_again_is_replaced(tmp_path: Path) -> None:
    store = MonitoringStore(str(tmp_path))
    for middle in (0.0, 2.0):
        add_to_workspace(store, "phishing", made(FIRST, middle))

    assert opened(tmp_path) == (["phishing"], [FIRST])
    content = store.read(f"{WORKSPACE}/{run_path('phishing', FIRST)}")
    assert content
    assert made(FIRST, 2.0).document()["metrics"][0]["value"] == pytest.approx(
        next(iter(json.loads(content)["metric_results"].values()))["value"]
    )


def test_a_write_that_is_cut_off_leaves_a_workspace_that_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"a/snapshots/b.json": b"{}", "a/dashboard.json": b"{}", "a/metadata.json": b"{}"}
    monkeypatch.setattr(reports, "workspace_files", lambda *given: files)
    store = MonitoringStore(str(tmp_path))
    put = store.write

    def cut(path: str, content: bytes, draft: str | None = None) -> None:
        if path.endswith("metadata.json"):
            raise KeyboardInterrupt
        put(path, content, draft)

    monkeypatch.setattr(store, "write", cut)
    with pytest.raises(KeyboardInterrupt):
        add_to_workspace(store, "phishing", made(FIRST))

    assert not (tmp_path / WORKSPACE / "a" / "metadata.json").exists()  # there is no project yet
    monkeypatch.undo()
    monkeypatch.setattr(reports, "workspace_files", lambda *given: files)
    add_to_workspace(store, "phishing", made(FIRST))
    assert (tmp_path / WORKSPACE / "a" / "metadata.json").exists()


def test_what_people_changed_in_the_project_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"a/snapshots/b.json": b"{}", "a/dashboard.json": b"{}", "a/metadata.json": b"{}"}
    monkeypatch.setattr(reports, "workspace_files", lambda *given: files)
    store = MonitoringStore(str(tmp_path))
    add_to_workspace(store, "phishing", made(FIRST))
    store.write(f"{WORKSPACE}/a/dashboard.json", b"mine")
    add_to_workspace(store, "phishing", made(FIRST))

    assert store.read(f"{WORKSPACE}/a/dashboard.json") == b"mine"


def test_only_the_newest_reports_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = with_reports(str(tmp_path), monkeypatch, range(5), keep=2)

    assert store.listed("reports") == ["20260910T000000Z.html", "20260911T000000Z.html"]
    kept = [run_path("phishing", FIRST + timedelta(days=day)) for day in (3, 4)]
    left = (tmp_path / WORKSPACE).rglob("snapshots/*.json")
    assert sorted(path.relative_to(tmp_path / WORKSPACE).as_posix() for path in left) == sorted(
        kept
    )
    assert len(store.verdicts()) == 5


def test_an_object_store_keeps_no_more(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    store = with_reports(f"memory://{tmp_path.name}", monkeypatch, range(3), keep=1)

    assert store.listed("reports") == ["20260909T000000Z.html"]


def test_an_older_window_does_not_drive_a_newer_one_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = with_reports(str(tmp_path), monkeypatch, [3, 2, 0], keep=2)

    assert store.listed("reports") == ["20260909T000000Z.html", "20260910T000000Z.html"]


def test_files_of_somebody_else_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "notes.html").write_text("mine")
    store = with_reports(str(tmp_path), monkeypatch, range(2), keep=1)

    assert store.listed("reports") == ["20260908T000000Z.html", "notes.html"]


def with_reports(
    location: str, monkeypatch: pytest.MonkeyPatch, days: Iterable[int], keep: int
) -> MonitoringStore:
    """A store after windows were looked at in this order."""

    def files(project: str, comparison: Comparison) -> dict[str, bytes]:
        return {run_path(project, comparison.moment): b"{}", "home/metadata.json": b"{}"}

    monkeypatch.setattr(reports, "workspace_files", files)
    store = MonitoringStore(location)
    for day in days:
        since = FIRST + timedelta(days=day)
        verdict = Verdict(
            name="phishing",
            since=since,
            until=since + timedelta(days=1),
            created=since,
            rows=1,
            status="quiet",
        )
        store.put(verdict)
        keep_report(store, verdict, made(since), "<p></p>", keep)
    return store
