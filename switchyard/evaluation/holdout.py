"""All candidates on the holdout, once: scored, measured, sliced, and told what they go by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from switchyard.configuration.model import UseCase
from switchyard.configuration.tasks import TASKS
from switchyard.evaluation.conformal import BandRule
from switchyard.evaluation.importances import Importance, importances
from switchyard.evaluation.intervals import Measured
from switchyard.evaluation.judging import evaluate
from switchyard.evaluation.judging_numbers import evaluate_numbers
from switchyard.evaluation.metrics import Decided
from switchyard.evaluation.residuals import Residuals
from switchyard.evaluation.results import Evaluation
from switchyard.evaluation.slices import slice_columns
from switchyard.evaluation.tellings import telling_tokens
from switchyard.evaluation.thresholds import Threshold
from switchyard.progress import Report
from switchyard.tables.slicing import table_slices
from switchyard.tasks.rows import Inputs, on_tables, rows_of
from switchyard.tasks.scores import Floats, scores_of

if TYPE_CHECKING:
    import pandas as pd


def judge(
    holdout: pd.DataFrame,
    models: Mapping[str, Any],
    results: Mapping[str, Mapping[str, Any]],
    served: str,
    inputs: Inputs,
    case: UseCase,
    report: Report,
) -> Evaluation:
    """The evaluation of all candidates; the one to be served in depth.

    models: candidate → its estimator; results: candidate → what its training found.
    """
    rows, y = rows_of(holdout, inputs), holdout["label"].to_numpy()
    scores = {}
    for done, (name, model) in enumerate(models.items()):
        report(done, len(models), name)
        scores[name] = _scores(model, rows, case)
    report(len(models), None, "intervals and slices")
    columns = slices_of(holdout, inputs, numbers=TASKS[case.task].numbers)
    common: dict[str, Any] = {"groups": holdout["group"]}
    if on_tables(inputs):
        common["importances"] = _importances(models[served], rows, y, results[served], inputs, case)
    else:
        common["telling"] = telling_tokens(models[served], rows, seed=case.seed)
    if TASKS[case.task].numbers:
        bands = {n: BandRule.model_validate(each["band"]) for n, each in results.items()}
        return evaluate_numbers(
            y, scores, bands, served, columns, case.evaluation, case.seed, **common
        )
    thresholds = {n: Threshold.model_validate(each["threshold"]) for n, each in results.items()}
    return evaluate(y, scores, thresholds, served, columns, case.evaluation, case.seed, **common)


def slices_of(frame: pd.DataFrame, inputs: Inputs, *, numbers: bool) -> pd.DataFrame:
    """One categorical column a family of slices, one row a row of the cleaned frame."""
    if on_tables(inputs):
        return table_slices(frame, inputs, numbers=numbers)
    return slice_columns(frame)


def _scores(model: Any, rows: Any, case: UseCase) -> Floats:
    return scores_of(
        model,
        rows,
        numbers=TASKS[case.task].numbers,
        bounds=case.target,
    )


def _importances(
    model: Any, rows: Floats, y: Any, result: Mapping[str, Any], inputs: Inputs, case: UseCase
) -> tuple[Importance, ...]:
    numbers = TASKS[case.task].numbers

    def measured(taken: Any, scores: Floats) -> Measured:
        if numbers:
            return Residuals(y[taken], scores, result["band"]["half_width"])
        return Decided(y[taken], scores, result["threshold"]["value"])

    return importances(
        lambda some: _scores(model, some, case),
        rows,
        measured,
        "rmse" if numbers else "roc_auc",
        inputs,
        case.seed,
    )
