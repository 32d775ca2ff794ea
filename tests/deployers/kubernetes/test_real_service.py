"""A real model on a real cluster: its answers, its counts, its captured rows."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from bento.building.releases import build_release
from stacks.deployers.kubernetes.publishing import placed, publish
from steps.deployment import check_release
from switchyard.configuration.layers import resolve
from switchyard.configuration.model import UseCase
from switchyard.guarding.counting import live_of
from switchyard.serving.releases import Release
from tests.clusters import eventually
from tests.conftest import ROOT, Packages
from tests.deployers.kubernetes.sites import NAME, Site

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

VERSION = "7"
REQUESTS = 40


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """BentoML's store of these tests."""
    with pytest.MonkeyPatch.context() as patch:
        made = tmp_path_factory.mktemp("bentoml")
        patch.setenv("BENTOML_HOME", str(made))
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
def release(case: UseCase, packages: Packages, home: Path, tmp_path: Path) -> Release:
    """Built as the pipeline builds it."""
    return build_release(int(VERSION), packages.of(), case, tmp_path / "service")


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
        "resources": {"cpu": "200m", "memory": "300Mi"},
    }
    published = publish(release, site.options(**given))
    assert publish(release, site.options(**given)) == published
    deployments = site.deployer(**given)

    # When it is deployed, its smoke test compares answers with those of where it was built
    deployed = deployments.deploy(
        published, case.serving, lambda url: check_release(url, published)
    )
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


def captured(site: Site) -> int:
    """How many rows of the namespace's service are in the store."""
    import pyarrow.parquet as pq

    folder = site.store.folder / "switchyard" / site.namespace / NAME / "capture" / "predictions"
    return sum(pq.read_table(path).num_rows for path in folder.rglob("*.parquet"))
