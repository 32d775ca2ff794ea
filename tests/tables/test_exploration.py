"""The page about a table draws its columns against the target, and names what is odd."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

from switchyard.configuration.model import Data, Definition
from switchyard.configuration.tables import Column, Table, Target
from switchyard.data.cards import DataCard, data_card
from switchyard.data.exploration import exploration_html
from switchyard.data.loading import load
from switchyard.data.preparing import clean_rows
from switchyard.tables.exploration import DRAWN

AREA = Column(name="area <m²>", minimum=0, maximum=300, missing="allow", unit="m$^2$")
PLACE = Column(name="place", type="category", values=("sea", "town & country"))


def page(definition: Definition) -> str:
    settings = Data.of({"sample": {"rows": 600}})
    loaded = load(settings, definition, 3)
    cleaned = clean_rows(loaded.raw, settings, definition)
    card = data_card(cleaned, loaded.provenance, definition)
    return exploration_html(cleaned.frame, card)


def regression(*inputs: Column) -> Definition:
    target = Target(column="price", minimum=0, maximum=1000)
    return Definition(task="regression", table=Table(inputs=inputs), target=target)


def test_numbers_and_categories_are_drawn_against_the_target() -> None:
    html = page(regression(AREA, PLACE))
    assert html.count("<figure>") == 3
    assert "area &lt;m²&gt;: histogram, and mean of the target in bins from" in html
    assert "place: rows and mean of the target by category: " in html
    assert "town &amp; country" in html
    assert "area &lt;m²&gt;, 1" in html  # so many are missing
    assert "synthetic sample" in html
    assert "<m²>" not in html


def test_shares_are_drawn_for_two_classes() -> None:
    definition = regression(AREA, PLACE).model_copy(update={"task": "table-classification"})
    html = page(definition)
    positive = definition.labels.positive
    assert f"share of {positive} in bins" in html
    assert f"rows labelled {positive}" in html


def test_of_two_thousand_columns_few_are_drawn_and_odd_ones_named() -> None:
    random = np.random.default_rng(2)
    count = 2_000
    frame = pd.DataFrame(random.normal(size=(300, count)), columns=[f"c{n}" for n in range(count)])
    frame["c7"] = np.repeat(np.arange(30.0), 10)
    frame["c9"] = 1.0
    definition = regression(*(Column(name=str(name)) for name in frame))
    html, card = explored(frame.assign(label=frame["c7"] * 2), definition)
    assert html.count("<figure>") == DRAWN + 1
    assert "c7: histogram" in html
    assert "'c9' has one value in every row" in " ".join(card.oddities)
    assert "&#x27;c9&#x27; has one value in every row" in html
    assert "1,800 more columns are not listed" in html


def explored(frame: pd.DataFrame, definition: Definition) -> tuple[str, DataCard]:
    from switchyard.data.cleaning import Cleaned
    from switchyard.data.loading import Origin, Provenance

    frame = frame.assign(source=pd.Categorical(["file"] * len(frame)), first_seen=None)
    frame["group"] = [str(at) for at in range(len(frame))]
    counts = dict.fromkeys(("rejected", "duplicates", "contradictions", "outdated"), 0)
    counts |= {"read": len(frame), "rows": len(frame)}
    rejects = pd.DataFrame({"reason": pd.Series([], dtype=str)})
    provenance = Provenance((Origin("file", "file.csv", None, len(frame)),))
    card = data_card(Cleaned(frame, rejects, counts, True), provenance, definition)
    began = time.perf_counter()
    html = exploration_html(frame, card)
    assert time.perf_counter() - began < 120
    return html, card


@pytest.mark.parametrize(
    "values", [[1.0] * 60, [np.nan] * 60, [*[0.0] * 59, 1.0], [1e300, -1e300] * 30]
)
def test_columns_of_any_shape_are_drawn(values: list[float]) -> None:
    frame = pd.DataFrame({"a": values, "label": np.arange(60.0)})
    html, _ = explored(frame, regression(Column(name="a", missing="allow")))
    assert "a" in html
    assert "The target: 0 to 59" in html


def test_a_card_of_a_table_speaks_of_its_columns() -> None:
    frame = pd.DataFrame({"a": np.arange(60.0), "label": np.arange(60.0)})
    text = explored(frame, regression(Column(name="a")))[1].to_markdown()
    assert "## Columns" in text
    assert "| a | number | 0 | 60 |" in text
    assert "URL" not in text
