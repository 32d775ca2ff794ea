"""The steps of a deployment, with a deployer and a registry that only remember."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stacks.deployers.base import Smoke
from steps import deployment as steps
from switchyard.configuration.layers import resolve
from switchyard.configuration.model import UseCase
from switchyard.configuration.serving import Serving
from switchyard.errors import GateRefused, RequestError
from switchyard.serving.releases import Deployment, Release
from switchyard.tracking.records import Version
from tests.conftest import ROOT

CASE = resolve(ROOT / "configs" / "phishing.yaml").use_case
URL = "http://127.0.0.1:3000"
PRIVATE = "http://127.0.0.1:40000"


def release(number: int) -> Release:
    return Release(
        name="phishing",
        model_version=str(number),
        bento=f"phishing:v{number}-abc",
        folder=f"/bentos/v{number}",
        content_sha256=f"{number:064}",
        data_digest="d" * 64,
        synthetic=True,
        built="2026-11-21T12:00:00+00:00",
    )


def deployed(number: int, before: int | None = None) -> Deployment:
    return Deployment(
        release=release(number),
        url=URL,
        since="2026-11-21T12:00:00+00:00",
        previous=release(before) if before else None,
        healthy=True,
    )


class Deployer:
    """Calls the smoke test as a deployer must, then serves."""

    def __init__(self, now: Deployment | None = None) -> None:
        self.now = now

    def current(self, name: str) -> Deployment | None:
        return self.now

    def counts(self, deployed: Deployment) -> list[str]:
        return []

    def publish(self, release: Release) -> Release:
        return release

    def deploy(self, wanted: Release, serving: Serving, smoke: Smoke) -> Deployment:
        smoke(PRIVATE)
        before = self.now.release if self.now else None
        self.now = deployed(int(wanted.model_version)).model_copy(update={"previous": before})
        return self.now

    def rollback(self, name: str, serving: Serving, smoke: Smoke) -> Deployment:
        assert self.now is not None
        assert self.now.previous is not None
        return self.deploy(self.now.previous, serving, smoke)


class Registry:
    """A tracker that knows versions 1 to 3 and remembers what is set."""

    def __init__(self, champion: int | None = None) -> None:
        self.promoted: list[int] = []
        self.tagged: dict[tuple[int, str], str] = {}
        self._champion = champion

    def version(self, name: str, wanted: int) -> Version:
        if wanted not in (1, 2, 3):
            raise RequestError(f"'{name}' has no version '{wanted}'")
        return Version(name, wanted, f"{wanted:064}")

    def champion(self, name: str) -> Version | None:
        return self.version(name, self._champion) if self._champion else None

    def set_champion(self, version: Version) -> None:
        self.promoted.append(version.number)

    def tag(self, version: Version, key: str, value: str) -> None:
        self.tagged[version.number, key] = value

    def tags(self, version: Version) -> dict[str, str]:
        return {
            key: told for (number, key), told in self.tagged.items() if number == version.number
        }


class Stage:
    """The stack that the steps find, and what they say to it."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.deployer, self.registry = Deployer(), Registry()
        self.smoked: list[tuple[str, Path, str]] = []
        self.noted: list[dict[str, Any]] = []
        patch.setattr(steps, "open_deployer", lambda: self.deployer)
        patch.setattr(steps, "open_tracker", lambda: self.registry)
        patch.setattr(steps, "log_metadata", self._note)
        patch.setattr("bento.building.smoke.smoke_test", self._smoke)
        self.refusal: GateRefused | None = None

    def _note(self, facts: dict[str, Any], **about: str) -> None:
        self.noted.append({**facts, **about})

    def _smoke(self, url: str, folder: Path, version: str) -> None:
        self.smoked.append((url, folder, version))
        if self.refusal:
            raise self.refusal


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(monkeypatch)


def resolved(wanted: int | None) -> Any:
    return steps.resolve_version.entrypoint(wanted, CASE.plain())


