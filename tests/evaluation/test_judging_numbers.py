"""The evaluation of predicted numbers: all candidates, their intervals, slices and columns."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from switchyard.configuration.model import Evaluation as Settings
from switchyard.configuration.tables import Target
from switchyard.errors import RequestError
from switchyard.evaluation.conformal import choose_band
from switchyard.evaluation.importances import importances
from switchyard.evaluation.judging_numbers import evaluate_numbers
from switchyard.evaluation.residuals import Residuals
from switchyard.evaluation.results import Evaluation
from switchyard.packages.manifest import AnyInput, Category, Number
from switchyard.tables.slicing import table_slices
from switchyard.tasks.scores import scores_of

random = np.random.default_rng(0)
Y = random.normal(50, 10, 400)
NEAR = Y + random.normal(0, 2, 400)
FAR = Y + random.normal(0, 6, 400)
COLUMNS = pd.DataFrame({"kind": np.where(np.arange(400) < 100, "a", "b")})


def evaluation() -> Evaluation:
    predicted = {"near": NEAR, "far": FAR}
    bands = {name: choose_band(Y, values, 0.9) for name, values in predicted.items()}
    return evaluate_numbers(
        Y, predicted, bands, "near", COLUMNS, Settings(bootstrap=50, min_slice_rows=20), 1
    )


def test_the_nearer_candidate_is_better_by_every_measure() -> None:
    found = evaluation()
    near, far = found.figures("near"), found.figures("far")
    assert near["r2"] > far["r2"]
    assert all(near[name] < far[name] for name in ("rmse", "mae", "median_ae"))
    assert near["coverage"] == pytest.approx(0.9, abs=0.01)
    interval = found.candidate("near").metrics["rmse"]
    assert interval.low is not None
    assert interval.high is not None
    assert interval.low < near["rmse"] < interval.high
    assert found.numbers


def test_slices_and_errors_are_of_the_rows_they_name() -> None:
    found = evaluation()
    first, second = found.served.slices
    assert (first.name, first.rows, second.name, second.rows) == ("a", 100, "b", 300)
    told = first.model_dump()
    assert told["mae"] == pytest.approx(np.abs(NEAR - Y)[:100].mean())
    assert told["bias"] == pytest.approx((NEAR - Y)[:100].mean())
    bins = found.candidate("far").errors
    assert sum(each.rows for each in bins) == 400
    assert [each.predicted for each in bins] == sorted(each.predicted for each in bins)
    assert all(each.low <= each.median <= each.high for each in bins)


def test_it_comes_back_from_json_as_it_was() -> None:
    found = evaluation()
    assert Evaluation.model_validate_json(found.model_dump_json()) == found


def test_intervals_must_be_of_the_same_candidates() -> None:
    with pytest.raises(RequestError, match="must be of the same candidates"):
        evaluate_numbers(Y, {"near": NEAR}, {}, "near", COLUMNS, Settings(), 0)


def test_the_column_that_the_model_goes_by_is_the_most_important() -> None:
    rows = random.normal(size=(500, 3))
    y = 3 * rows[:, 1]
    found = importances(
        lambda some: 3 * some[:, 1],
        rows,
        lambda taken, scores: Residuals(y[taken], scores, 1.0),
        "rmse",
        {"idle": None, "busy": None, "spare": None},
        0,
    )
    assert found[0].name == "busy"
    assert found[0].loss == pytest.approx(3 * 2**0.5, rel=0.15)  # of two independent draws
    assert [each.loss for each in found[1:]] == [0.0, 0.0]


def test_tables_are_sliced_by_their_categories_and_quarters() -> None:
    frame = pd.DataFrame(
        {
            "size": [*np.arange(99.0), np.nan],
            "colour": [None, *["red"] * 99],
            "two": [0.0, 1.0] * 50,
            "label": np.arange(100.0),
        }
    )
    inputs: dict[str, AnyInput] = {
        "size": Number(type="number", minimum=0, maximum=98, missing=True),
        "colour": Category(type="category", values=("red",), missing=True),
        "two": Number(type="number", minimum=0, maximum=1),
    }
    found = table_slices(frame, inputs, numbers=True)
    assert list(found) == ["true value", "size", "colour", "two"]
    assert found["size"].value_counts().to_dict() == {
        "up to 24.5": 25,
        "over 24.5 to 49": 25,
        "over 49 to 73.5": 24,
        "over 73.5": 25,
        "missing": 1,
    }
    assert found["colour"].value_counts().to_dict() == {"red": 99, "missing": 1}
    assert set(found["two"]) == {"0.0", "1.0"}
    assert "true value" not in table_slices(frame, inputs, numbers=False)


def test_predictions_keep_to_the_bounds_of_their_target() -> None:
    class Echo:
        def predict(self, rows: object) -> object:
            return rows

    held = scores_of(Echo(), [-1.0, 5.0, 11.0], numbers=True, bounds=Target(column="y", minimum=0))
    assert held.tolist() == [0.0, 5.0, 11.0]
    free = scores_of(Echo(), [-1.0, 5.0, 11.0], numbers=True)
    assert free.tolist() == [-1.0, 5.0, 11.0]


@pytest.mark.parametrize("start", [1_700_000_000.0, 1_234_567.0, 1.0])
def test_quarters_of_near_numbers_have_names_of_their_own_in_their_order(start: float) -> None:
    step = 1.0 if start > 1.0 else 2.0**-50
    frame = pd.DataFrame({"label": start + step * np.arange(40.0)})
    found = table_slices(frame, {}, numbers=True)["true value"]
    assert found.value_counts(sort=False).tolist() == [10, 10, 10, 10]
    assert list(found.cat.categories) == list(dict.fromkeys(found))


def test_quarters_stand_from_the_lowest_to_the_highest() -> None:
    frame = pd.DataFrame({"label": [*np.arange(7.0, 13.0), np.nan]})
    order = table_slices(frame, {}, numbers=True)["true value"].cat.categories
    assert [name.split()[-1] for name in order] == ["8.25", "9.5", "10.75", "10.75", "missing"]
