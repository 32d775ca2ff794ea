"""Runs as MLflow records them: values, dataset, files, and a nested run a trial."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from switchyard.tracking.connections import Connection
from switchyard.tracking.records import DIGEST_TAG, Dataset, Trial


class Runs(Connection):
    """The runs of experiments."""

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

    def experiments(self) -> int:
        """How many experiments there are."""
        with self._failures():
            return len(self._client.search_experiments())
