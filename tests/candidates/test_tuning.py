"""Tuning scores every point of the grid on grouped folds and returns the best with its record."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest

from switchyard.candidates.fitting import fit
from switchyard.candidates.tuning import tune
from switchyard.configuration.model import Candidate, Tuning
from switchyard.errors import DataError, RequestError
from switchyard.text.counts import StemCounts

RNG = np.random.default_rng(7)
BADLY = ["login", "verify", "secure", "update", "account"]
WELL = ["news", "shop", "garden", "music", "travel"]
SHARED = ["index", "page", "home", "view", "item"]


def corpus(rows: int = 300) -> tuple[list[str], np.ndarray, list[str]]:
    """URLs of 60 domains whose words tell their class most of the time."""
    urls, labels, groups = [], [], []
    for row in range(rows):
        domain = row % 60
        label = domain % 2
        told = (BADLY if label else WELL) if RNG.random() < 0.8 else SHARED
        words = [*RNG.choice(told, 2), *RNG.choice(SHARED, 2)]
        urls.append(f"site{domain}.example/{'/'.join(words)}/{row}")
        labels.append(label)
        groups.append(f"site{domain}.example")
    return urls, np.array(labels), groups


URLS, LABELS, GROUPS = corpus()
ONE_JOB = Tuning(folds=3, jobs=1)


def logistic(**search: tuple[Any, ...]) -> Candidate:
    return Candidate(
        name="words", estimator="stem-logistic", parameters={"max_iter": 200}, search=search
    )


def test_each_point_has_a_score_a_fold_and_the_best_mean_wins() -> None:
    result = tune(logistic(C=(1e-6, 1.0)), URLS, LABELS, GROUPS, ONE_JOB, 1)

    assert [point.parameters for point in result.table] == [{"C": 1e-6}, {"C": 1.0}]
    assert all(len(point.scores) == 3 for point in result.table)
    best = max(result.table, key=lambda point: point.mean)
    assert result.parameters == {"max_iter": 200, **best.parameters}
    assert result.mean == pytest.approx(np.mean(best.scores))
    assert result.std == pytest.approx(np.std(best.scores))
    assert result.mean > 0.8
    assert (result.candidate, result.metric, result.rows) == ("words", "roc_auc", 300)


def test_a_tie_goes_to_the_point_named_first() -> None:
    result = tune(logistic(max_iter=(250, 300)), URLS, LABELS, GROUPS, ONE_JOB, 1)

    assert result.table[0].mean == result.table[1].mean
    assert result.parameters == {"max_iter": 250}


def test_without_a_grid_it_is_cross_validated_once() -> None:
    result = tune(logistic(), URLS, LABELS, GROUPS, ONE_JOB, 1)

    assert len(result.table) == 1
    assert result.table[0].parameters == {}
    assert result.curves == ()
    assert 0.5 < result.mean <= 1.0


def test_a_curve_follows_one_parameter_with_the_others_at_their_best() -> None:
    result = tune(
        logistic(C=(0.001, 1.0), stop_words=(False, True)), URLS, LABELS, GROUPS, ONE_JOB, 1
    )

    assert len(result.table) == 4
    curve = next(curve for curve in result.curves if curve.parameter == "C")
    assert curve.values == (0.001, 1.0)
    assert max(curve.means) == result.mean


def test_the_result_is_the_same_in_any_row_order_and_with_more_jobs() -> None:
    shuffled = np.random.default_rng(0).permutation(len(URLS))
    candidate = logistic(C=(0.1, 1.0))

    one = tune(candidate, URLS, LABELS, GROUPS, ONE_JOB, 1)
    other = tune(
        candidate,
        [URLS[at] for at in shuffled],
        LABELS[shuffled],
        [GROUPS[at] for at in shuffled],
        Tuning(folds=3, jobs=2),
        1,
    )

    assert [point.scores for point in one.table] == [point.scores for point in other.table]


@pytest.mark.parametrize("metric", ["average_precision", "accuracy", "recall_at_fpr"])
def test_the_metric_is_the_configured_one(metric: Any) -> None:
    tuning = Tuning(folds=3, jobs=1, metric=metric)

    result = tune(logistic(), URLS, LABELS, None, tuning, 1)

    assert result.metric == metric
    assert 0.0 <= result.mean <= 1.0


def test_no_more_rows_than_configured_are_used() -> None:
    result = tune(logistic(), URLS, LABELS, GROUPS, Tuning(folds=2, jobs=1, max_rows=102), 1)

    assert result.rows == 100


def test_progress_is_told_after_every_fit() -> None:
    told: list[tuple[int, int, str]] = []

    tune(logistic(C=(0.1, 1.0)), URLS, LABELS, GROUPS, ONE_JOB, 1, lambda *args: told.append(args))

    assert [(done, total) for done, total, _ in told] == [(at, 6) for at in range(1, 7)]
    assert "words with C=0.1, fold 1: roc_auc" in told[0][2]


def test_the_words_of_a_fold_are_counted_once_for_all_points(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fits: list[int] = []
    counted = StemCounts.fit_transform

    def spied(self: StemCounts, X: Any, y: Any = None) -> Any:
        fits.append(len(X))
        return counted(self, X, y)

    monkeypatch.setattr(StemCounts, "fit_transform", spied)

    tune(logistic(C=(0.1, 1.0, 10.0)), URLS, LABELS, GROUPS, ONE_JOB, 1)

    assert fits == [200, 200, 200]


def test_knowing_a_domain_by_heart_is_worth_nothing_on_grouped_folds() -> None:
    names = ["".join(chr(97 + int(digit)) for digit in str(100 + at)) for at in range(60)]
    urls = [f"{names[at % 60]}.example/x" for at in range(len(GROUPS))]

    grouped = tune(logistic(), urls, LABELS, GROUPS, ONE_JOB, 1)
    mixed = tune(logistic(), urls, LABELS, None, ONE_JOB, 1)

    assert mixed.mean > 0.99
    assert grouped.mean == pytest.approx(0.5, abs=0.1)


def test_an_unknown_search_key_is_refused_with_the_nearest() -> None:
    with pytest.raises(RequestError, match=r"no parameter 'max_iters'.*did you mean 'max_iter'"):
        tune(logistic(max_iters=(1, 2)), URLS, LABELS, GROUPS, ONE_JOB, 1)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_fit_that_fails_names_the_candidate_and_its_parameters(jobs: int) -> None:
    with pytest.raises(RequestError, match=r"'words' with C=-1 could not be fitted.*'C'"):
        tune(logistic(C=(-1,)), URLS, LABELS, GROUPS, Tuning(folds=3, jobs=jobs), 1)


def test_one_class_is_refused() -> None:
    with pytest.raises(DataError, match="too few rows"):
        tune(logistic(), URLS, np.zeros(len(URLS), dtype=int), None, ONE_JOB, 1)


def test_the_result_can_be_written_as_json() -> None:
    result = tune(logistic(C=(0.1, 1.0)), URLS, LABELS, GROUPS, ONE_JOB, 1)

    written = json.loads(json.dumps(dataclasses.asdict(result)))

    assert written["table"][0]["parameters"] == {"C": 0.1}


def test_the_best_parameters_can_be_fitted_on_all_rows() -> None:
    candidate = logistic(C=(0.1, 1.0))
    result = tune(candidate, URLS, LABELS, GROUPS, ONE_JOB, 1)

    model = fit(candidate, result.parameters, URLS, LABELS, GROUPS, 1)

    assert model.get_params()["model__C"] == result.parameters["C"]
    assert (model.predict(URLS) == LABELS).mean() > 0.8
