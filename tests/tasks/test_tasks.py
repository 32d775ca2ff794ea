"""Rows and scores of each kind of task, from a cleaned frame to a loaded package."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from switchyard.configuration.model import Data, Definition
from switchyard.data.preparing import clean_rows
from switchyard.errors import RequestError
from switchyard.packages.loading import load
from switchyard.packages.manifest import Input
from switchyard.tables.samples import generate_table
from switchyard.tasks.rows import learn_inputs, on_tables, rows_of
from tests.table_models import CLASSIFICATION, REGRESSION, package_of


def frame_of(what: Definition) -> pd.DataFrame:
    return clean_rows(generate_table(600, what, 3), Data(), what).frame


def test_a_text_is_one_input_as_long_as_configured() -> None:
    inputs = learn_inputs(pd.DataFrame(), Definition(), Data(max_url_length=99))
    assert inputs == {"url": Input(type="string", max_length=99)}
    assert not on_tables(inputs)
    assert rows_of(pd.DataFrame({"url": ["a.example"]}), inputs).tolist() == ["a.example"]


def test_a_packaged_regression_predicts_within_its_bounds(tmp_path: Path) -> None:
    model = load(package_of(tmp_path))
    frame = frame_of(REGRESSION)
    rows = rows_of(frame, model.manifest.inputs)
    assert rows.shape == (600, 4)
    found = model.scores(np.vstack([rows, [0, 0, 1e9, 0]]))
    assert np.corrcoef(found[:-1], frame["label"])[0, 1] > 0.8
    assert found[-1] in (0.0, 100.0)
    with pytest.raises(RequestError, match="'scores' predicts a number: it has no threshold"):
        model.threshold  # noqa: B018


def test_a_packaged_classification_of_tables_gives_probabilities(tmp_path: Path) -> None:
    model = load(package_of(tmp_path, CLASSIFICATION))
    frame = frame_of(CLASSIFICATION)
    found = model.scores(rows_of(frame, model.manifest.inputs))
    assert ((found >= model.threshold) == frame["label"]).mean() > 0.8
