"""Workspaces of an object store in a folder, where Evidently's page reads them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from switchyard.errors import PlatformError
from switchyard.monitoring.drift import Comparison, compare
from switchyard.monitoring.mirrors import Mirror, stores_below
from switchyard.monitoring.records import WORKSPACE, MonitoringStore
from switchyard.monitoring.reports import add_to_workspace

STATE = "memory://mirrored/services"
FIRST = datetime(2026, 9, 7, tzinfo=UTC)


@pytest.fixture(autouse=True)
def emptied() -> Iterator[None]:
    import fsspec

    yield
    fsspec.filesystem("memory").store.clear()


def store_of(name: str) -> MonitoringStore:
    return MonitoringStore(f"{STATE}/{name}/monitoring")


def made(moment: datetime) -> Comparison:
    values = {"score": np.linspace(0, 1, 200, dtype=np.float32)}
    return compare(values, values, 0.1, title="window", moment=moment)


def projects(folder: Path) -> dict[str, int]:
    """Names of projects and how many reports each has, as Evidently's page reads them."""
    from evidently.ui.service.storage.local.base import LocalState

    state = LocalState.load(str(folder), None)
    return {project.name: len(state.snapshots[place]) for place, project in state.projects.items()}


def test_use_cases_of_a_state_are_one_workspace(tmp_path: Path) -> None:
    for name in ("phishing", "wine"):
        add_to_workspace(store_of(name), name, made(FIRST))
    store_of("student").write("windows/none.json", b"{}")  # no report yet
    mirror = Mirror(lambda: stores_below(STATE), tmp_path / "copy")

    assert mirror.refresh() > 0
    assert projects(tmp_path / "copy") == {"phishing": 1, "wine": 1}
    assert mirror.refresh() == 0


def test_new_reports_come_and_deleted_ones_go(tmp_path: Path) -> None:
    add_to_workspace(store_of("wine"), "wine", made(FIRST))
    mirror = Mirror(lambda: stores_below(STATE), tmp_path / "copy")
    mirror.refresh()

    add_to_workspace(store_of("wine"), "wine", made(FIRST + timedelta(days=1)))
    add_to_workspace(store_of("phishing"), "phishing", made(FIRST))
    mirror.refresh()
    assert projects(tmp_path / "copy") == {"wine": 2, "phishing": 1}

    store = store_of("wine")
    for path in store.files.find(f"{store.root}/{WORKSPACE}"):
        store.files.rm_file(path)
    mirror.refresh()
    assert projects(tmp_path / "copy") == {"phishing": 1}


def test_a_state_without_use_cases_is_an_empty_folder(tmp_path: Path) -> None:
    mirror = Mirror(lambda: stores_below(STATE), tmp_path / "copy")
    assert mirror.refresh() == 0


def test_a_store_that_fails_leaves_the_folder_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_to_workspace(store_of("wine"), "wine", made(FIRST))
    mirror = Mirror(lambda: stores_below(STATE), tmp_path / "copy")
    mirror.refresh()

    def fails(*given: Any, **named: Any) -> Any:
        raise OSError("connection refused")

    monkeypatch.setattr(type(store_of("wine").files), "find", fails)
    with pytest.raises(PlatformError, match="connection refused"):
        mirror.refresh()
    assert projects(tmp_path / "copy") == {"wine": 1}
