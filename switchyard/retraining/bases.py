"""What a champion was trained on: kept with its run, so that a retraining takes the same data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from switchyard.configuration.model import Data, Labels, UseCase
from switchyard.configuration.tables import Table, Target
from switchyard.errors import PlatformError

FOLDER, FILE = "data", "base.json"


def base_of(case: UseCase) -> dict[str, Any]:
    """What is learnt from, without feedback, as JSON values; local paths are absolute.

    That is the task, data, labels and seed, and of a task on tables its columns and its target.
    """
    sources = tuple(
        source
        if "://" in source.location
        else source.model_copy(
            update={"location": str(Path(source.location).expanduser().absolute())}
        )
        for source in case.data.sources
    )
    changed = {"sources": sources, "feedback": (), "cache_dir": Data().cache_dir}
    base = {
        "task": case.task,
        "data": case.data.model_copy(update=changed).plain(),
        "labels": case.labels.plain(),
        "seed": case.seed,
    }
    if case.table is not None and case.target is not None:
        base |= {"table": case.table.plain(), "target": case.target.plain()}
    return base


def write_base(base: dict[str, Any], folder: Path) -> Path:
    """Write what `base_of` gave below `folder`; return the folder to record."""
    target = folder / FOLDER
    target.mkdir()
    (target / FILE).write_text(json.dumps(base, indent=1), encoding="utf-8")
    return target


def on_base(case: UseCase, recorded: Path | None) -> UseCase:
    """The use case on the data that were recorded; as it is where none were, or of another task.

    Another task is also one that predicts another column; records of before this release say that
    alone. recorded: the folder that `write_base` made. PlatformError for one that is damaged.
    """
    if recorded is None:
        return case
    try:
        base = json.loads((recorded / FILE).read_text(encoding="utf-8"))
        data = Data.of(base["data"]).model_copy(update={"cache_dir": case.data.cache_dir})
        changes: dict[str, Any] = {
            "data": data,
            "labels": Labels.of(base["labels"]),
            "seed": int(base["seed"]),
        }
        if "table" in base:
            changes |= {"table": Table.of(base["table"]), "target": Target.of(base["target"])}
    except (OSError, ValueError, KeyError, TypeError) as cause:
        raise PlatformError(
            f"what the champion of '{case.name}' was trained on cannot be read: {cause}; say it by "
            "--data or --set data.sources"
        ) from cause
    target = changes.get("target")
    if base.get("task", case.task) != case.task or _column(case.target) != _column(target):
        return case
    return case.model_copy(update=changes)


def _column(target: Target | None) -> str | None:
    """What is predicted of a table; None of texts."""
    return None if target is None else target.column
