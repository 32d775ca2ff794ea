"""What /metrics says of a real service with several workers, and what the guard makes of it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from stacks.deployers.local.deployments import Deployments
from stacks.deployers.local.options import Options
from switchyard.configuration.loop import Guard
from switchyard.configuration.serving import Serving
from switchyard.guarding.counting import fetch, live_of
from switchyard.guarding.judging import Live
from switchyard.guarding.watching import watch
from switchyard.monitoring.records import MonitoringStore
from switchyard.serving.releases import Deployment, Release
from tests.conftest import ROOT, Packages
from tests.deployers.places import alive, free_port, until
from tests.services import Service

pytestmark = pytest.mark.slow

NAME, VERSION, WORKERS = "phishing", "7", 2
GUARD = Guard(min_requests=20, max_p99_ms=60_000)


class Deployed:
    """A real model behind the local deployer."""

    def __init__(self, folder: Path, package: Path) -> None:
        self.state = folder / "state"
        self.serving = Serving(port=free_port(), state_dir=str(self.state), workers=WORKERS)
        staged = Service(
            folder / "release", package, port=self.serving.port, state_dir=str(self.state)
        )
        (staged.folder / "bento").symlink_to(ROOT / "bento")
        self.release = Release(
            name=NAME,
            model_version=VERSION,
            bento=f"{NAME}:{VERSION}",
            folder=str(staged.folder),
            content_sha256=staged.settings.content_sha256,
            data_digest="d" * 64,
            synthetic=True,
            built="2030-01-01T00:00:00+00:00",
        )
        self.deployments = Deployments(Options(state_dir=str(self.state), port_search=False))

    def deploy(self) -> Deployment:
        """Deploy it; its smoke test predicts, as a real one does."""
        return self.deployments.deploy(self.release, self.serving, lambda url: predict(url, 5))

    @property
    def now(self) -> Deployment:
        found = self.deployments.current(NAME)
        assert found
        return found

    def has_counted(self, sent: int) -> bool:
        return sum(self.counted_by().values()) == sent

    def counted_by(self) -> dict[int, float]:
        """The requests that each worker, dead ones too, has written down; by process."""
        from prometheus_client.multiprocess import MultiProcessCollector

        found = {}
        for path in self.state.rglob("run/metrics-*/counter_*.db"):
            merge: Any = MultiProcessCollector.merge
            metrics = merge([str(path)], accumulate=False)
            found[int(path.stem.rpartition("_")[2])] = sum(
                sample.value
                for metric in metrics
                for sample in metric.samples
                if dict(sample.labels).get("route") == "/predict"
                and sample.name == "switchyard_requests_total"
            )
        return found


def predict(url: str, times: int) -> None:
    """Requests on a connection each, so that they spread over the workers."""
    for _ in range(times):
        body = {"instances": [{"url": "login.example.com/verify"}]}
        assert httpx.post(f"{url}/predict", json=body, timeout=30).status_code == 200


def live(url: str) -> Live:
    found = live_of([fetch(url)], VERSION)
    assert found is not None
    return found


def requests_of(url: str) -> int:
    return live(url).requests


@pytest.fixture
def deployed(tmp_path: Path, packages: Packages) -> Iterator[Deployed]:
    (tmp_path / "release").mkdir()
    made = Deployed(tmp_path, packages.of())
    yield made
    made.deployments.stop(NAME)


def test_counts_are_those_of_all_workers_and_never_go_back(
    deployed: Deployed, tmp_path: Path
) -> None:
    url = deployed.deploy().url
    assert requests_of(url) == 0  # the smoke test is nobody's request

    # Given requests that both workers have answered
    sent = 0
    while not sent or min(deployed.counted_by().values()) == 0:
        predict(url, 20)
        sent += 20
        assert sent <= 2_000, "one worker gets no request"
        until(partial(deployed.has_counted, sent))
    assert len(deployed.counted_by()) == WORKERS

    # Then whoever answers says the total
    assert {requests_of(url) for _ in range(10)} == {sent}
    store = MonitoringStore(str(tmp_path / "monitoring"))
    told = watch(deployed.now, store, GUARD, datetime.now(UTC))
    assert f"0 of {sent:,} answers (0.00%) are errors" in told.seen[0]

    # When a worker dies, what it has counted stays
    victim = next(iter(deployed.counted_by()))
    os.kill(victim, signal.SIGKILL)
    until(lambda: deployed.now.restarts == 1 and deployed.now.healthy, within_s=60)
    predict(url, 7)
    until(lambda: requests_of(url) == sent + 7)
    assert live(url).errors == 0

    # When all is started again, counts begin anew; the guard waits for enough of them
    supervisor = deployed.now.pid
    assert supervisor
    os.kill(supervisor, signal.SIGKILL)
    until(lambda: not alive(supervisor))
    url = deployed.deployments.start(NAME).url
    predict(url, 3)
    until(lambda: requests_of(url) == 3)
    told = watch(deployed.now, store, GUARD, datetime.now(UTC))
    assert not told.roll_back
    assert "3 requests so far, 20 are needed" in told.seen[0]
