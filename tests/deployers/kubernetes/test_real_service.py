"""A real model on a real cluster: its answers, its counts, its captured rows."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from benchmarks.kubernetes_parts.clients import plain_client
from bento.building.releases import build_release
from bento.folders import SMOKE
from stacks.deployers.kubernetes.publishing import placed, publish
from steps.deployment import check_release
from switchyard.configuration.layers import resolve
from switchyard.configuration.model import UseCase
from switchyard.errors import GateRefused
from switchyard.guarding.counting import live_of
from switchyard.serving.releases import Release
from tests.clusters import eventually
from tests.conftest import ROOT, Packages
from tests.deployers.kubernetes.sites import NAME, Site
from tests.deployers.places import until

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

VERSION = "7"
REQUESTS = 40
RESOURCES = {"cpu": "200m", "memory": "300Mi"}
CANARY = {
    "share": 0.5,
    "watch_s": 6.0,
    "min_requests": 5,
    "min_agreement": 1.0,
    "max_latency_growth": 1_000.0,  # of so few requests on a busy machine it would tell nothing
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """BentoML's store of these tests."""
    with pytest.MonkeyPatch.context() as patch:
        made = tmp_path_factory.mktemp("bentoml")
        patch.setenv("BENTOML_HOME", str(made))
        patch.setenv("NUMBA_CPU_NAME", "generic")  # as the image has it: pods compile nothing
        yield made


@pytest.fixture
def case(site: Site) -> UseCase:
    """The use case as the pipeline has it on this stack."""
    capture = site.serving.capture.model_copy(update={"flush_s": 1.0})
    serving = site.serving.model_copy(update={"capture": capture})
    named = resolve(ROOT / "configs" / "phishing.yaml").use_case.model_copy(
        update={"serving": serving}
    )
    return placed(named, site.options())


@pytest.fixture
def built(
    case: UseCase, packages: Packages, home: Path, tmp_path: Path
) -> Callable[[str], Release]:
    """Builds a version as the pipeline does."""
    return lambda version: build_release(int(version), packages.of(), case, tmp_path / version)


@pytest.fixture
def release(built: Callable[[str], Release]) -> Release:
    return built(VERSION)


def smoke(release: Release) -> Callable[[str], None]:
    """The test of the pipeline."""
    return lambda url: check_release(url, release)


def predict(url: str, number: int) -> int:
    body = {"instances": [{"url": f"login-{number}.example.com/verify"}]}
    return httpx.post(f"{url}/predict", json=body, timeout=60).status_code


def test_the_use_cases_stores_lie_below_the_state(case: UseCase, site: Site) -> None:
    root = f"{site.options().state}/{NAME}"

    assert case.serving.capture.store == f"{root}/capture"
    assert case.serving.jobs.store == f"{root}/jobs"
    assert case.monitoring.store == f"{root}/monitoring"
    assert placed(case, site.options()) == case


@pytest.mark.parametrize("model_from", ["store", "image"])
def test_it_answers_bit_for_bit_counts_and_keeps_its_rows(
    site: Site, case: UseCase, release: Release, model_from: str
) -> None:
    registry = site.image.partition("/")[0]
    given = {
        "model_from": model_from,
        "repository": f"{registry}/tests",
        "autoscaling": {"min": 2},
        "resources": RESOURCES,
    }
    published = publish(release, site.options(**given))
    assert publish(release, site.options(**given)) == published
    deployments = site.deployer(**given)

    # When it is deployed, its smoke test compares answers with those of where it was built
    deployed = deployments.deploy(published, case.serving, smoke(published))
    assert deployed.healthy
    url = site.url
    eventually("the Service answers", lambda: httpx.get(f"{url}/readyz").status_code == 200)

    # Then all pods' counts together are what was asked, without the smoke test
    with ThreadPoolExecutor(4) as threads:
        statuses = list(threads.map(lambda number: predict(url, number), range(REQUESTS)))
    assert set(statuses) == {200}
    live = live_of(deployments.counts(NAME), VERSION)
    assert live is not None
    assert (live.requests, live.errors) == (REQUESTS, 0)

    # And when it is stopped, no row stays behind
    assert deployments.stop(NAME)
    eventually("its pods are gone", lambda: site.get("pods")["items"] == [])
    assert captured(site) == REQUESTS