def test_the_champion_is_deployed_when_no_version_is_asked_for(stage: Stage) -> None:
    stage.registry = Registry(champion=2)

    assert resolved(None) == 2


def test_a_version_that_is_asked_for_needs_no_champion(stage: Stage) -> None:
    assert resolved(3) == 3


def test_without_a_champion_training_comes_first(stage: Stage) -> None:
    with pytest.raises(RequestError, match=r"train one first: run\.py --pipeline training"):
        resolved(None)


def test_a_version_that_is_not_there_is_refused(stage: Stage) -> None:
    with pytest.raises(RequestError, match="no version '9'"):
        resolved(9)


def test_a_release_is_smoke_tested_where_it_is_not_yet_reached(stage: Stage) -> None:
    found = steps.deploy_service.entrypoint(release(2), CASE.plain())

    assert found.release == release(2)
    assert stage.smoked == [(PRIVATE, Path("/bentos/v2"), "2")]


def test_a_release_that_fails_the_smoke_test_is_not_deployed(stage: Stage) -> None:
    stage.deployer.now = deployed(1)
    stage.refusal = GateRefused("smoke test: other scores")

    with pytest.raises(GateRefused, match="other scores"):
        steps.deploy_service.entrypoint(release(2), CASE.plain())

    assert stage.deployer.now == deployed(1)


def test_going_back_smoke_tests_the_release_before(stage: Stage) -> None:
    stage.deployer.now = deployed(2, before=1)

    found = steps.roll_back(CASE)

    assert found.release == release(1)
    assert stage.smoked == [(PRIVATE, Path("/bentos/v1"), "1")]


@pytest.mark.parametrize(
    ("now", "said"), [(None, "nothing is deployed"), (deployed(2), "no release before version 2")]
)
def test_without_a_release_before_there_is_no_going_back(
    stage: Stage, now: Deployment | None, said: str
) -> None:
    stage.deployer.now = now

    with pytest.raises(RequestError, match=said):
        steps.roll_back(CASE)


def test_a_deployment_is_noted_on_its_version(stage: Stage) -> None:
    number = steps.record_deployment.entrypoint(deployed(2, before=1))

    assert number == 2
    assert stage.registry.tagged == {
        (2, "switchyard.url"): URL,
        (2, "switchyard.deployed"): "2026-11-21T12:00:00+00:00",
        (1, "switchyard.url"): "",
    }
    assert {"model_name": "phishing", "model_version": "2"}.items() <= stage.noted[-1].items()
    assert all(facts["url"] == URL and facts["synthetic"] for facts in stage.noted)


def test_deploying_the_same_version_again_keeps_its_url(stage: Stage) -> None:
    steps.record_deployment.entrypoint(deployed(2, before=2))

    assert stage.registry.tagged[2, "switchyard.url"] == URL


@pytest.mark.parametrize(("champion", "promoted"), [(2, [1]), (1, []), (None, [1])])
def test_going_back_makes_what_serves_the_champion(
    stage: Stage, champion: int | None, promoted: list[int]
) -> None:
    stage.registry = Registry(champion)

    steps.set_champion(1, CASE)

    assert stage.registry.promoted == promoted


def test_a_version_is_packaged_from_what_the_registry_holds(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[tuple[int, Path, str]] = []

    def download(version: Version, folder: Path) -> Path:
        return folder / str(version.number)

    def verify(package: Path, expected: str) -> None:
        assert expected == f"{2:064}"

    def build(number: int, package: Path, case: UseCase, target: Path) -> Release:
        built.append((number, package, case.name))
        return release(number)

    monkeypatch.setattr(stage.registry, "download", download, raising=False)
    monkeypatch.setattr(steps, "verify", verify)
    monkeypatch.setattr("bento.building.releases.build_release", build)

    found = steps.package_service.entrypoint(2, CASE.plain())

    assert found == release(2)
    assert [(number, package.name, name) for number, package, name in built] == [
        (2, "2", "phishing")
    ]
