"""The model card: what a person must know before trusting the model."""

from __future__ import annotations

from collections.abc import Iterable

from switchyard.evaluation.metrics import metrics_of
from switchyard.evaluation.results import Evaluation
from switchyard.packages import card_labels as labels
from switchyard.packages import card_numbers as numbers
from switchyard.packages.manifest import Details
from switchyard.tasks.rows import on_tables


def model_card(
    details: Details, evaluation: Evaluation, title: str, *, optimistic: bool = False
) -> str:
    """The card in Markdown; it holds no time, so that equal models have equal cards.

    optimistic: the holdout was drawn at random, so that rows of one domain are on both sides.
    """
    data = details.data
    part = numbers if details.predicted is not None else labels
    on_table = on_tables(details.inputs)
    lines = [f"# {title}: model `{details.candidate}`", ""]
    if data.synthetic:
        lines += [
            "> **Synthetic sample.** This model learnt from generated rows. Its figures say "
            "nothing about the real world, and it must not decide anything there.",
            "",
        ]
    lines += [
        "## Intended use",
        "",
        *part.intended_use(details),
        "",
        "## Data",
        "",
        f"- rows of the data set, those held out included: {data.rows:,}",
        f"- sources: {', '.join(data.sources) or 'not named'}",
        f"- digest: `{data.digest}`",
        "",
        *part.decision(details, evaluation),
        "",
        f"## How good it is, on {evaluation.rows:,} rows held out",
        "",
        *_protocol(evaluation, optimistic, on_table),
        "",
        f"| metric | value | {100 * evaluation.confidence:g} % interval |",
        "|---|---:|---|",
        *_metric_rows(details, evaluation),
        "",
        "## Where it is weak",
        "",
        *part.slice_rows(details, evaluation),
        "",
        "## Limits",
        "",
        *part.limits(details, evaluation),
        "",
        "## Loading",
        "",
        "```python",
        "from pathlib import Path",
        "from switchyard.packages.loading import load",
        "",
        'model = load(Path("path/to/this/folder"))',
        *part.example(details),
        "```",
    ]
    return "\n".join(lines) + "\n"


def _protocol(evaluation: Evaluation, optimistic: bool, on_table: bool) -> Iterable[str]:
    if optimistic:
        same = "equal rows, and those of one group," if on_table else "pages of one domain"
        yield (
            f"**Optimistic protocol:** the holdout was drawn at random, so that {same} stand on "
            "both sides."
        )
    elif on_table:
        groups = f" ({evaluation.groups:,} groups)" if evaluation.groups else ""
        yield f"No row, and no group of rows, of the holdout{groups} was seen in training."
    else:
        groups = f" ({evaluation.groups:,} domains)" if evaluation.groups else ""
        yield f"No registered domain of the holdout{groups} was seen in training."


def _metric_rows(details: Details, evaluation: Evaluation) -> Iterable[str]:
    for name, metric in metrics_of(numbers=evaluation.numbers).items():
        interval = details.metrics.get(name)
        if interval is None or interval.value is None:
            reason = evaluation.unmeasured.get(name, "")
            yield f"| {metric.title} | – | {reason} |"
        elif interval.low is None or interval.high is None:
            yield f"| {metric.title} | {interval.value:.4f} | |"
        else:
            ends = f"{interval.low:.4f} to {interval.high:.4f}"
            yield f"| {metric.title} | {interval.value:.4f} | {ends} |"
