"""The same commands on a real Kubernetes: train, deploy, scale, drift, retrain, swap, go back."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import fsspec
import httpx
import pandas as pd
import pyarrow.parquet as pq
import pytest
from s3fs import S3FileSystem

from benchmarks.kubernetes_parts.platform import PIPELINES, SERVICES, ZENML, Platform, until
from benchmarks.kubernetes_parts.pressure import pressure
from benchmarks.loop_parts.callers import Caller, send
from benchmarks.loop_parts.scenes import Scenes, make_scenes
from stacks.deployers.kubernetes.records import Releases
from switchyard.capture import reading
from switchyard.monitoring.records import MonitoringStore
from switchyard.retraining.records import Retrainings
from switchyard.serving.archives import opened
from switchyard.serving.predictor import Predictor
from tests.clusters import Cluster
from tests.deployers.places import free_port

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.timeout(3_600)]

WINDOW = timedelta(seconds=30)
SETTINGS: dict[str, Any] = {
    "candidates": [
        {"name": "fast", "estimator": "hashed-ngrams"},
        {"name": "reference-bayes", "estimator": "stem-naive-bayes"},
    ],
    "tuning": {"jobs": 1},
    "evaluation": {"max_false_positive_rate": 0.03, "bootstrap": 100},
    "serving": {"capture": {"flush_s": 0.5}},
    "monitoring": {"window_h": WINDOW / timedelta(hours=1), "lag_s": 5.0, "max_windows": 200},
    "promotion": {"metric": "roc_auc", "floors": {"accuracy": 0.8}},
    "retraining": {"drifted_windows": 1, "of_windows": 1, "keep_months": 12},
    # Small, for a node of two cores that has the platform as well.
    "resources": {
        "pipeline": {"cpu": "100m"},
        "steps": {"train_candidate": {"cpu": "100m"}, "score_shard": {"cpu": "100m"}},
    },
}
DEPLOYER: dict[str, Any] = {
    "service_type": "NodePort",  # this machine asks any of the pods
    "resources": {"cpu": "200m", "memory": "300Mi"},
    "autoscaling": {"max": 3, "scale_in_after_s": 10},
    "pause_s": 3,
    "drain_s": 15,
    "ready_timeout_s": 300,
}
IMAGES = ("REGISTRY", "IMAGE_BASE", "SERVING_IMAGE")
SHARDS = 2
SERVICES_STATE = "s3://switchyard/services"


class Journey:
    """A platform, what is replayed there, and what was answered.

    sent: rows that were asked about and answered.
    """

    def __init__(self, platform: Platform, scenes: Scenes) -> None:
        self.platform = platform
        self.scenes = scenes
        self.name = platform.name
        self.early = platform.folder / "early.parquet"
        scenes.training.to_parquet(self.early, index=False)
        self.sent = 0

    @property
    def version(self) -> str:
        """The version that answers."""
        return str(self.ask("model").json()["version"])

    def ask(self, path: str, body: Any = None) -> httpx.Response:
        """Ask the service, through its Service."""
        url = f"{self.platform.url}/{path}"
        answer = (
            httpx.get(url, timeout=60, trust_env=False)
            if body is None
            else httpx.post(url, json=body, timeout=60, trust_env=False)
        )
        return answer.raise_for_status()

    def answers(self, version: str) -> bool:
        """Whether this version answers; not yet when nothing does."""
        try:
            return self.version == version
        except httpx.HTTPError:
            return False

    def send(self, rows: pd.DataFrame) -> set[str]:
        """Ask and tell the true labels within one window; the versions that answered."""
        past = (datetime.now(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) % WINDOW
        time.sleep((WINDOW - past).total_seconds())
        versions = send(self.platform.url, rows).versions
        self.sent += len(rows)
        return versions

    def captured(self) -> int:
        """The rows that the prediction store has."""
        return len(reading.predictions(f"{SERVICES_STATE}/{self.name}/capture"))

    def releases(self) -> Releases:
        """What runs and what ran before, as the cluster remembers it."""
        return Releases.model_validate(self.platform.releases())

    def agree(self, version: str) -> bool:
        """Whether alias, deployment and what answers name this version."""
        told = " ".join(self.platform.run("status").out.split())
        champion = f"champion version {version}" in told
        return champion and "deployed is" not in told and self.answers(version)


@pytest.fixture
def journey(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Journey]:
    monkeypatch.setenv("KUBECONFIG", str(cluster.kubeconfig))
    if cluster.tried("get", "deployment", "zenml", "-n", PIPELINES).returncode:
        pytest.skip("deploy/platform is not in this cluster; .ci/cluster puts it there")
    images = {f"SWITCHYARD_{name}": os.environ.get(f"TESTS_{name}", "") for name in IMAGES}
    with closing(Platform(SETTINGS, DEPLOYER, images)) as platform:
        # This process looks into the object store itself.
        for name, value in platform.storage.items():
            monkeypatch.setenv(name, value)
        S3FileSystem.clear_instance_cache()  # they know the store of another test
        yield Journey(platform, make_scenes(None))


def test_the_loop_closes_on_kubernetes(journey: Journey) -> None:
    the_stack_is_applied_and_well(journey)
    training_goes_on_when_its_pod_dies(journey)
    what_is_deployed_answers_bit_for_bit(journey)
    load_brings_pods_and_calm_takes_them(journey)
    a_pod_that_ends_loses_no_row(journey)
    a_file_is_scored_by_several_pods(journey)
    drift_is_found_by_the_clock_and_a_new_model_takes_over(journey)
    a_broken_release_does_not_take_over(journey)
    a_person_goes_back(journey)
    the_same_commands_work_on_this_machine(journey)


def the_stack_is_applied_and_well(journey: Journey) -> None:
    platform = journey.platform
    platform.enter()
    assert "is up to date" in platform.run("stack", "apply", str(platform.stack)).out
    assert "wrong" not in platform.run("stack", "doctor").out


def training_goes_on_when_its_pod_dies(journey: Journey) -> None:
    """The candidates run side by side; meanwhile the pod that started them is killed."""
    platform = journey.platform
    process = platform.started("training", "--data", str(journey.early), "--no-cache")
    steps = until("a pod for each candidate", lambda: at_work(platform, "training", "train_", 2))
    killed = at_work(platform, "training")
    platform.delete_pod(PIPELINES, *killed)

    out, err = process.communicate(timeout=1_200)

    assert process.returncode == 0, err
    assert "Promoted" in out
    assert f"{ZENML}/" in out  # where the run is to be seen
    (other,) = [pod["metadata"]["name"] for pod in platform.run_pods("training")]
    assert [other] != killed
    first, second = (span_of(platform, name) for name in steps)
    assert max(first[0], second[0]) < min(first[1], second[1])


def what_is_deployed_answers_bit_for_bit(journey: Journey) -> None:
    platform = journey.platform
    platform.pipeline("deployment")
    until("version 1 answers", lambda: journey.answers("1"))
    assert journey.agree("1")
    urls = journey.scenes.as_before[0].rows["url"].tolist()[:50]
    answer = journey.ask("predict", {"instances": [{"url": url} for url in urls]}).json()
    journey.sent += len(urls)

    current = journey.releases().current
    assert current is not None
    with opened(current.release) as folder:
        local = Predictor.open(folder / "model", "1").score({"url": urls}).scores

    assert [each["score"] for each in answer["predictions"]] == local.tolist()


def load_brings_pods_and_calm_takes_them(journey: Journey) -> None:
    platform = journey.platform
    # What a pod does while it starts, and what was asked so far, may have been too much for one.
    until("one pod", lambda: len(platform.serving()) == 1, 600)
    with pressure(platform.url) as answered:
        until("a second pod that is ready", lambda: len(platform.serving()) > 1)
    assert answered.failures == []
    until("one pod again", lambda: len(platform.serving()) == 1, 600)


def a_pod_that_ends_loses_no_row(journey: Journey) -> None:
    """Usual traffic, which monitoring will find quiet; then its pod is deleted."""
    platform = journey.platform
    usual = pd.concat([each.rows for each in journey.scenes.as_before[:4]])
    assert journey.send(usual) == {"1"}
    pod, *others = platform.serving()
    platform.delete_pod(SERVICES, pod)
    until("another pod", lambda: {*platform.serving()} - {pod, *others})
    until("version 1 answers", lambda: journey.answers("1"))
    until("every row in the store", lambda: journey.captured() == journey.sent)


def a_file_is_scored_by_several_pods(journey: Journey) -> None:
    platform = journey.platform
    source, output = platform.folder / "urls.csv", platform.folder / "scored.parquet"
    rows = journey.scenes.training.head(2_000)[["url"]].reset_index(names="id")
    rows.to_csv(source, index=False)
    files = ("--input", str(source), "--output", str(output))

    platform.pipeline("inference", *files, "--shards", str(SHARDS))

    scored = pq.read_table(output)
    assert scored.column("id").to_pylist() == rows["id"].astype(str).tolist()
    assert scored.column("model_version").unique().to_pylist() == ["1"]
    assert len(platform.run_pods("inference", "score_shard")) == SHARDS


def drift_is_found_by_the_clock_and_a_new_model_takes_over(journey: Journey) -> None:
    """The servers of ZenML and of MLflow die while a candidate is trained."""
    platform = journey.platform
    later = pd.concat([each.rows for each in journey.scenes.later[6:14]])
    assert journey.send(later) == {"1"}
    platform.pipeline("monitoring", "--dry-run")
    with Caller(platform.url, pause_s=0.5) as caller:
        schedule = ("--config", str(platform.config), "--cron", "* * * * *")
        platform.run("schedule", "monitoring", *schedule)
        assert journey.name in platform.run("schedule", "list").out
        until("a retraining", lambda: at_work(platform, "monitoring", "train_"), 600)
        for server in ("zenml", "mlflow"):
            platform.delete_pod(PIPELINES, "-l", f"app.kubernetes.io/name={server}")
        caller.await_version("2", 900)
        platform.run("schedule", "stop", "--config", str(platform.config))
    assert caller.failures == []
    assert caller.versions == ["1", "2"]
    journey.sent += caller.answers
    (record,) = until("the end of the retraining", lambda: ended_retrainings(journey))
    assert (record.version, record.promoted, record.deployed) == (2, True, True)
    assert journey.agree("2")
    until("every row in the store", lambda: journey.captured() == journey.sent)


def a_broken_release_does_not_take_over(journey: Journey) -> None:
    """What is gone back to is not any more what was published: its digest tells."""
    platform, previous = journey.platform, journey.releases().previous
    assert previous is not None
    with fsspec.open(previous.archive, "rb") as file:
        kept = file.read()
    with fsspec.open(previous.archive, "wb") as file:
        file.write(kept[:-1] + bytes([kept[-1] ^ 1]))
    with Caller(platform.url) as caller:
        refused = platform.pipeline("deployment", "--rollback", allowed=(3,))
    assert "digest" in refused.err
    assert (caller.failures, caller.versions) == ([], ["2"])
    assert journey.agree("2")
    with fsspec.open(previous.archive, "wb") as file:
        file.write(kept)


def a_person_goes_back(journey: Journey) -> None:
    platform = journey.platform
    with Caller(platform.url) as caller:
        platform.pipeline("deployment", "--rollback")
        caller.await_version("1", 120)
    assert (caller.failures, caller.versions) == ([], ["2", "1"])
    assert journey.agree("1")


def the_same_commands_work_on_this_machine(journey: Journey) -> None:
    platform = journey.platform
    platform.run("stop", "--config", str(platform.config))
    until("no pod that serves", lambda: not platform.serving())
    platform.zenml("stack", "set", "local")
    platform.pipeline("training", "--data", str(journey.early))
    platform.pipeline("deployment", "--set", f"serving.port={free_port()}")
    assert "healthy" in platform.run("status").out
    platform.run("stop", "--config", str(platform.config))


def at_work(platform: Platform, pipeline: str, step: str = "", least: int = 1) -> list[str]:
    """The names of pods that run now, of steps or of the pipeline itself; [] when they are few."""
    names = [
        str(pod["metadata"]["name"])
        for pod in platform.run_pods(pipeline, step)
        if pod["status"]["phase"] == "Running"
    ]
    return names if len(names) >= least else []


def span_of(platform: Platform, pod: str) -> tuple[str, str]:
    """When a pod's container began and ended; ISO times, which sort."""
    (container,) = platform.get("pod", pod, "-n", PIPELINES)["status"]["containerStatuses"]
    ended = container["state"]["terminated"]
    return str(ended["startedAt"]), str(ended["finishedAt"])


def ended_retrainings(journey: Journey) -> list[Any]:
    store = MonitoringStore(f"{SERVICES_STATE}/{journey.name}/monitoring")
    return [each for each in Retrainings(store).all() if each.finished]
