"""The card of a model that predicts a number."""

from __future__ import annotations

from collections.abc import Iterable

from switchyard.evaluation.number_slices import NumberSlice
from switchyard.evaluation.results import Evaluation
from switchyard.packages.card_parts import NO_SLICES, WEAK, cell, inputs_told
from switchyard.packages.manifest import Band, Details, Predicted


def intended_use(details: Details) -> Iterable[str]:
    predicted, _ = _parts(details)
    yield (
        f"Predicts {_named(predicted)} from {inputs_told(details)}, with an interval. Meant to "
        "help people and systems that know more than these columns, not to be the only ground of "
        "a decision about a person."
    )


def decision(details: Details, evaluation: Evaluation) -> Iterable[str]:
    predicted, band = _parts(details)
    chosen = evaluation.candidate(details.candidate).band
    yield "## Intervals"
    yield ""
    yield (
        f"{band.half_width:.4g}{_unit(predicted)} to either side of a prediction, to hold "
        f"{100 * band.coverage:g} % of the true values: {chosen.note if chosen else 'as given'}. "
        "The width is the same for every row: it does not tell the sure ones from the others."
    )
    bounds = [
        f"not {side} {bound:g}"
        for side, bound in (("below", predicted.minimum), ("above", predicted.maximum))
        if bound is not None
    ]
    if bounds:
        yield f"Predictions and intervals are {' and '.join(bounds)}."


def slice_rows(details: Details, evaluation: Evaluation) -> Iterable[str]:
    del details
    slices = [one for one in evaluation.served.slices if isinstance(one, NumberSlice)]
    if not slices:
        yield NO_SLICES
        return
    yield "| slice | rows | mean absolute error | bias | within the interval |"
    yield "|---|---:|---:|---:|---:|"
    for one in sorted(slices, key=lambda one: -one.mae)[:WEAK]:
        yield (
            f"| {cell(one.family)}: {cell(one.name)} | {one.rows:,} | {one.mae:.4g} "
            f"| {one.bias:+.4g} | {one.coverage:.3f} |"
        )


def limits(details: Details, evaluation: Evaluation) -> Iterable[str]:
    del evaluation
    predicted, _ = _parts(details)
    yield (
        f"- Its training rows had {_named(predicted)} from {predicted.lowest:g} to "
        f"{predicted.highest:g}; beyond, it guesses."
    )
    yield "- Inputs beyond those of the training rows are answered with a warning."


def example(details: Details) -> Iterable[str]:
    del details
    yield "from switchyard.tasks.rows import rows_of"
    yield "value = model.scores(rows_of(frame, model.manifest.inputs))[0]  # frame: a cleaned table"


def _parts(details: Details) -> tuple[Predicted, Band]:
    assert details.predicted is not None  # the caller sees to both
    assert details.band is not None
    return details.predicted, details.band


def _named(predicted: Predicted) -> str:
    return f"`{predicted.name}`" + (f" ({predicted.unit})" if predicted.unit else "")


def _unit(predicted: Predicted) -> str:
    return f" {predicted.unit}" if predicted.unit else ""
