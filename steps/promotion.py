"""The step that may move the alias `champion`; it always runs: the champion may have changed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pandas as pd
from zenml import log_metadata, step
from zenml.types import MarkdownString

from steps.tracking import open_tracker
from switchyard.configuration.model import UseCase
from switchyard.packages.loading import verify
from switchyard.progress import stage
from switchyard.promotion.challenge import challenge
from switchyard.promotion.records import Decision
from switchyard.tracking.records import Version


@step(enable_cache=False)
def promote_model(
    version: int, package: Path, holdout: pd.DataFrame, use_case: dict[str, Any]
) -> tuple[Annotated[Decision, "decision"], Annotated[MarkdownString, "decision_text"]]:
    """Challenger against champion on the same holdout, and what follows from it."""
    case = UseCase.of(use_case)
    registered = Version(case.name, version, verify(package).content_sha256)
    with stage("Challenge the champion"):
        decision = challenge(open_tracker(), registered, package, holdout, case)
    log_metadata({"promoted": decision.promoted, "summary": decision.summary})
    return decision, MarkdownString(decision.to_markdown())