def test_a_minute_without_the_object_store_loses_no_row_and_no_deployment(
    site: Site, case: UseCase, built: Callable[[str], Release]
) -> None:
    first, second = (publish(built(each), site.options()) for each in ("7", "8"))
    deployments = site.deployer(resources=RESOURCES, autoscaling={"max": 1})
    deployments.deploy(first, case.serving, smoke(first))
    eventually("the Service answers", lambda: httpx.get(f"{site.url}/readyz").status_code == 200)

    site.store.stop()
    back = threading.Timer(60, site.store.start)
    back.start()
    try:
        # What serves goes on, and keeps its rows.
        statuses = [predict(site.url, number) for number in range(REQUESTS)]
        deployed = deployments.deploy(second, case.serving, smoke(second))
    finally:
        back.join()

    assert set(statuses) == {200}
    assert (deployed.healthy, deployed.release.model_version) == (True, "8")
    assert deployments.stop(NAME)
    eventually("its pods are gone", lambda: site.get("pods")["items"] == [])
    assert captured(site) == REQUESTS


def test_a_canary_has_some_requests_and_then_all(
    site: Site, case: UseCase, built: Callable[[str], Release]
) -> None:
    first, second = (publish(built(each), site.options()) for each in ("7", "8"))
    deployments = site.deployer(canary=CANARY, resources=RESOURCES, autoscaling={"max": 1})
    deployments.deploy(first, case.serving, smoke(first))
    eventually("the Service answers", lambda: httpx.get(f"{site.url}/readyz").status_code == 200)

    with asked(site.url) as answers:
        deployed = deployments.deploy(second, case.serving, smoke(second))
        after = len(answers)
        until(lambda: len(answers) > after + 60)  # the Service hears a little later of what is gone

    assert {status for status, _ in answers} == {200}
    versions = [version for _, version in answers]
    during = versions[versions.index("8") : len(versions) - versions[::-1].index("7")]
    assert min(during.count("7"), during.count("8")) > 5  # both, for a time
    assert set(versions[-20:]) == {"8"}
    assert any("of the candidate 0.00% were errors" in note for note in deployed.notes)
    assert any("known rows alike" in note for note in deployed.notes)


def test_a_canary_that_answers_otherwise_gets_no_requests(
    site: Site, case: UseCase, built: Callable[[str], Release], tmp_path: Path
) -> None:
    first, second = (publish(built(each), site.options()) for each in ("7", "8"))
    deployments = site.deployer(canary=CANARY, resources=RESOURCES, autoscaling={"max": 1})
    copy = shutil.copytree(first.folder, tmp_path / "copy")
    known = first.model_copy(update={"folder": str(copy)})
    deployments.deploy(known, case.serving, smoke(known))
    eventually("the Service answers", lambda: httpx.get(f"{site.url}/readyz").status_code == 200)
    rows = json.loads((copy / SMOKE).read_text("utf-8"))
    changed = json.dumps([{**row, "label": "another"} for row in rows])
    (copy / SMOKE).write_text(changed, "utf-8")

    with asked(site.url) as answers, pytest.raises(GateRefused, match=r"canary: .* answers 0% of"):
        deployments.deploy(second, case.serving, smoke(second))

    assert set(answers) == {(200, "7")}
    assert not site.there("deployment", f"{NAME}-candidate")


@contextmanager
def asked(url: str) -> Iterator[list[tuple[int, str]]]:
    """Ask while the block runs; statuses and versions. Each by a connection of its own: any pod."""
    found: list[tuple[int, str]] = []
    enough = threading.Event()

    def ask() -> None:
        body = {"instances": [{"url": "login.example.com/verify"}]}
        while not enough.wait(0.05):
            try:
                answer = client.post(f"{url}/predict", json=body)
                found.append((answer.status_code, str(answer.json().get("model_version"))))
            except httpx.HTTPError as error:
                found.append((0, repr(error)))

    asking = threading.Thread(target=ask)
    with plain_client(60) as client:
        asking.start()
        try:
            yield found
        finally:
            enough.set()
            asking.join()


def captured(site: Site) -> int:
    """How many rows of the namespace's service are in the store."""
    import pyarrow.parquet as pq

    folder = site.store.folder / "switchyard" / site.namespace / NAME / "capture" / "predictions"
    return sum(pq.read_table(path).num_rows for path in folder.rglob("*.parquet"))
