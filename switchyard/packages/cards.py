"""The model card: what a person must know before trusting the model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from switchyard.evaluation.metrics import METRICS
from switchyard.evaluation.results import Evaluation
from switchyard.evaluation.slices import Slice
from switchyard.packages.manifest import Details

WEAK = 8
"""So many of the weakest slices are told."""


def model_card(
    details: Details, evaluation: Evaluation, title: str, *, optimistic: bool = False
) -> str:
    """The card in Markdown; it holds no time, so that equal models have equal cards.

    optimistic: the holdout was drawn at random, so that rows of one domain are on both sides.
    """
    positive, negative = details.labels.positive, details.labels.negative
    judged = evaluation.candidate(details.candidate)
    data = details.data
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
        f"Tells {positive} from {negative} by the text of a URL alone, and gives the probability "
        f"of {positive}. Meant to help people and systems that look further, not to be the only "
        "ground for blocking an address.",
        "",
        "## Data",
        "",
        f"- rows of the data set, those held out included: {data.rows:,}",
        f"- sources: {', '.join(data.sources) or 'not named'}",
        f"- digest: `{data.digest}`",
        "",
        "## Decision",
        "",
        f"A URL is called {positive} at a score of {details.threshold:.6g} or more: "
        f"{judged.threshold.note}.",
        "",
        f"## How good it is, on {evaluation.rows:,} rows held out",
        "",
        *_protocol(evaluation, optimistic),
        "",
        f"| metric | value | {100 * evaluation.confidence:g} % interval |",
        "|---|---:|---|",
        *_metric_rows(details, evaluation),
        "",
        "## Where it is weak",
        "",
        *_slice_rows(evaluation.served.slices, positive, negative),
        "",
        "## Limits",
        "",
        "- It reads the address only, never the page behind it.",
        "- Attacks change: expect recall to fall on URLs newer than its data, and train it anew.",
        f"- It was measured at the share of {positive} in its holdout, "
        f"{100 * evaluation.positives / evaluation.rows:.1f} %; where that share is smaller, more "
        "of its alarms are false.",
        "",
        "## Loading",
        "",
        "```python",
        "from pathlib import Path",
        "from switchyard.packages.loading import load",
        "",
        'model = load(Path("path/to/this/folder"))',
        'score = model.estimator.predict_proba(["example.com/login"])[0, 1]',
        f'label = "{positive}" if score >= model.threshold else "{negative}"',
        "```",
    ]
    return "\n".join(lines) + "\n"


def _protocol(evaluation: Evaluation, optimistic: bool) -> Iterable[str]:
    if optimistic:
        yield (
            "**Optimistic protocol:** the holdout was drawn at random, so that pages of one "
            "domain stand on both sides."
        )
    else:
        groups = f" ({evaluation.groups:,} domains)" if evaluation.groups else ""
        yield f"No registered domain of the holdout{groups} was seen in training."


def _metric_rows(details: Details, evaluation: Evaluation) -> Iterable[str]:
    for name, metric in METRICS.items():
        interval = details.metrics.get(name)
        if interval is None or interval.value is None:
            reason = evaluation.unmeasured.get(name, "")
            yield f"| {metric.title} | – | {reason} |"
        elif interval.low is None or interval.high is None:
            yield f"| {metric.title} | {interval.value:.4f} | |"
        else:
            ends = f"{interval.low:.4f} to {interval.high:.4f}"
            yield f"| {metric.title} | {interval.value:.4f} | {ends} |"


def _slice_rows(slices: Sequence[Slice], positive: str, negative: str) -> Iterable[str]:
    if not slices:
        yield "No slice of the holdout has enough rows to be told."
        return
    yield f"| slice | rows | accuracy | {negative} called {positive} | {positive} found |"
    yield "|---|---:|---:|---:|---:|"
    for one in sorted(slices, key=lambda one: one.accuracy)[:WEAK]:
        yield (
            f"| {one.family}: {_cell(one.name)} | {one.rows:,} | {one.accuracy:.3f} "
            f"| {_told(one.false_positive_rate)} | {_told(one.recall)} |"
        )


def _told(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
