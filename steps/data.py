"""Steps that bring in the data and part them."""

from __future__ import annotations

from typing import Annotated, Any

import pandas as pd
from zenml import ArtifactConfig, log_metadata, step
from zenml.exceptions import RunStoppedException
from zenml.types import HTMLString, MarkdownString

from steps.caching import DATA, SPLIT
from steps.materializers import FrameMaterializer
from switchyard.configuration.model import Data, Definition, Split
from switchyard.configuration.tasks import TASKS
from switchyard.data.cards import DataCard, data_card
from switchyard.data.exploration import exploration_html
from switchyard.data.loading import load
from switchyard.data.preparing import clean_rows
from switchyard.data.schema import validate
from switchyard.progress import stage
from switchyard.split import split as part
from switchyard.tasks.rows import learn_inputs, plain_inputs


@step(
    cache_policy=DATA,
    output_materializers={"dataset": FrameMaterializer, "rejects": FrameMaterializer},
)
def load_data(
    data: dict[str, Any], definition: dict[str, Any], seed: int, fingerprints: list[str]
) -> tuple[
    Annotated[pd.DataFrame, ArtifactConfig(name="dataset", tags=["data"])],
    Annotated[pd.DataFrame, ArtifactConfig(name="rejects", tags=["data"])],
    Annotated[DataCard, "data_card"],
    Annotated[MarkdownString, "data_card_text"],
    Annotated[HTMLString, "exploration"],
]:
    """Fetch, read, clean and check the sources; describe what came of it.

    `fingerprints` are not read: they are in the cache key, so that changed files are loaded again.
    """
    wanted, what = Data.of(data), Definition.of(definition)
    try:
        with stage("Load the data") as report:
            loaded = load(wanted, what, seed, report)
        with stage("Clean and describe them"):
            cleaned = clean_rows(loaded.raw, wanted, what)
            frame = validate(cleaned.frame, what)
            card = data_card(cleaned, loaded.provenance, what)
            exploration = exploration_html(frame, card)
    except KeyboardInterrupt as stop:
        # A step that is retried must not take Ctrl-C for one more failure.
        raise RunStoppedException("stopped while loading the data") from stop
    log_metadata({"digest": card.digest, "rows": card.rows, "synthetic": card.synthetic})
    return (
        frame,
        cleaned.rejects,
        card,
        MarkdownString(card.to_markdown()),
        HTMLString(exploration),
    )


@step(
    cache_policy=SPLIT,
    output_materializers=dict.fromkeys(("train", "validation", "holdout"), FrameMaterializer),
)
def split_data(
    dataset: pd.DataFrame,
    split: dict[str, Any],
    definition: dict[str, Any],
    data: dict[str, Any],
    seed: int,
) -> tuple[
    Annotated[pd.DataFrame, "train"],
    Annotated[pd.DataFrame, "validation"],
    Annotated[pd.DataFrame, "holdout"],
    Annotated[dict[str, Any], "inputs"],
]:
    """Part the rows by the stable hash of their group, or by the reference protocol.

    The inputs of the models, with their categories and ranges, are those of the training rows.
    """
    what = Definition.of(definition)
    with stage("Part the data"):
        parts = part(dataset, Split.of(split), seed, numbers=TASKS[what.task].numbers)
        sides = [
            dataset.iloc[rows].reset_index(drop=True)
            for rows in (parts.train, parts.validation, parts.holdout)
        ]
    log_metadata({"shares": parts.shares(), "optimistic": parts.optimistic})
    inputs = learn_inputs(sides[0], what, Data.of(data))
    return sides[0], sides[1], sides[2], plain_inputs(inputs)
