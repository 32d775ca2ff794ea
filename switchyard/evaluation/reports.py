"""The report of a training run: one HTML page that needs nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from switchyard.configuration.model import UseCase
from switchyard.data.cards import DataCard
from switchyard.data.notices import SYNTHETIC
from switchyard.evaluation import drawings
from switchyard.evaluation.intervals import Interval
from switchyard.evaluation.metrics import METRICS
from switchyard.evaluation.report_tables import candidate_section, ends, slice_section
from switchyard.evaluation.results import Evaluation
from switchyard.pages import grid, page, paragraph, picture, section, table
from switchyard.promotion.gates import check_floors
from switchyard.promotion.records import Decision, Gate

OPTIMISTIC = (
    "Optimistic protocol: the holdout was drawn at random, so that pages of one domain stand on "
    "both sides of the split. On domains never seen the model does worse."
)
TOKENS = 12
"""Of each kind."""

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
    whole = evaluation.candidate(evaluation.served.name).metrics["accuracy"].value or 0.0
    parts = [
        _headline(evaluation, use_case, decision),
        candidate_section(evaluation),
        _decisions(evaluation, use_case),
        _curves(evaluation, use_case),
        slice_section(evaluation.served, use_case, whole),
        _tellings(evaluation, use_case),
        _tunings(tunings),
        _data(data, use_case),
    ]
    return page(title, "\n".join(part for part in parts if part), banner=banner)


def _headline(evaluation: Evaluation, use_case: UseCase, decision: Decision | None) -> str:
    served = evaluation.candidate(evaluation.served.name)
    shown = [
        (METRICS[name].title, served.metrics[name])
        for name in ("accuracy", "roc_auc", "recall", "precision", "recall_at_1pct_fpr", "ece")
        if name in served.metrics
    ]
    tiles = "".join(_tile(title, interval) for title, interval in shown)
    gates: Sequence[Gate] = (
        decision.gates
        if decision is not None
        else check_floors(evaluation.figures(served.name), use_case.promotion)
    )
    said = f"Served candidate: {served.name}. "
    said += (
        decision.summary
        if decision is not None
        else "The decision on promotion is taken after this report, against the champion."
    )
    parts = [paragraph(said)]
    if use_case.split.protocol == "random":
        parts.append(f'<p class="banner" role="note">{escape(OPTIMISTIC)}</p>')
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


def _decisions(evaluation: Evaluation, use_case: UseCase) -> str:
    served = evaluation.candidate(evaluation.served.name)
    positive, negative = use_case.labels.positive, use_case.labels.negative
    cells = evaluation.served.confusion
    figure = picture(
        drawings.confusion_figure(cells, positive, negative),
        f"Confusion matrix: of {negative} {cells.true_negatives} right and {cells.false_positives} "
        f"wrong, of {positive} {cells.true_positives} right and {cells.false_negatives} wrong",
        f"Decisions of {served.name} on the holdout.",
    )
    chosen = served.threshold
    rates = [
        f"{label} {100 * rate:.2f} %"
        for label, rate in (
            ("false positives", chosen.false_positive_rate),
            ("recall", chosen.recall),
        )
        if rate is not None
    ]
    text = (
        f"A URL is called {positive} when its score is {chosen.value:.6g} or more: {chosen.note}. "
        f"On validation rows: {', '.join(rates) or 'not measurable'}. The holdout had no say in it."
    )
    rows = [
        (judged.name, judged.threshold.value, judged.threshold.false_positive_rate,
         judged.threshold.recall)
        for judged in evaluation.candidates
    ]  # fmt: skip
    heads = ("Candidate", "Threshold", "False positives", "Recall")
    thresholds = table(heads, rows, "Thresholds, with their rates on validation rows")
    return section("Decisions", grid(figure, f"<div>{paragraph(text)}{thresholds}</div>"))


def _curves(evaluation: Evaluation, use_case: UseCase) -> str:
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


def _tellings(evaluation: Evaluation, use_case: UseCase) -> str:
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
    sources = [(name, sum(counts.values())) for name, counts in data.sources.items()]
    return section(
        "Data",
        grid(table(("What", "Value"), facts), table(("Source", "Rows"), sources)),
    )
