"""MLflow behind our module, on a real SQLite store."""

from __future__ import annotations

from pathlib import Path

import pytest

from switchyard.errors import PlatformError, RequestError
from switchyard.tracking.records import DIGEST_TAG, Dataset, Trial, Version
from switchyard.tracking.tracker import Tracker

DATASET = Dataset("dataset", "ab" * 32, "file:///data.csv", {"rows": 3})


@pytest.fixture(scope="module")
def tracker(tmp_path_factory: pytest.TempPathFactory) -> Tracker:
    folder = tmp_path_factory.mktemp("mlflow")
    return Tracker(f"sqlite:///{folder}/mlflow.db", f"file:{folder}/artifacts")


@pytest.fixture(scope="module")
def run_id(tracker: Tracker, tmp_path_factory: pytest.TempPathFactory) -> str:
    package = tmp_path_factory.mktemp("run") / "package"
    package.mkdir()
    (package / "manifest.json").write_text("{}", encoding="utf-8")
    trial = Trial(
        "fast", {"epochs": 4}, {"cv_mean": 0.9}, {"fold": [0.8, 1.0]}, {"grid.json": "[]"}
    )
    return tracker.record(
        "demo", "first", DATASET, [trial], {"seed": 1}, {"accuracy": 0.5}, [package], {"a": "b"}
    )


def test_a_run_keeps_its_values_its_dataset_and_its_trials(tracker: Tracker, run_id: str) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=tracker.uri)
    run = client.get_run(run_id)
    nested = client.search_runs([run.info.experiment_id], f"tags.`mlflow.parentRunId` = '{run_id}'")

    assert run.info.status == "FINISHED"
    assert run.data.metrics == {"accuracy": 0.5}
    assert run.data.params == {"seed": "1"}
    assert [entry.dataset.name for entry in run.inputs.dataset_inputs] == ["dataset"]
    assert [trial.info.run_name for trial in nested] == ["fast"]
    assert [m.value for m in client.get_metric_history(nested[0].info.run_id, "fold")] == [0.8, 1.0]


def test_a_run_that_was_killed_half_written_is_marked_so_by_the_next(
    tracker: Tracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow import MlflowClient

    def write() -> str:
        return tracker.record(
            "killed", "run", DATASET, [Trial("fast", {}, {}, {}, {})], {}, {}, [], {DIGEST_TAG: "1"}
        )

    with monkeypatch.context() as killed:
        killed.setattr(MlflowClient, "set_terminated", lambda *_: None)
        half = write()
    whole = write()

    client = MlflowClient(tracking_uri=tracker.uri)
    runs = client.search_runs([client.get_run(half).info.experiment_id])
    of_half = [
        run for run in runs if half in (run.info.run_id, run.data.tags.get("mlflow.parentRunId"))
    ]
    assert [run.info.status for run in of_half] == ["KILLED", "KILLED"]
    assert client.get_run(whole).info.status == "FINISHED"


def test_there_is_no_champion_at_first(tracker: Tracker) -> None:
    assert tracker.champion("never-registered") is None


def test_the_same_content_is_registered_once(tracker: Tracker, run_id: str) -> None:
    first = tracker.register("once", run_id, "package", "11")
    again = tracker.register("once", run_id, "package", "11")
    other = tracker.register("once", run_id, "package", "22")

    assert (first.number, again.number, other.number) == (1, 1, 2)


def test_a_registered_model_without_the_alias_has_no_champion(
    tracker: Tracker, run_id: str
) -> None:
    tracker.register("unpromoted", run_id, "package", "11")

    assert tracker.champion("unpromoted") is None


def test_the_champion_is_what_the_alias_points_to(
    tracker: Tracker, run_id: str, tmp_path: Path
) -> None:
    tracker.register("moving", run_id, "package", "11")
    version = tracker.register("moving", run_id, "package", "22")

    tracker.set_champion(version)

    assert tracker.champion("moving") == Version("moving", 2, "22")
    folder = tracker.download(version, tmp_path)
    assert (folder / "manifest.json").read_text(encoding="utf-8") == "{}"


def test_a_version_is_found_by_its_number_and_by_an_alias(tracker: Tracker, run_id: str) -> None:
    first = tracker.register("asked", run_id, "package", "11")
    second = tracker.register("asked", run_id, "package", "22")
    tracker.set_champion(second)

    assert tracker.version("asked", 1) == first
    assert tracker.version("asked", "champion") == second


@pytest.mark.parametrize("wanted", [7, "champion"])
def test_a_version_that_is_not_there_lists_those_that_are(
    tracker: Tracker, run_id: str, wanted: int | str
) -> None:
    tracker.register("listed", run_id, "package", "11")
    tracker.register("listed", run_id, "package", "22")

    with pytest.raises(RequestError, match=rf"'listed' has no version '{wanted}'.*1, 2"):
        tracker.version("listed", wanted)


def test_a_model_that_was_never_registered_has_no_versions(tracker: Tracker) -> None:
    with pytest.raises(RequestError, match="train first"):
        tracker.version("never-registered", 1)


def test_a_tag_of_a_version_takes_its_new_value(tracker: Tracker, run_id: str) -> None:
    from mlflow import MlflowClient

    version = tracker.register("tagged", run_id, "package", "11")

    tracker.tag(version, "switchyard.url", "http://one")
    tracker.tag(version, "switchyard.url", "http://two")

    found = MlflowClient(tracking_uri=tracker.uri).get_model_version("tagged", "1")
    assert found.tags["switchyard.url"] == "http://two"


def test_an_unreachable_store_is_named(tmp_path: Path) -> None:
    (tmp_path / "not-a-folder").write_text("", encoding="utf-8")
    uri = f"sqlite:///{tmp_path}/not-a-folder/mlflow.db"

    with pytest.raises(PlatformError, match="not-a-folder"):
        Tracker(uri).champion("any")


def test_files_beside_the_package_are_found_by_version(tracker: Tracker, tmp_path: Path) -> None:
    for name in ("package", "reference"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "facts.json").write_text(f'"{name}"', encoding="utf-8")
    files = [tmp_path / "package", tmp_path / "reference"]
    run_id = tracker.record("demo", "with-files", DATASET, [], {}, {}, files, {})
    version = tracker.register("with-files", run_id, "package", "77")
    target = tmp_path / "fetched"
    target.mkdir()

    found = tracker.run_files(version, "reference", target)

    assert found is not None
    assert (found / "facts.json").read_text(encoding="utf-8") == '"reference"'
    assert tracker.run_files(version, "other", target) is None
