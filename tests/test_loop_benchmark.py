"""`benchmarks/loop.py --check`: a loop that does not do what it is for fails."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from benchmarks import loop

GOOD = {
    "recall_gain": 0.2,
    "false_alarm_share": 0.0,
    "detection_lag_windows": 1.0,
    "inference_share_of_core": 0.9,
}


def run(found: Mapping[str, float], monkeypatch: pytest.MonkeyPatch, *options: str) -> int:
    monkeypatch.setitem(loop.MEASURES, "drift", lambda *given: dict(found))
    return loop.main(["--only", "drift", *options])


def test_what_comes_near_its_goals_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(GOOD, monkeypatch, "--check") == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("recall_gain", 0.0),
        ("recall_gain", float("nan")),
        ("false_alarm_share", 0.06),
        ("detection_lag_windows", 3.0),
        ("inference_share_of_core", 0.5),
        ("drift_1m_rss_gb", 2.5),
    ],
)
def test_a_figure_far_from_its_goal_fails_and_is_named(
    name: str, value: float, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run({**GOOD, name: value}, monkeypatch, "--check") == 1
    assert name in capsys.readouterr().err
    assert run({**GOOD, name: value}, monkeypatch) == 0
