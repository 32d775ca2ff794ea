"""The report's sections on predicted numbers, and on what the columns of a table are worth."""

from __future__ import annotations

from switchyard.configuration.model import UseCase
from switchyard.evaluation import drawings_numbers as drawings
from switchyard.evaluation.results import Evaluation
from switchyard.pages import grid, paragraph, picture, section, table

SHOWN = 15
"""So many of the most important columns are drawn."""

_LISTED = 50


def answers(evaluation: Evaluation, use_case: UseCase) -> str:
    """How near predictions lie, and how wide the intervals around them are."""
    served, target = evaluation.candidate(evaluation.served.name), use_case.target
    band = served.band
    if band is None or target is None:
        return ""
    name = f"{target.column} ({target.unit})" if target.unit else target.column
    measured = served.metrics["coverage"].value
    held = "" if measured is None else f" On the holdout {100 * measured:.1f} % did."
    text = (
        f"Each prediction comes with an interval of {band.half_width:.4g} {target.unit} to either "
        f"side, which is to hold {100 * band.coverage:g} % of the true values: {band.note}. The "
        f"holdout had no say in it.{held}"
    )
    pictures = grid(
        picture(
            drawings.fit_figure(served, name),
            f"True values by predictions of {served.name}",
            "True by predicted; on the dotted line both are the same, the stripe is the interval.",
        ),
        picture(
            drawings.error_figure(served, name),
            f"Errors of {served.name} by prediction",
            "Errors by prediction: the median, and where eight of ten lie.",
        ),
    )
    rows = [
        (judged.name, judged.band.half_width, judged.band.rows, judged.metrics["coverage"].value)
        for judged in evaluation.candidates
        if judged.band is not None
    ]
    heads = ("Candidate", "To either side", "Rows it is from", "Held on the holdout")
    return section("Predictions", paragraph(text), pictures, table(heads, rows, "Intervals"))


def importance_section(evaluation: Evaluation, use_case: UseCase) -> str:
    """What the served candidate goes by; '' of texts."""
    found = evaluation.served.importances
    if not found:
        return ""
    metric = "RMSE" if evaluation.numbers else "ROC-AUC"
    unit = use_case.target.unit if use_case.target and evaluation.numbers else ""
    told = f"Loss of {metric}" + (f", {unit}" if unit else "")
    text = (
        f"What {evaluation.served.name} goes by: how much worse its {metric} on the holdout is "
        "when a column is shuffled. Columns that say the same share what they are worth."
    )
    figure = picture(drawings.importance_figure(found[:SHOWN], told), "The most telling columns")
    rows = [(each.name, each.loss) for each in found[:_LISTED]]
    return section(
        "Most telling columns",
        paragraph(text),
        grid(figure, table(("Column", told), rows)),
    )
