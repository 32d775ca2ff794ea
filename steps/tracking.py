"""The active stack's experiment tracker, as the core's Tracker."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from zenml.client import Client

from switchyard.errors import RequestError
from switchyard.tracking.tracker import Tracker

if TYPE_CHECKING:
    from zenml.integrations.mlflow.experiment_trackers import MLFlowExperimentTracker


def open_tracker() -> Tracker:
    """Open the tracker; credentials of a remote one go where MLflow looks for them."""
    stack = Client().active_stack
    tracker = stack.experiment_tracker
    if tracker is None or tracker.flavor != "mlflow":
        raise RequestError(
            f"the active stack '{stack.name}' has no MLflow experiment tracker; "
            "take one that has, as by `zenml stack set local`"
        )
    tracker = cast("MLFlowExperimentTracker", tracker)
    tracker.configure_mlflow()
    folder = None if tracker.config.tracking_uri else tracker.local_path
    return Tracker(tracker.get_tracking_uri(), f"file:{folder}" if folder else None)
