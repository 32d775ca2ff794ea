"""From a table to judged candidates, their report, and the package with its card."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from switchyard.candidates.learning import Learner
from switchyard.configuration.model import (
    Candidate,
    Data,
    Definition,
    Promotion,
    Sample,
    Split,
    Tuning,
    UseCase,
)
from switchyard.configuration.model import Evaluation as Settings
from switchyard.configuration.tasks import TASKS
from switchyard.data.cards import DataCard, data_card
from switchyard.data.loading import load
from switchyard.data.preparing import clean_rows
from switchyard.evaluation.holdout import judge
from switchyard.evaluation.reports import OPTIMISTIC_ROWS, report_html
from switchyard.evaluation.results import Evaluation
from switchyard.evaluation.selection import select
from switchyard.packages.building import build_package
from switchyard.packages.loading import load as load_package
from switchyard.split import split
from switchyard.tasks.rows import learn_inputs, rows_of
from switchyard.tasks.scores import scores_of
from tests.table_models import CLASSIFICATION, REGRESSION

ESTIMATORS = {"regression": ("ridge", "decision-tree"), "table-classification": ("logistic",)}


@dataclass
class Judged:
    """A use case whose candidates were trained and judged."""

    case: UseCase
    evaluation: Evaluation
    card: DataCard
    model: Any
    inputs: Any
    holdout: pd.DataFrame
    tunings: list[dict[str, Any]]

    def report(self, **changes: Any) -> str:
        case = self.case.model_copy(update=changes)
        return report_html(self.evaluation, case, self.card, self.tunings)


def judged(what: Definition) -> Judged:
    kind = TASKS[what.task]
    case = UseCase(
        name="demo",
        title="Demo",
        serve="best",
        data=Data(sample=Sample(rows=900)),
        candidates=tuple(Candidate(name=each, estimator=each) for each in ESTIMATORS[what.task]),
        tuning=Tuning(jobs=1, metric="r2" if kind.numbers else "roc_auc"),
        evaluation=Settings(bootstrap=20, min_slice_rows=20, max_false_positive_rate=0.1),
        promotion=Promotion.model_validate(TASKS[what.task].defaults["promotion"]),
        **{name: getattr(what, name) for name in ("task", "labels", "table", "target")},
    )
    loaded = load(case.data, what, 1)
    cleaned = clean_rows(loaded.raw, case.data, what)
    parts = split(cleaned.frame, Split(validation=0.2), 0, numbers=kind.numbers)
    train, validation, holdout = (
        cleaned.frame.iloc[rows].reset_index(drop=True)
        for rows in (parts.train, parts.validation, parts.holdout)
    )
    inputs = learn_inputs(train, what, case.data)
    learner = Learner(train, validation, inputs, what, case.tuning, case.evaluation, 1)
    learnt = {each.name: learner.learn(each) for each in case.candidates}
    results = {name: each.plain() for name, each in learnt.items()}
    served = select(case, results)
    models = {name: each.model for name, each in learnt.items()}
    return Judged(
        case,
        judge(holdout, models, results, served, inputs, case, lambda *_: None),
        data_card(cleaned, loaded.provenance, what),
        models[served],
        inputs,
        holdout,
        [each["tuning"] for each in results.values()],
    )


@pytest.fixture(scope="module")
def numbers() -> Judged:
    return judged(REGRESSION)


@pytest.fixture(scope="module")
def labels() -> Judged:
    return judged(CLASSIFICATION)


def test_the_best_of_the_folds_is_served_and_what_it_goes_by_is_told(numbers: Judged) -> None:
    means = {each["candidate"]: each["mean"] for each in numbers.tunings}
    assert numbers.evaluation.served.name == max(means, key=lambda name: means[name])
    found = [each.name for each in numbers.evaluation.served.importances]
    assert sorted(found) == sorted(numbers.inputs)
    losses = [each.loss for each in numbers.evaluation.served.importances]
    assert losses == sorted(losses, reverse=True)
    assert losses[0] > 0


def test_the_report_of_numbers_says_what_it_must(numbers: Judged) -> None:
    page = numbers.report()
    for said in ("R²", "Median absolute error", "Share within the interval", "math (points)",
                 "parental level of education", "Most telling columns", "True value",
                 "Groups of rows", "to either side"):  # fmt: skip
        assert said in page, said
    assert "URL" not in page
    assert "domain" not in page
    assert page.count("<svg") == 3


def test_the_report_of_labels_on_tables_speaks_of_rows(labels: Judged) -> None:
    page = labels.report()
    for said in ("ROC-AUC", "A row is called passed", "Loss of ROC-AUC", "lunch/label"):
        assert said in page, said
    assert "URL" not in page


def test_a_random_split_is_told_to_be_optimistic(numbers: Judged) -> None:
    assert OPTIMISTIC_ROWS in numbers.report(split=Split(protocol="random"))
    assert OPTIMISTIC_ROWS not in numbers.report()


def test_rows_that_stand_twice_are_told_of(numbers: Judged) -> None:
    kept = numbers.card.model_copy(update={"duplicates": 240, "deduplicated": False})
    page = report_html(numbers.evaluation, numbers.case, kept, numbers.tunings)
    assert "240 rows repeat others and were kept" in page
    assert "leakage" in page
    left_out = kept.model_copy(update={"deduplicated": True})
    page = report_html(numbers.evaluation, numbers.case, left_out, numbers.tunings)
    assert "240 rows that repeat others were left out" in page


@pytest.mark.parametrize("kind", ["numbers", "labels"])
def test_the_package_answers_as_the_candidate_did(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    run: Judged = request.getfixturevalue(kind)
    package = build_package(
        tmp_path / "package", run.model, run.case, run.inputs, run.evaluation, run.card
    )
    model = load_package(package.folder)
    rows = rows_of(run.holdout, model.manifest.inputs)
    direct = scores_of(run.model, rows, numbers=kind == "numbers", bounds=run.case.target)
    assert model.scores(rows).tolist() == direct.tolist()
    card = (package.folder / "card.md").read_text(encoding="utf-8")
    assert "URL" not in card
    assert "`reading`" in card
    if kind == "numbers":
        assert "Predicts `math` (points)" in card
        assert "Predictions and intervals are not below 0 and not above 100." in card
        assert model.manifest.band is not None
        assert model.manifest.labels is None
    else:
        assert "Tells passed from failed" in card
        assert model.manifest.threshold is not None
