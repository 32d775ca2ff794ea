"""The report's sections on two labels: decisions, curves, telling tokens."""

from __future__ import annotations

from switchyard.configuration.model import UseCase
from switchyard.configuration.tasks import TASKS
from switchyard.evaluation import drawings
from switchyard.evaluation.results import Evaluation
from switchyard.pages import grid, paragraph, picture, section, table

TOKENS = 12
"""Of each kind."""


def decisions(evaluation: Evaluation, use_case: UseCase) -> str:
    served = evaluation.candidate(evaluation.served.name)
    positive, negative = use_case.labels.positive, use_case.labels.negative
    cells, chosen = evaluation.served.confusion, served.threshold
    if cells is None or chosen is None:
        return ""
    figure = picture(
        drawings.confusion_figure(cells, positive, negative),
        f"Confusion matrix: of {negative} {cells.true_negatives} right and {cells.false_positives} "
        f"wrong, of {positive} {cells.true_positives} right and {cells.false_negatives} wrong",
        f"Decisions of {served.name} on the holdout.",
    )
    rates = [
        f"{label} {100 * rate:.2f} %"
        for label, rate in (
            ("false positives", chosen.false_positive_rate),
            ("recall", chosen.recall),
        )
        if rate is not None
    ]
    what = "A row" if TASKS[use_case.task].on_tables else "A URL"
    text = (
        f"{what} is called {positive} when its score is {chosen.value:.6g} or more: {chosen.note}. "
        f"On validation rows: {', '.join(rates) or 'not measurable'}. The holdout had no say in it."
    )
    rows = [
        (judged.name, found.value, found.false_positive_rate, found.recall)
        for judged in evaluation.candidates
        if (found := judged.threshold) is not None
    ]
    heads = ("Candidate", "Threshold", "False positives", "Recall")
    thresholds = table(heads, rows, "Thresholds, with their rates on validation rows")
    return section("Decisions", grid(figure, f"<div>{paragraph(text)}{thresholds}</div>"))


def curves(evaluation: Evaluation, use_case: UseCase) -> str:
    allowed = use_case.evaluation.max_false_positive_rate
    served = evaluation.served.name
    return section(
        "Curves",
        grid(
            picture(
                drawings.roc_figure(evaluation, allowed),
                f"ROC curves of all candidates; {served} is served",
                "Recall by false-positive rate: the further up at the left, the better.",
            ),
            picture(
                drawings.precision_figure(evaluation),
                f"Precision-recall curves of all candidates; {served} is served",
                "Precision by recall; lines as in the first picture.",
            ),
            picture(
                drawings.calibration_figure(evaluation),
                f"Calibration of all candidates; {served} is served",
                "Calibration: on the dotted line a score is a probability; larger dots hold more "
                "rows.",
            ),
        ),
    )


def tellings(evaluation: Evaluation, use_case: UseCase) -> str:
    telling = evaluation.served.telling
    if telling is None or not (telling.positive or telling.negative):
        return ""
    text = (
        f"What {evaluation.served.name} goes by, on {telling.sampled:,} holdout URLs: "
        f"{telling.method}. To the right speaks for {use_case.labels.positive}."
    )
    figure = picture(
        drawings.telling_figure(telling, TOKENS),
        "The tokens that change the served candidate's log-odds most",
    )
    rows = [
        (token.token, round(token.weight, 3), token.urls)
        for token in (*telling.positive[:TOKENS], *telling.negative[:TOKENS][::-1])
    ]
    listed = table(("Token", "Log-odds", "URLs"), rows)
    return section("Most telling tokens", paragraph(text), grid(figure, listed))
