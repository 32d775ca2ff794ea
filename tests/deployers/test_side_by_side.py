"""Several use cases run on one machine, each with places of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipelines import services
from stacks.deployers.local.homes import absolute, home
from switchyard.configuration.layers import resolve
from switchyard.configuration.model import UseCase
from switchyard.errors import RequestError
from switchyard.monitoring.records import store_location
from switchyard.serving.settings import Settings
from switchyard.tracking.tracker import Tracker
from tests.conftest import ROOT
from tests.deployers.places import Place, free_port, get, ok

CASES = [resolve(path, {}).use_case for path in sorted((ROOT / "configs").glob("*.yaml"))]


def settings(case: UseCase) -> Settings:
    return Settings(
        name=case.name,
        title=case.title,
        model_version="1",
        content_sha256="c" * 64,
        serving=case.serving,
    )


WHAT = {
    "name": lambda case: case.name,
    "port": lambda case: case.serving.port,
    "state": lambda case: settings(case).state,
    "deployment": lambda case: home(absolute(case.serving.state_dir), case.name),
    "spool": lambda case: settings(case).spool,
    "predictions": lambda case: settings(case).capture_store,
    "queue": lambda case: settings(case).queue,
    "batches": lambda case: settings(case).jobs_store,
    "monitoring": store_location,
}


@pytest.mark.parametrize("what", list(WHAT))
def test_shipped_use_cases_share_no_place(what: str) -> None:
    places = {str(WHAT[what](case)) for case in CASES}
    assert len(places) == len(CASES) >= 3


def test_no_place_of_one_lies_within_anothers() -> None:
    states = [settings(case).state for case in CASES]
    for one in states:
        assert not any(other.is_relative_to(one) for other in states if other != one)


def test_each_use_case_has_an_alias_of_its_own(tmp_path: Path) -> None:
    import mlflow

    uri = f"sqlite:///{tmp_path}/mlflow.db"
    client = mlflow.MlflowClient(uri)
    for number, case in enumerate(CASES, 1):
        client.create_registered_model(case.name)
        for _ in range(number):
            version = client.create_model_version(case.name, f"file://{tmp_path}", tags=TAGS)
        client.set_registered_model_alias(case.name, "champion", version.version)
    tracker = Tracker(uri)
    found = [tracker.champion(case.name) for case in CASES]
    assert [each.number for each in found if each] == list(range(1, len(CASES) + 1))


TAGS = {"content_sha256": "c" * 64, "data_digest": "d" * 64}


def test_three_services_answer_side_by_side(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, case in enumerate(CASES, 1):
        serving = place.serving.model_copy(update={"port": free_port()})
        place.deployments.deploy(place.release(str(number), case.name), serving, ok)

    found = {each.release.name: each for each in place.deployments.all()}
    assert list(found) == sorted(case.name for case in CASES)
    answered = [get(found[case.name].url)["version"] for case in CASES]
    assert answered == [str(number) for number in range(1, len(CASES) + 1)]

    monkeypatch.setattr(services, "open_deployer", lambda: place.deployments)
    monkeypatch.setattr("steps.tracking.open_tracker", lambda: Champions())
    monkeypatch.setenv("COLUMNS", "200")
    assert services.status() == 0
    told = capsys.readouterr().out
    assert all(case.name in told and found[case.name].url in told for case in CASES)

    first, *others = [case.name for case in CASES]
    services.stop(first)
    with pytest.raises(RequestError, match="is not running"):
        services.stop(first)
    assert [each.release.name for each in place.deployments.all()] == sorted(others)
    assert all(get(found[name].url)["version"] for name in others)


class Champions:
    """A registry in which nothing was promoted yet."""

    def champion(self, name: str) -> Any:
        del name
        return None
