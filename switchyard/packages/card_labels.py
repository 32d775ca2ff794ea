"""The card of a model that tells two labels apart."""

from __future__ import annotations

from collections.abc import Iterable

from switchyard.evaluation.results import Evaluation
from switchyard.evaluation.slices import Slice
from switchyard.packages.card_parts import NO_SLICES, WEAK, cell, inputs_told
from switchyard.packages.manifest import Details
from switchyard.tasks.rows import on_tables


def intended_use(details: Details) -> Iterable[str]:
    positive, negative = _names(details)
    if on_tables(details.inputs):
        yield (
            f"Tells {positive} from {negative} by {inputs_told(details)}, and gives the "
            f"probability of {positive}. Meant to help people and systems that know more than "
            "these columns, not to be the only ground of a decision about a person."
        )
        return
    yield (
        f"Tells {positive} from {negative} by the text of a URL alone, and gives the probability "
        f"of {positive}. Meant to help people and systems that look further, not to be the only "
        "ground for blocking an address."
    )


def decision(details: Details, evaluation: Evaluation) -> Iterable[str]:
    positive, _ = _names(details)
    chosen = evaluation.candidate(details.candidate).threshold
    what = "A row" if on_tables(details.inputs) else "A URL"
    yield "## Decision"
    yield ""
    yield (
        f"{what} is called {positive} at a score of {details.threshold:.6g} or more: "
        f"{chosen.note if chosen else 'as configured'}."
    )


def slice_rows(details: Details, evaluation: Evaluation) -> Iterable[str]:
    positive, negative = _names(details)
    slices = [one for one in evaluation.served.slices if isinstance(one, Slice)]
    if not slices:
        yield NO_SLICES
        return
    yield f"| slice | rows | accuracy | {negative} called {positive} | {positive} found |"
    yield "|---|---:|---:|---:|---:|"
    for one in sorted(slices, key=lambda one: one.accuracy)[:WEAK]:
        yield (
            f"| {one.family}: {cell(one.name)} | {one.rows:,} | {one.accuracy:.3f} "
            f"| {_told(one.false_positive_rate)} | {_told(one.recall)} |"
        )


def limits(details: Details, evaluation: Evaluation) -> Iterable[str]:
    positive, _ = _names(details)
    share = 100 * (evaluation.positives or 0) / evaluation.rows
    if on_tables(details.inputs):
        yield "- It knows rows like those that it learnt from; others it cannot tell from them."
    else:
        yield "- It reads the address only, never the page behind it."
        yield (
            "- Attacks change: expect recall to fall on URLs newer than its data, and train it "
            "anew."
        )
    yield (
        f"- It was measured at the share of {positive} in its holdout, {share:.1f} %; where that "
        "share is smaller, more of its alarms are false."
    )


def example(details: Details) -> Iterable[str]:
    positive, negative = _names(details)
    rows = "rows_of(frame, model.manifest.inputs)"
    if on_tables(details.inputs):
        yield "from switchyard.tasks.rows import rows_of"
        yield f"score = model.scores({rows})[0]  # frame: a cleaned table"
    else:
        yield 'score = model.scores(["example.com/login"])[0]'
    yield f'label = "{positive}" if score >= model.threshold else "{negative}"'


def _names(details: Details) -> tuple[str, str]:
    assert details.labels is not None  # the caller sees to it
    return details.labels.positive, details.labels.negative


def _told(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
