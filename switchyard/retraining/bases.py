"""What a champion was trained on: kept with its run, so that a retraining takes the same data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from switchyard.configuration.model import Data, Labels, UseCase
from switchyard.errors import PlatformError

FOLDER, FILE = "data", "base.json"


def base_of(case: UseCase) -> dict[str, Any]:
    """The data without feedback, labels and seed, as JSON values; local paths are absolute."""
    sources = tuple(
        source
        if "://" in source.location
        else source.model_copy(
            update={"location": str(Path(source.location).expanduser().absolute())}
        )
        for source in case.data.sources
    )
    changed = {"sources": sources, "feedback": (), "cache_dir": Data().cache_dir}
    return {
        "data": case.data.model_copy(update=changed).plain(),
        "labels": case.labels.plain(),
        "seed": case.seed,
    }


def write_base(base: dict[str, Any], folder: Path) -> Path:
    """Write what `base_of` gave below `folder`; return the folder to record."""
    target = folder / FOLDER
    target.mkdir()
    (target / FILE).write_text(json.dumps(base, indent=1), encoding="utf-8")
    return target


def on_base(case: UseCase, recorded: Path | None) -> UseCase:
    """The use case on the data that were recorded; as it is where none were.

    recorded: the folder that `write_base` made. PlatformError for one that is damaged.
    """
    if recorded is None:
        return case
    try:
        base = json.loads((recorded / FILE).read_text(encoding="utf-8"))
        data = Data.of(base["data"]).model_copy(update={"cache_dir": case.data.cache_dir})
        labels, seed = Labels.of(base["labels"]), int(base["seed"])
    except (OSError, ValueError, KeyError, TypeError) as cause:
        raise PlatformError(
            f"what the champion of '{case.name}' was trained on cannot be read: {cause}; say it by "
            "--data or --set data.sources"
        ) from cause
    return case.model_copy(update={"data": data, "labels": labels, "seed": seed})
