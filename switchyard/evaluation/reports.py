"""The report of a training run: one HTML page that needs nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from switchyard.configuration.model import UseCase
from switchyard.configuration.tasks import TASKS
from switchyard.data.cards import DataCard
from switchyard.data.notices import SYNTHETIC
from switchyard.evaluation import report_labels as labels
from switchyard.evaluation import report_numbers as numbers
from switchyard.evaluation.intervals import Interval
from switchyard.evaluation.metrics import metrics_of
from switchyard.evaluation.report_tables import candidate_section, ends, slice_section
from switchyard.evaluation.results import Evaluation
from switchyard.pages import grid, page, paragraph, section, table
from switchyard.promotion.gates import check_floors
from switchyard.promotion.records import Decision, Gate

OPTIMISTIC = (
    "Optimistic protocol: the holdout was drawn at random, so that pages of one domain stand on "
    "both sides of the split. On domains never seen the model does worse."
)
OPTIMISTIC_ROWS = (
    "Optimistic protocol: the holdout was drawn at random, so that rows of one group, and equal "
    "rows that were kept, stand on both sides of the split. On new rows the model may do worse."
)
LABELS_SHOWN = ("accuracy", "roc_auc", "recall", "precision", "recall_at_1pct_fpr", "ece")
NUMBERS_SHOWN = ("r2", "rmse", "mae", "median_ae", "bias", "coverage")

_ROWS_OF_GRID = 40


def report_html(
    evaluation: Evaluation,
    use_case: UseCase,
    data: DataCard,
    tunings: Sequence[Mapping[str, Any]],
    decision: Decision | None = None,
) -> str:
    """The page. tunings: each candidate's `TuningResult` as plain values; decision: once taken."""
    title = f"{use_case.title}: training report"
    banner = SYNTHETIC if data.synthetic else None
    of_task = (
        [numbers.answers(evaluation, use_case)]
        if evaluation.numbers
        else [labels.decisions(evaluation, use_case), labels.curves(evaluation, use_case)]
    )
    parts = [
        _headline(evaluation, use_case, decision),
        candidate_section(evaluation),
        *of_task,
        slice_section(evaluation, use_case),
        labels.tellings(evaluation, use_case),
        numbers.importance_section(evaluation, use_case),
        _tunings(tunings),
        _data(data, use_case),
    ]
    return page(title, "\n".join(part for part in parts if part), banner=banner)


def _headline(evaluation: Evaluation, use_case: UseCase, decision: Decision | None) -> str:
    served = evaluation.candidate(evaluation.served.name)
    metrics = metrics_of(numbers=evaluation.numbers)
    shown = [
        (metrics[name].title, served.metrics[name])
        for name in (NUMBERS_SHOWN if evaluation.numbers else LABELS_SHOWN)
        if name in served.metrics
    ]
    tiles = "".join(_tile(title, interval) for title, interval in shown)
    gates: Sequence[Gate] = (
        decision.gates
        if decision is not None
        else check_floors(
            evaluation.figures(served.name), use_case.promotion, numbers=evaluation.numbers
        )
    )
    said = f"Served candidate: {served.name}. "
    said += (
        decision.summary
        if decision is not None
        else "The decision on promotion is taken after this report, against the champion."
    )
    parts = [paragraph(said)]
    if use_case.split.protocol == "random":
        told = OPTIMISTIC_ROWS if TASKS[use_case.task].on_tables else OPTIMISTIC
        parts.append(f'<p class="banner" role="note">{escape(told)}</p>')
    parts.append(
        '<div style="display:grid;gap:.75rem;margin:1.25rem 0;'
        f'grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr))">{tiles}</div>'
    )
    rows = [(gate.sentence, "yes" if gate.passed else "NO") for gate in gates]
    parts.append(table(("Gate", "Passed"), rows) if rows else "")
    return "\n".join(parts)


def _tile(title: str, interval: Interval) -> str:
    value = "–" if interval.value is None else f"{interval.value:.4f}"
    told = ends(interval) or "not measurable here"
    soft = "color:var(--soft);font-size:.85rem"
    return (
        '<div style="background:var(--panel);border-radius:.4rem;padding:.7rem .9rem">'
        f'<div style="{soft}">{escape(title)}</div>'
        f'<div style="font-size:1.5rem;font-variant-numeric:tabular-nums">{value}</div>'
        f'<div style="{soft}">{told}</div></div>'
    )


def _tunings(tunings: Sequence[Mapping[str, Any]]) -> str:
    if not tunings:
        return ""
    parts = []
    summary = [
        (
            tuning["candidate"],
            tuning["estimator"],
            _written(tuning["parameters"]),
            tuning["metric"],
            float(tuning["mean"]),
            float(tuning["std"]),
            f"{float(tuning['seconds']):.1f} s",
        )
        for tuning in tunings
    ]
    heads = ("Candidate", "Estimator", "Chosen", "Metric", "Mean", "Spread", "Time")
    parts.append(table(heads, summary, "Cross-validated on training rows, grouped as the split is"))
    for tuning in tunings:
        points = tuning["table"]
        if len(points) < 2:
            continue
        rows = [
            (_written(point["parameters"]), float(point["mean"]), float(point["std"]))
            for point in points[:_ROWS_OF_GRID]
        ]
        listed = table(("Parameters", "Mean", "Spread"), rows)
        label = f"Grid of {tuning['candidate']}: {len(points)} points"
        parts.append(f"<details><summary>{escape(label)}</summary>{listed}</details>")
    return section("Tuning", *parts)


def _written(parameters: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in parameters.items()) or "as they are"


def _data(data: DataCard, use_case: UseCase) -> str:
    facts: list[tuple[str, object]] = [
        ("Rows", f"{data.rows:,}"),
        *((f"labelled {name}", f"{count:,}") for name, count in data.classes.items()),
        ("Groups of rows" if data.columns else "Registered domains", f"{data.groups:,}"),
        ("Rejected", f"{data.rejected:,} of {data.read:,} read"),
        ("Split", f"{use_case.split.protocol}, {100 * use_case.split.holdout:g} % held out"),
        ("Seed", str(use_case.seed)),
        ("Digest", data.digest[:16] + "…"),
    ]
    notes = [*data.oddities, *_repeated(data)]
    sources = [(name, sum(counts.values())) for name, counts in data.sources.items()]
    return section(
        "Data",
        *(f'<p class="banner" role="note">{escape(note)}</p>' for note in notes),
        grid(table(("What", "Value"), facts), table(("Source", "Rows"), sources)),
    )


def _repeated(data: DataCard) -> list[str]:
    """Of tables: what rows that stand twice do to the figures."""
    if not data.columns or not data.duplicates:
        return []
    if data.deduplicated:
        return [
            f"{data.duplicates:,} rows that repeat others were left out. Kept, copies would stand "
            "on both sides of a random split, and a model that learns rows by heart would look "
            "better than it is."
        ]
    return [
        f"{data.duplicates:,} rows repeat others and were kept (data.drop_duplicates: false). "
        "Where copies stand on both sides of the split, part of the lead of models that can learn "
        "rows by heart, such as trees and neighbours, is leakage."
    ]
