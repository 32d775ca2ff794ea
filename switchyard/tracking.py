"""MLflow, behind one module: runs, datasets, and the model registry with its `champion` alias."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from switchyard.errors import PlatformError, RequestError

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

CHAMPION = "champion"
DIGEST_TAG = "switchyard.content_sha256"
ROLLED_BACK_TAG = "switchyard.rolled_back"
"""Why a version was taken back from live requests; it is not promoted again."""


@dataclass(frozen=True)
class Dataset:
    """What MLflow shows as the input of a run."""

    name: str
    digest: str
    source: str
    profile: Mapping[str, Any]


@dataclass(frozen=True)
class Trial:
    """One candidate's tuning, as MLflow records it: parameters, metrics, and curves by step."""

    name: str
    parameters: Mapping[str, Any]
    metrics: Mapping[str, float]
    curves: Mapping[str, Sequence[float]]
    files: Mapping[str, str]


@dataclass(frozen=True)
class Version:
    """A registered model version: its number and the digest of its package."""

    name: str
    number: int
    content_sha256: str


class Tracker:
    """Records of one MLflow server or database; explicit ids, nothing global, no autologging.

    `uri` is MLflow's tracking URI; `artifact_location` is where new experiments keep files, None
    when the server decides. Every MLflow failure becomes a PlatformError that names the URI.
    """

    def __init__(self, uri: str, artifact_location: str | None = None) -> None:
        self.uri = uri
        self._artifact_location = artifact_location
        self._opened: MlflowClient | None = None

    @property
    def _client(self) -> MlflowClient:
        if self._opened is None:
            from mlflow import MlflowClient

            with self._failures():
                self._opened = MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)
        return self._opened

    @contextmanager
    def _failures(self) -> Iterator[None]:
        from mlflow.exceptions import MlflowException

        try:
            yield
        except (MlflowException, OSError) as error:
            raise PlatformError(f"MLflow at {self.uri} failed: {error}") from error

    def record(
        self,
        experiment: str,
        run_name: str,
        dataset: Dataset,
        trials: Sequence[Trial],
        parameters: Mapping[str, Any],
        metrics: Mapping[str, float],
        files: Sequence[Path],
        tags: Mapping[str, str],
    ) -> str:
        """Write a run with its dataset and files, and a nested run a trial; return the run id.

        Earlier runs of the same package (its digest is a tag) that never ended were killed, and are
        marked so. One that is still being written in fact says in the end that it has finished.
        """
        with self._failures():
            client = self._client
            experiment_id = self._experiment(experiment)
            if DIGEST_TAG in tags:
                self._mark_killed(experiment_id, f"tags.`{DIGEST_TAG}` = '{tags[DIGEST_TAG]}'")
            parent = client.create_run(experiment_id, run_name=run_name, tags=dict(tags))
            run_id: str = parent.info.run_id
            self._log_dataset(run_id, dataset)
            self._log_values(run_id, parameters, metrics, {})
            for path in files:
                client.log_artifact(run_id, str(path)) if path.is_file() else client.log_artifacts(
                    run_id, str(path), path.name
                )
            for trial in trials:
                self._log_trial(experiment_id, run_id, trial)
            client.set_terminated(run_id)
        return run_id

    def _mark_killed(self, experiment_id: str, which: str) -> None:
        unended = f"attributes.status = 'RUNNING' and {which}"
        for run in self._client.search_runs([experiment_id], unended):
            nested = f"tags.`mlflow.parentRunId` = '{run.info.run_id}'"
            self._mark_killed(experiment_id, nested)
            self._client.set_terminated(run.info.run_id, "KILLED")

    def _experiment(self, name: str) -> str:
        from mlflow.exceptions import MlflowException

        found = self._client.get_experiment_by_name(name)
        if found is None:
            try:
                return str(
                    self._client.create_experiment(name, artifact_location=self._artifact_location)
                )
            except MlflowException:
                # Another run made it in between.
                found = self._client.get_experiment_by_name(name)
                if found is None:
                    raise
        return str(found.experiment_id)

    def _log_dataset(self, run_id: str, dataset: Dataset) -> None:
        from mlflow.entities import Dataset as MlflowDataset
        from mlflow.entities import DatasetInput, InputTag

        entity = MlflowDataset(
            name=dataset.name,
            digest=dataset.digest[:36],
            source_type="local",
            source=json.dumps({"uri": dataset.source}),
            profile=json.dumps(dict(dataset.profile)),
        )
        inputs = [DatasetInput(entity, [InputTag("mlflow.data.context", "training")])]
        self._client.log_inputs(run_id, inputs)

    def _log_trial(self, experiment_id: str, parent: str, trial: Trial) -> None:
        tags = {"mlflow.parentRunId": parent, "mlflow.runName": trial.name}
        run = self._client.create_run(experiment_id, run_name=trial.name, tags=tags)
        run_id = run.info.run_id
        self._log_values(run_id, trial.parameters, trial.metrics, trial.curves)
        for name, text in trial.files.items():
            self._client.log_text(run_id, text, name)
        self._client.set_terminated(run_id)

    def _log_values(
        self,
        run_id: str,
        parameters: Mapping[str, Any],
        metrics: Mapping[str, float],
        curves: Mapping[str, Sequence[float]],
    ) -> None:
        from mlflow.entities import Metric, Param

        now = int(time.time() * 1000)
        single = [Metric(name, float(value), now, 0) for name, value in metrics.items()]
        curved = [
            Metric(name, float(value), now, step)
            for name, values in curves.items()
            for step, value in enumerate(values)
        ]
        written = [Param(name, str(value)[:500]) for name, value in parameters.items()]
        self._client.log_batch(run_id, metrics=[*single, *curved], params=written)

    def register(self, name: str, run_id: str, artifact: str, content_sha256: str) -> Version:
        """Register the package logged as `artifact` of the run; the same content is found again."""
        with self._failures():
            found = self._find(name, content_sha256)
            if found:
                return found
            self._create_model(name)
            created = self._client.create_model_version(
                name,
                source=f"runs:/{run_id}/{artifact}",
                run_id=run_id,
                tags={DIGEST_TAG: content_sha256},
            )
        return Version(name, int(created.version), content_sha256)

    def _create_model(self, name: str) -> None:
        from mlflow.exceptions import MlflowException

        try:
            self._client.get_registered_model(name)
        except MlflowException:
            try:
                self._client.create_registered_model(name)
            except MlflowException:
                # Another run made it in between; if not, this raises.
                self._client.get_registered_model(name)

    def _find(self, name: str, content_sha256: str) -> Version | None:
        versions = self._client.search_model_versions(f"name = '{name}'")
        numbers = [int(v.version) for v in versions if v.tags.get(DIGEST_TAG) == content_sha256]
        return Version(name, max(numbers), content_sha256) if numbers else None

    def experiments(self) -> int:
        """How many experiments there are."""
        with self._failures():
            return len(self._client.search_experiments())

    def champion(self, name: str) -> Version | None:
        """Return the version that the alias points to; None when there is no champion yet."""
        return self._found(name, lambda: self._client.get_model_version_by_alias(name, CHAMPION))

    def version(self, name: str, wanted: int | str) -> Version:
        """Return the version of this number, or the one that this alias points to.

        RequestError when there is none; it lists the numbers that there are.
        """
        if isinstance(wanted, int):
            number = str(wanted)
            found = self._found(name, lambda: self._client.get_model_version(name, number))
        else:
            alias = wanted
            found = self._found(name, lambda: self._client.get_model_version_by_alias(name, alias))
        if found is None:
            numbers = ", ".join(map(str, self.numbers(name))) or "none; train first"
            raise RequestError(f"'{name}' has no version '{wanted}'; there are: {numbers}")
        return found

    def numbers(self, name: str) -> list[int]:
        """The numbers of all registered versions, ascending."""
        with self._failures():
            found = self._client.search_model_versions(f"name = '{name}'")
        return sorted(int(one.version) for one in found)

    def tag(self, version: Version, key: str, value: str) -> None:
        """Set a tag of a version, in the place of the value that it had."""
        with self._failures():
            self._client.set_model_version_tag(version.name, str(version.number), key, value)

    def tags(self, version: Version) -> dict[str, str]:
        """The tags of a version."""
        with self._failures():
            found = self._client.get_model_version(version.name, str(version.number))
        return dict(found.tags)

    def _found(self, name: str, ask: Callable[[], ModelVersion]) -> Version | None:
        """What `ask` finds; None when MLflow says that there is no such model or version."""
        from mlflow.exceptions import MlflowException
        from mlflow.protos.databricks_pb2 import (
            INVALID_PARAMETER_VALUE,
            RESOURCE_DOES_NOT_EXIST,
            ErrorCode,
        )

        absent = {ErrorCode.Name(RESOURCE_DOES_NOT_EXIST), ErrorCode.Name(INVALID_PARAMETER_VALUE)}
        with self._failures():
            try:
                found = ask()
            except MlflowException as error:
                if error.error_code in absent:
                    return None
                raise
        return Version(name, int(found.version), found.tags.get(DIGEST_TAG, ""))

    def set_champion(self, version: Version) -> None:
        """Point the alias to `version`: the one commit point of a promotion."""
        with self._failures():
            self._client.set_registered_model_alias(version.name, CHAMPION, str(version.number))

    def download(self, version: Version, folder: Path) -> Path:
        """Copy the version's package below `folder` and return where it lies."""
        with self._failures():
            uri = self._client.get_model_version_download_uri(version.name, str(version.number))
            return self._downloaded(folder, artifact_uri=uri)

    def run_files(self, version: Version, folder: str, target: Path) -> Path | None:
        """Copy a folder that was recorded with the version's run below `target`.

        Returns where it lies; None when the run has no such folder.
        """
        with self._failures():
            run_id = self._client.get_model_version(version.name, str(version.number)).run_id
            if not run_id or not self._client.list_artifacts(run_id, folder):
                return None
            return self._downloaded(target, run_id=run_id, artifact_path=folder)

    def _downloaded(self, folder: Path, **what: str) -> Path:
        from mlflow.artifacts import download_artifacts

        return Path(download_artifacts(dst_path=str(folder), tracking_uri=self.uri, **what))
