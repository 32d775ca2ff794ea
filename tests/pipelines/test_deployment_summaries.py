"""What a person is told of what is deployed."""

from __future__ import annotations

import io
import json
import shlex
import tempfile
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bento.folders import SMOKE
from pipelines import services
from pipelines.deployment_summaries import status_table, summarise
from switchyard.configuration.layers import resolve
from switchyard.errors import RequestError
from switchyard.serving.releases import Deployment, Release
from switchyard.tracking.records import Version
from tests.conftest import ROOT

URL = "http://127.0.0.1:3000"
INSTANCE = {"race/ethnicity": "group B", "it's": 1.5}


def release(number: int, *, synthetic: bool = False) -> Release:
    return Release(
        name="phishing",
        model_version=str(number),
        bento=f"phishing:v{number}-abc",
        folder=f"/bentos/v{number}",
        content_sha256=f"{number:064}",
        data_digest="d" * 64,
        synthetic=synthetic,
        built="2026-11-21T12:00:00+00:00",
    )


def deployed(number: int = 2, *, synthetic: bool = False, **changes: Any) -> Deployment:
    facts: dict[str, Any] = {
        "release": release(number, synthetic=synthetic),
        "url": URL,
        "since": "2026-11-21T12:00:00+01:00",
        "healthy": True,
    }
    return Deployment.model_validate(facts | changes)


def summary(deployment: Deployment, instance: dict[str, Any] = INSTANCE) -> str:
    said = io.StringIO()
    case = resolve(ROOT / "configs" / "phishing.yaml").use_case
    with tempfile.TemporaryDirectory() as folder:
        tried = [{"instance": instance, "value": 3.0}]
        (Path(folder) / SMOKE).write_text(json.dumps(tried), encoding="utf-8")
        release = deployment.release.model_copy(update={"folder": folder})
        there = deployment.model_copy(update={"release": release})
        summarise(there, case, Console(file=said, width=200))
    return said.getvalue()


def table(*deployments: Deployment, champion: int | None = 2) -> str:
    said = io.StringIO()
    version = Version("phishing", champion, "") if champion else None
    Console(file=said, width=200).print(status_table(deployments, {"phishing": version}))
    return said.getvalue()


def test_the_summary_says_where_the_service_answers_and_what_was_before() -> None:
    said = summary(deployed(previous=release(1)))

    assert f"version 2 answers at {URL}" in said
    assert "version 1 (phishing:v1-abc)" in said
    assert "SYNTHETIC" not in said


def test_a_synthetic_model_is_said_to_be_one_before_all_else() -> None:
    said = summary(deployed(synthetic=True))

    assert said.startswith("SYNTHETIC SAMPLE")
    assert "(synthetic)" in said


def test_what_the_deployer_notes_is_passed_on() -> None:
    assert "port 3000 was taken" in summary(deployed(notes=("port 3000 was taken",)))


def test_the_example_asks_for_what_the_release_was_tried_with() -> None:
    said = summary(deployed())
    words = shlex.split(next(line for line in said.splitlines() if line.startswith("try")))

    assert words[1:4] == ["curl", "-s", f"{URL}/predict"]
    assert json.loads(words[-1]) == {"instances": [INSTANCE]}


def test_an_example_of_two_thousand_columns_is_not_printed() -> None:
    wide = {f"column {at}": at for at in range(2_000)}

    tried = next(x for x in summary(deployed(), wide).splitlines() if x.startswith("try"))

    assert len(tried) < 200
    assert f"{URL}/model" in tried
    assert "2,000 columns" in tried


@pytest.mark.parametrize(
    ("changes", "told"),
    [({}, "healthy"), ({"healthy": False}, "not answering"), ({"stopped": True}, "stopped")],
)
def test_the_state_of_a_service_is_told(changes: dict[str, Any], told: str) -> None:
    first = table(deployed(**changes)).splitlines()[0]

    assert first.startswith("phishing ")
    assert first.rstrip().endswith(f"version 2, {told}")


def test_times_are_told_in_utc() -> None:
    assert "2026-11-21 11:00 UTC" in table(deployed())


class Deployer:
    def __init__(self, *deployments: Deployment) -> None:
        self._deployments = list(deployments)

    def all(self, *, stopped: bool = False) -> list[Deployment]:
        return self._deployments

    def stop(self, name: str) -> bool:
        return any(each.release.name == name for each in self._deployments)


class Tracker:
    def champion(self, name: str) -> Version:
        return Version(name, 2, "")


def status(
    patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *deployments: Deployment
) -> str:
    patch.setattr(services, "open_deployer", lambda: Deployer(*deployments))
    patch.setattr("steps.tracking.open_tracker", Tracker)
    patch.setenv("COLUMNS", "200")
    assert services.status() == 0
    return capsys.readouterr().out


def test_the_status_of_nothing_says_how_to_deploy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "nothing is deployed; run.py --pipeline deployment" in status(monkeypatch, capsys)


@pytest.mark.parametrize(("number", "told"), [(1, True), (2, False)])
def test_a_champion_that_is_not_what_serves_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: int, told: bool
) -> None:
    said = status(monkeypatch, capsys, deployed(number))

    assert ("the champion is version 2, deployed is version 1" in said) is told


def test_stopping_what_does_not_run_names_what_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "open_deployer", lambda: Deployer(deployed()))

    assert services.stop("phishing") == 0
    with pytest.raises(RequestError, match="'wine' is not running; deployed is: 'phishing'"):
        services.stop("wine")
