"""Replayed rows look as the prediction store would give them."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from switchyard.capture.rows import PREDICTION_ROWS
from switchyard.configuration.model import Labels
from switchyard.replay.captured import captured, span
from tests.labels import PHISHING

ROWS = pd.DataFrame({"url": ["a.example", "b.example", "c.example"], "label": [0, 1, 1]})
LABELS = PHISHING
SINCE, UNTIL = datetime(2022, 1, 1, tzinfo=UTC), datetime(2022, 1, 4, tzinfo=UTC)


def test_answers_and_truth_stand_beside_each_other() -> None:
    table = captured(ROWS, np.array([0.1, 0.5, 0.4]), 0.5, "3", SINCE, UNTIL, LABELS)
    assert table["label"].to_pylist() == ["benign", "phishing", "benign"]
    assert table["true_label"].to_pylist() == ["benign", "phishing", "phishing"]
    assert set(table["model_version"].to_pylist()) == {"3"}


def test_requests_come_evenly_within_the_window() -> None:
    table = captured(ROWS, np.zeros(3), 0.5, "3", SINCE, UNTIL, LABELS)
    assert [moment.day for moment in table["time"].to_pylist()] == [1, 2, 3]
    assert len(set(table["request_id"].to_pylist())) == 3


def test_columns_are_of_the_types_of_the_prediction_store() -> None:
    table = captured(ROWS, np.zeros(3), 0.5, "3", SINCE, UNTIL, LABELS)
    for name in set(table.column_names) & set(PREDICTION_ROWS.names):
        assert table.schema.field(name).type == PREDICTION_ROWS.field(name).type, name


@pytest.mark.parametrize(
    ("month", "until"), [("2021-07", (2021, 8)), ("2021-12", (2022, 1)), ("2022-11", (2022, 12))]
)
def test_a_month_ends_where_the_next_begins(month: str, until: tuple[int, int]) -> None:
    assert span(month)[1] == datetime(*until, 1, tzinfo=UTC)


def test_words_are_those_of_the_use_case() -> None:
    labels = Labels(positive="failed", negative="passed")
    table = captured(ROWS, np.array([0.1, 0.5, 0.4]), 0.5, "3", SINCE, UNTIL, labels)
    assert table["label"].to_pylist() == ["passed", "failed", "passed"]
