"""What a run found, in the shapes that MLflow keeps: one trial a candidate, and the dataset."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from switchyard.data.cards import DataCard
from switchyard.evaluation.results import Evaluation
from switchyard.tracking.records import Dataset, Trial


def trial_of(result: Mapping[str, Any], evaluation: Evaluation) -> Trial:
    """One candidate: its best parameters, its figures on each side, its grid and its curves.

    `result` is what the training step found: 'tuning', 'threshold' or 'band', and 'validation'.
    """
    tuning = result["tuning"]
    name = tuning["candidate"]
    best = max(tuning["table"], key=lambda point: point["mean"])
    metric = tuning["metric"]
    return Trial(
        name=name,
        parameters={"estimator": tuning["estimator"], **tuning["parameters"]},
        metrics={
            f"cv_{metric}": tuning["mean"],
            "tuning_seconds": tuning["seconds"],
            **_rule(result),
            **{f"validation_{key}": value for key, value in result["validation"].items()},
            **{f"holdout_{key}": value for key, value in evaluation.figures(name).items()},
        },
        curves={
            f"cv_{metric}_by_fold": best["scores"],
            **{f"cv_{metric}_by_{c['parameter']}": c["means"] for c in tuning["curves"]},
        },
        files={"tuning.json": json.dumps(tuning, indent=2)},
    )


def _rule(result: Mapping[str, Any]) -> dict[str, float]:
    if "threshold" in result:
        return {"threshold": result["threshold"]["value"]}
    return {"half_width": result["band"]["half_width"]}


def dataset_of(name: str, card: DataCard) -> Dataset:
    """The data set as the input of a run."""
    return Dataset(
        name=f"{name} (synthetic sample)" if card.synthetic else name,
        digest=card.digest,
        source=", ".join(origin.location for origin in card.origins),
        profile={"rows": card.rows, "groups": card.groups, **card.classes},
    )
