"""Steps that bring in the data and part them."""

from __future__ import annotations

import logging
from typing import Annotated, Any

import pandas as pd
from switchyard.data.cards import DataCard
from zenml import ArtifactConfig, step
from zenml.config.retry_config import StepRetryConfig
from zenml.types import HTMLString, MarkdownString

from steps.caching import DATA
from steps.materializers import FrameMaterializer

logger = logging.getLogger(__name__)


@step(
    cache_policy=DATA,
    retry=StepRetryConfig(max_retries=2, delay=2, backoff=2),
    output_materializers={"dataset": FrameMaterializer, "rejects": FrameMaterializer},
)
def load_data(
    data: dict[str, Any],
    labels: dict[str, Any],
    seed: int,
    fingerprints: list[str],
) -> tuple[
    Annotated[pd.DataFrame, ArtifactConfig(name="dataset", tags=["data"])],
    Annotated[pd.DataFrame, "rejects"],
    Annotated[DataCard, "data_card"],
    Annotated[MarkdownString, "data_card_text"],
    Annotated[HTMLString, "exploration"],
]:
    """Fetch, read, validate and clean the sources; describe what came of it."""
