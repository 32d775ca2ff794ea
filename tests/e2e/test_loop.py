"""The whole loop with real processes: serve, capture, drift, retrain, challenge, swap, go back."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from benchmarks.loop_parts.callers import Caller, send
from benchmarks.loop_parts.place import ROOT, Place
from benchmarks.loop_parts.scenes import Scenes, make_scenes
from switchyard.monitoring.results import Verdict
from switchyard.retraining.records import Retrainings
from tests.prepared import commands
from tests.prepared.processes import Process

pytestmark = pytest.mark.slow

WINDOW = timedelta(seconds=20)
LAG_S = 5.0
SETTINGS = {
    "candidates": [{"name": "fast", "estimator": "hashed-ngrams"}],
    "tuning": {"jobs": 1},
    "evaluation": {"max_false_positive_rate": 0.03, "bootstrap": 100},
    "serving": {"capture": {"flush_s": 0.5}},
    "monitoring": {"window_h": WINDOW / timedelta(hours=1), "lag_s": LAG_S, "max_windows": 60},
    # Of few rows, recall at a rate is too uncertain for gates that want certainty.
    "promotion": {"metric": "roc_auc", "floors": {"accuracy": 0.8}},
    "retraining": {"drifted_windows": 1, "of_windows": 1, "keep_months": 12},
}


@dataclass
class Loop:
    """A place, what is replayed there, and what was seen of it."""

    place: Place
    scenes: Scenes

    def send(self, rows: pd.DataFrame) -> set[str]:
        """Ask and tell the true labels within one window; the versions that answered."""
        await_window()
        return send(self.place.url, rows).versions

    def await_end(self) -> None:
        """Wait until the window of now is complete."""
        await_window()
        time.sleep(LAG_S + 0.5)

    def monitor(self) -> int:
        """Run monitoring once the window of now is complete; its exit code."""
        self.await_end()
        return self.place.run("--pipeline", "monitoring", allowed=(0, 1)).code

    @property
    def judged(self) -> list[Verdict]:
        return [each for each in self.place.records.verdicts() if each.status != "too-few-rows"]

    def agree(self, version: str) -> bool:
        """Whether alias, deployment and records name this version."""
        told = self.place.run("status").out
        return f"version {version}" in told.replace("│", " ") and "the champion is" not in told


@pytest.fixture
def loop() -> Iterator[Loop]:
    with Place(SETTINGS, run=commands.run) as place:
        yield Loop(place, make_scenes(None))


def rows_of(windows: object, first: int, last: int) -> pd.DataFrame:
    """The rows of some months, as one stretch of traffic."""
    return pd.concat([each.rows for each in list(windows)[first:last]])  # type: ignore[call-overload]


def await_window() -> None:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    time.sleep((WINDOW - (datetime.now(UTC) - epoch) % WINDOW).total_seconds())


def test_the_loop_closes(loop: Loop) -> None:
    place, scenes = loop.place, loop.scenes
    early = place.folder / "early.parquet"
    scenes.training.to_parquet(early, index=False)
    place.run("--pipeline", "training", "--data", str(early))
    place.run("--pipeline", "deployment")

    # Traffic as in training: captured, compared, and nothing is done.
    usual = rows_of(scenes.as_before, 0, 4)
    assert loop.send(usual) == {"1"}
    assert loop.monitor() == 0
    assert {(each.status, each.lost_performance) for each in loop.judged} == {("quiet", False)}
    assert sum(each.rows for each in place.records.verdicts()) == len(usual)
    assert not Retrainings(place.records).all()

    # Later phishing: drift is seen. The run that trains again is killed twice on its way; then two
    # runs at once finish what it began, once, and the service swaps models.
    assert loop.send(rows_of(scenes.later, 6, 14)) == {"1"}
    loop.await_end()
    with Caller(place.url) as caller:
        for stage in ("Record the run in MLflow", "Build the Bento"):
            killed_after(place, stage)
            assert place.version == "1"
        other = monitoring(place)
        place.run("--pipeline", "monitoring", allowed=(0, 1))
        other.communicate(timeout=300)
        assert other.returncode in (0, 1)
        assert place.version == "2"
        caller.await_version("2")
    assert loop.judged[-1].status == "drifted"
    assert [(each.promoted, each.deployed) for each in Retrainings(place.records).all()] == [
        (True, True)
    ]
    assert caller.failures == []
    assert caller.versions == ["1", "2"]
    assert loop.agree("2")

    assert loop.send(rows_of(scenes.later, 14, 16)) == {"2"}

    # A person deploys a model of swapped labels: feedback tells, and it is taken back.
    swapped = scenes.training.assign(
        label=scenes.training["label"].map({"benign": "phishing", "phishing": "benign"})
    )
    wrong = place.folder / "swapped.parquet"
    swapped.to_parquet(wrong, index=False)
    place.run("--pipeline", "training", "--data", str(wrong), allowed=(0, 1))
    place.run("--pipeline", "deployment", "--version", "3")
    assert loop.send(rows_of(scenes.later, 16, 20)) == {"3"}
    with Caller(place.url) as caller:
        assert loop.monitor() == 1
    assert caller.failures == []
    assert loop.send(rows_of(scenes.later, 20, 21)) == {"2"}
    assert loop.agree("2")


def killed_after(place: Place, stage: str) -> None:
    """Run monitoring and kill it as soon as it has said that a stage is done."""
    process = monitoring(place)
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if stage in line:
            process.kill()
            break
    process.communicate(timeout=180)
    assert process.returncode == -signal.SIGKILL, said


def monitoring(place: Place) -> Process:
    """A run of the monitoring pipeline, begun and not waited for."""
    arguments = ("--pipeline", "monitoring", "--config", str(place.config))
    command = [sys.executable, str(ROOT / "run.py"), *arguments]
    return commands.start(command, place.environment(), place.folder)
