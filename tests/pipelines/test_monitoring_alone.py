"""A run that only looks: without the lease, or a dry one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from pipelines import monitoring as wiring
from pipelines.monitoring_runs import latest
from switchyard.configuration.layers import resolve
from switchyard.retraining.locks import Lease
from tests.conftest import ROOT
from tests.monitoring.test_records import verdict

OTHER = Lease(owner="a", host="b", pid=1, start="c", since=1.0, beat=1.0)


@pytest.mark.parametrize("other", [None, OTHER])
def test_the_run_without_the_lease_only_looks(
    other: Lease | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: dict[str, dict[str, Any]] = {}
    quiet = SimpleNamespace(roll_back=False, decision=SimpleNamespace(retrain=False))
    quiet.load = lambda: quiet

    def recording(step: Any, *given: Any, **more: Any) -> Any:
        called[step.name] = more
        return (quiet, None) if step.name == "decide_retraining" else quiet

    @contextmanager
    def held(store: object, owner: str) -> Iterator[Lease | None]:
        assert owner == "run"
        yield other

    recording.run = "run"  # type: ignore[attr-defined]

    monkeypatch.setattr(wiring, "DynamicCalls", lambda case: recording)
    monkeypatch.setattr(wiring, "lease", held)

    wiring.monitoring.entrypoint(resolve(ROOT / "configs" / "phishing.yaml").use_case.plain())

    assert called["check_windows"] == {"dry_run": other is not None}
    assert ("guard_deployment" in called) is (other is None)


def test_a_window_that_is_judged_again_counts_once_in_what_is_foretold() -> None:
    quiet, drifted = verdict(), verdict(status="drifted")
    assert latest([quiet], [drifted]) == [drifted]
