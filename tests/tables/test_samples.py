"""Generated rows of tables are as their columns are declared, and can be learnt from."""

from __future__ import annotations

from typing import Any

import pytest

from switchyard.configuration.model import Data, Definition
from switchyard.configuration.tables import Column, Table, Target
from switchyard.tables.cleaning import clean_table
from switchyard.tables.samples import generate_table


@pytest.mark.parametrize(
    "bounds",
    [
        {},
        {"minimum": 5},
        {"maximum": 5},
        {"maximum": -10},
        {"minimum": 2_000_000, "maximum": 2_000_010},
        {"minimum": 1.0000001, "maximum": 1.0000002},
        {"minimum": 7, "maximum": 7},
    ],
    ids=str,
)
def test_numbers_lie_within_whatever_bounds_are_declared(bounds: dict[str, Any]) -> None:
    inputs = (Column(name="bounded", **bounds), Column(name="free"))
    what = Definition(task="regression", table=Table(inputs=inputs), target=Target(column="y"))

    cleaned = clean_table(generate_table(500, what, 1), Data(), what)

    assert cleaned.counts["rejected"] <= 5
    assert (cleaned.frame["bounded"].nunique() > 400) is (bounds.get("minimum") != 7)


@pytest.mark.parametrize("bounds", [{"maximum": -5}, {"minimum": 1e6}, {"maximum": 3}], ids=str)
def test_a_target_with_one_bound_varies_too(bounds: dict[str, Any]) -> None:
    table = Table(inputs=(Column(name="a"),))
    what = Definition(task="regression", table=table, target=Target(column="y", **bounds))

    cleaned = clean_table(generate_table(500, what, 1), Data(), what)

    assert cleaned.counts["rejected"] == 0
    assert cleaned.frame["label"].nunique() > 50
