"""What numbers the loop believes: the limits that the champion's manifest gives."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

from steps.tracking import open_tracker
from switchyard.configuration.model import UseCase
from switchyard.configuration.tasks import TASKS
from switchyard.errors import SwitchyardError
from switchyard.packages.loading import verify
from switchyard.tables.plausible import Limits, Plausible

logger = logging.getLogger(__name__)


def plausible_of(case: UseCase) -> Plausible:
    """The limits of the champion's inputs and target; none of texts, or without a champion.

    A champion that predicts another column than the use case says nothing of the target.
    """
    if case.table is None or case.target is None:
        return Plausible()
    tracker = open_tracker()
    champion = tracker.champion(case.name)
    if champion is None:
        return Plausible()
    with tempfile.TemporaryDirectory() as folder:
        manifest = verify(tracker.download(champion, Path(folder))).manifest
    found = Plausible.of(manifest)
    same = manifest.predicted is not None and manifest.predicted.name == case.target.column
    return found if same else Plausible(inputs=found.inputs)


def truths_of(case: UseCase) -> Limits | None:
    """What true numbers can be; None, and a warning, when the champion cannot be asked.

    Those who watch must see what they can, also while the registry is away.
    """
    if not TASKS[case.task].numbers:
        return None
    try:
        return plausible_of(case).target
    except SwitchyardError as error:
        logger.warning("which labels are plausible is not known: %s", error)
        return None
