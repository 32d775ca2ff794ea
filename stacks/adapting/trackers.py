"""ZenML's MLflow tracker, made when something is asked of it.

ZenML makes all components of a stack in each process that has to do with it. MLflow is a second of
imports then, in the client and in each pod, and most steps have nothing to track.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from zenml.experiment_trackers.base_experiment_tracker import BaseExperimentTracker
from zenml.integrations.mlflow.flavors.mlflow_experiment_tracker_flavor import (
    MLFlowExperimentTrackerFlavor,
    MLFlowExperimentTrackerSettings,
)

_making = MLFlowExperimentTrackerFlavor.implementation_class.fget


def track_when_asked() -> None:
    """Let ZenML have a `PostponedTracker` where a stack tracks in MLflow."""
    MLFlowExperimentTrackerFlavor.implementation_class = property(lambda _: PostponedTracker)


class PostponedTracker(BaseExperimentTracker):
    """Stands for ZenML's tracker of an MLflow server; does nothing by itself.

    One without a server has a folder that a stack must know of at once.
    """

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._given = given
        if not self._has_server:
            self._real  # noqa: B018  which may refuse what it is given

    @property
    def _has_server(self) -> bool:
        return str(self.config.tracking_uri or "").startswith(("http://", "https://"))

    @cached_property
    def _real(self) -> Any:
        return _making(MLFlowExperimentTrackerFlavor())(**self._given)

    def __getattr__(self, name: str) -> Any:
        """What this has not: `configure_mlflow`, `get_tracking_uri` and the like."""
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._real, name)

    @property
    def settings_class(self) -> Any:
        """As of ZenML's."""
        return MLFlowExperimentTrackerSettings

    @property
    def local_path(self) -> str | None:
        """As of ZenML's."""
        return None if self._has_server else self._real.local_path

    @property
    def validator(self) -> Any:
        """As of ZenML's."""
        return None if self._has_server else self._real.validator

    def prepare_step_run(self, info: Any) -> None:
        """As of ZenML's: only for steps that track."""
        self._real.prepare_step_run(info)

    def get_step_run_metadata(self, info: Any) -> Any:
        """As of ZenML's: only for steps that track."""
        return self._real.get_step_run_metadata(info)

    def cleanup_step_run(self, info: Any, step_failed: bool) -> None:
        """As of ZenML's: only for steps that track."""
        self._real.cleanup_step_run(info, step_failed)
