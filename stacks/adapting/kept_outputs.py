"""Outputs of steps, kept when a run is stopped.

ZenML removes the folders of a step's outputs whatever ends the step. A stop may come when the step
has just been recorded as done: the next run would take its outputs from the cache, and not find
them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence


def keep_when_stopped() -> None:
    """Let ZenML remove outputs only of steps that failed, in this process."""
    from zenml.orchestrators import output_utils

    removing = output_utils.remove_artifact_dirs
    if not isinstance(removing, _Removing):
        output_utils.remove_artifact_dirs = _Removing(removing)


class _Removing:
    """ZenML's function of that name, which is called while an exception is handled."""

    def __init__(self, remove: Callable[[Sequence[str]], None]) -> None:
        self._remove = remove

    def __call__(self, artifact_uris: Sequence[str]) -> None:
        from zenml.exceptions import RunInterruptedException, RunStoppedException

        ending = sys.exc_info()[1]
        failed = isinstance(ending, Exception)
        if failed and not isinstance(ending, RunInterruptedException | RunStoppedException):
            self._remove(artifact_uris)
