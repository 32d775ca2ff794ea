"""Candidates of tables are tuned and fitted as those of texts are."""

from __future__ import annotations

import numpy as np
import pytest

from switchyard.candidates.catalogue import check_task, find, installed
from switchyard.candidates.fitting import fit
from switchyard.candidates.table_entries import REGRESSORS
from switchyard.candidates.tuning import points_of, tune
from switchyard.configuration.model import Candidate, Scalar, Tuning
from switchyard.errors import DataError, RequestError

random = np.random.default_rng(0)
ROWS = np.column_stack([random.normal(size=(300, 3)), random.integers(0, 4, 300)])
ROWS[::17, 1] = np.nan
ROWS[::13, 3] = np.nan
SIZES = (0, 0, 0, 4)
Y = 3.0 * ROWS[:, 0] + np.nan_to_num(ROWS[:, 3]) ** 2 + random.normal(size=300) * 0.1
GROUPS = [f"group {at % 60}" for at in range(300)]
SETTINGS = Tuning(folds=3, jobs=1, metric="r2")


def candidate(estimator: str, **search: tuple[Scalar, ...]) -> Candidate:
    return Candidate(name="it", estimator=estimator, search=search)


@pytest.mark.parametrize("estimator", REGRESSORS)
def test_each_learns_from_numbers_and_categories_with_gaps(estimator: str) -> None:
    if not installed(find(estimator)):
        pytest.skip(f"{find(estimator).library} is not installed")
    model = fit(candidate(estimator), {}, ROWS, Y, None, 1, SIZES)
    assert model.score(ROWS, Y) > 0.5
    assert np.isfinite(model.predict(ROWS)).all()


def test_the_best_point_wins_on_folds_that_keep_groups_together() -> None:
    wanted = candidate("ridge", alpha=(0.1, 1e6))
    found = tune(wanted, ROWS, Y, GROUPS, SETTINGS, 1, sizes=SIZES, numbers=True)
    assert found.parameters == {"alpha": 0.1}
    assert found.mean > 0.8
    assert (found.metric, found.rows, len(found.table)) == ("r2", 300, 2)


def test_of_errors_the_smaller_wins() -> None:
    settings = SETTINGS.model_copy(update={"metric": "rmse"})
    wanted = candidate("ridge", alpha=(1e6, 0.1))
    found = tune(wanted, ROWS, Y, None, settings, 1, sizes=SIZES, numbers=True)
    assert found.parameters == {"alpha": 0.1}
    assert found.mean < 0.0


def test_points_are_drawn_each_once_and_the_same_again() -> None:
    wanted = candidate("elastic-net", alpha=tuple(range(1, 11)), mix=(0.1, 0.5, 0.9))
    settings = Tuning(search="random", trials=7)
    drawn = points_of(wanted, settings, 3)
    assert len(drawn) == len({tuple(point.items()) for point in drawn}) == 7
    assert drawn == points_of(wanted, settings, 3)
    assert drawn != points_of(wanted, settings, 4)
    assert len(points_of(wanted, Tuning(search="random", trials=99), 3)) == 30


def test_what_cannot_be_is_refused_by_name() -> None:
    metric = SETTINGS.model_copy(update={"metric": "roc_auc"})
    with pytest.raises(RequestError, match="'roc_auc' cannot be tuned for; choose one of r2"):
        tune(candidate("ridge"), ROWS, Y, None, metric, 1, sizes=SIZES, numbers=True)
    with pytest.raises(DataError, match="5 rows are too few for 3 folds"):
        tune(candidate("ridge"), ROWS[:5], Y[:5], None, SETTINGS, 1, sizes=SIZES, numbers=True)
    with pytest.raises(RequestError, match="'ridge' does no text-classification"):
        check_task(candidate("ridge"), "text-classification")
    check_task(candidate("ridge"), "regression")
