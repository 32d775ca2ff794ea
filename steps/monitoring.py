"""The step that looks at windows of captured requests."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from zenml import log_metadata, step
from zenml.types import HTMLString

from steps.plausibility import truths_of
from steps.tracking import open_tracker
from switchyard.configuration.model import UseCase
from switchyard.errors import RequestError
from switchyard.monitoring.records import MonitoringStore, store_location
from switchyard.monitoring.references import FOLDER, Reference, open_reference
from switchyard.monitoring.results import Verdict
from switchyard.monitoring.running import Looked, check_store
from switchyard.progress import stage
from switchyard.retraining.archives import captured_in


@step(enable_cache=False)
def check_windows(
    use_case: dict[str, Any], dry_run: bool = False
) -> tuple[Annotated[list[Verdict], "verdicts"], Annotated[HTMLString, "drift_report"]]:
    """Compare windows of captured requests with what the model was trained on.

    dry_run: nothing is kept or told.
    """
    looked = _checked(UseCase.of(use_case), dry_run=dry_run)
    complete = [each for each in looked.verdicts if not each.provisional]
    log_metadata(
        {
            "windows": len(complete),
            "drifted": sum(each.status == "drifted" for each in complete),
            "lost_performance": sum(each.lost_performance for each in complete),
            "unsent_alerts": looked.unsent,
        }
    )
    empty = "Another run keeps the reports." if dry_run else "There was nothing to compare."
    return looked.verdicts, HTMLString(looked.page or f"<p>{empty}</p>")


def look(case: UseCase, *, dry_run: bool) -> list[Verdict]:
    """What `check_windows` does; dry_run: without writing or sending anything."""
    return _checked(case, dry_run=dry_run).verdicts


def _checked(case: UseCase, *, dry_run: bool) -> Looked:
    store = MonitoringStore(store_location(case))
    with (
        stage("Compare windows of requests with training") as report,
        tempfile.TemporaryDirectory() as folder,
    ):
        return check_store(
            case,
            captured_in(case),
            store,
            references_of(case, Path(folder)),
            datetime.now(UTC),
            dry_run=dry_run,
            progress=report,
            truths=truths_of(case),
        )


def references_of(case: UseCase, folder: Path) -> Callable[[str], Reference]:
    """The reference of a version, fetched once from the run that made the version.

    One that has none, or is registered no more, gets the champion's; RequestError when that has
    none either.
    """
    tracker = open_tracker()

    @cache
    def fetched(version: str) -> Reference | None:
        target = folder / version
        target.mkdir()
        try:
            wanted = tracker.version(case.name, int(version))
            found = tracker.run_files(wanted, FOLDER, target)
        except (RequestError, ValueError):  # registered no more, or elsewhere
            return None
        return open_reference(found, version) if found else None

    def found(version: str) -> Reference:
        champion = tracker.champion(case.name)
        reference = fetched(version) or (fetched(str(champion.number)) if champion else None)
        if reference is None:
            raise RequestError(
                f"'{case.name}' has no version with a reference to compare requests with; "
                "train with --no-cache"
            )
        return reference

    return found
