"""All that pipelines ask of MLflow, in one."""

from __future__ import annotations

from switchyard.tracking.models import Models
from switchyard.tracking.runs import Runs


class Tracker(Runs, Models):
    """Records of one MLflow server or database: its runs and its registry."""
