"""A candidate learns: tuned, fitted, and its rule chosen on rows that it had not seen."""

from __future__ import annotations

import json
from dataclasses import replace

import pandas as pd
import pytest

from switchyard.candidates.learning import Learner
from switchyard.configuration.model import Candidate, Data, Definition, Evaluation, Split, Tuning
from switchyard.configuration.tasks import TASKS
from switchyard.data.preparing import clean_rows
from switchyard.errors import RequestError
from switchyard.evaluation.conformal import BandRule
from switchyard.evaluation.thresholds import Threshold
from switchyard.split import split
from switchyard.tables.samples import generate_table
from switchyard.tasks.rows import learn_inputs, rows_of
from switchyard.tasks.scores import scores_of
from tests.table_models import CLASSIFICATION, REGRESSION

RIDGE = Candidate(name="ridge", estimator="ridge", search={"alpha": (0.1, 1e4)})


def learner(what: Definition, **changes: object) -> tuple[Learner, pd.DataFrame]:
    frame = clean_rows(generate_table(1_500, what, 3), Data(), what).frame
    numbers = TASKS[what.task].numbers
    parts = split(frame, Split(validation=0.2), 0, numbers=numbers)
    train, validation, holdout = (
        frame.iloc[rows].reset_index(drop=True)
        for rows in (parts.train, parts.validation, parts.holdout)
    )
    made = Learner(
        train=train,
        validation=validation,
        inputs=learn_inputs(train, what, Data()),
        definition=what,
        tuning=Tuning(jobs=1, metric="r2" if numbers else "roc_auc"),
        rule=Evaluation(coverage=0.8, max_false_positive_rate=0.1),
        seed=1,
    )
    return replace(made, **changes), holdout  # type: ignore[arg-type]


def test_a_regression_gets_an_interval_that_holds_new_rows() -> None:
    made, _ = learner(REGRESSION)
    learnt = made.learn(RIDGE)
    assert learnt.tuned.parameters == {"alpha": 0.1}
    assert isinstance(learnt.rule, BandRule)
    assert learnt.rule.rows == len(made.train) + len(made.validation)
    assert learnt.validation["r2"] > 0.7
    assert json.loads(json.dumps(learnt.plain()))["band"]["coverage"] == 0.8


@pytest.mark.parametrize("estimator", ["ridge", "decision-tree"])
def test_intervals_hold_new_rows_also_of_models_that_know_theirs_by_heart(estimator: str) -> None:
    made, holdout = learner(REGRESSION)
    learnt = made.learn(Candidate(name="it", estimator=estimator))
    assert isinstance(learnt.rule, BandRule)
    predicted = scores_of(
        learnt.model, rows_of(holdout, made.inputs), numbers=True, bounds=REGRESSION.target
    )
    held = abs(predicted - holdout["label"]) <= learnt.rule.half_width
    assert held.mean() == pytest.approx(0.8, abs=0.06)


def test_a_classification_of_tables_gets_a_threshold() -> None:
    made, holdout = learner(CLASSIFICATION)
    learnt = made.learn(Candidate(name="it", estimator="logistic"))
    assert isinstance(learnt.rule, Threshold)
    scores = scores_of(learnt.model, rows_of(holdout, made.inputs), numbers=False)
    negatives = scores[(holdout["label"] == 0).to_numpy()]
    assert (negatives >= learnt.rule.value).mean() <= 0.2
    assert set(learnt.plain()) == {"tuning", "threshold", "validation"}


def test_an_estimator_of_another_task_is_refused() -> None:
    made, _ = learner(REGRESSION)
    with pytest.raises(RequestError, match="does no regression"):
        made.learn(Candidate(name="fast", estimator="hashed-ngrams"))
