"""The two large tables of the report: candidates by metric, and slices."""

from __future__ import annotations

from html import escape

from switchyard.configuration.model import UseCase
from switchyard.evaluation.intervals import Interval
from switchyard.evaluation.metrics import Metric, metrics_of
from switchyard.evaluation.number_slices import NumberSlice
from switchyard.evaluation.results import Evaluation
from switchyard.evaluation.slices import Slice
from switchyard.pages import paragraph, section

WORST = 3
"""So many slices a family are highlighted, where they are worse than the whole."""

_NEAR, _NEAR_SHARE = 0.01, 0.1
_SLICE_HEADS = ("Slice", "Rows", "Positive", "Accuracy", "False positives", "Recall", "ROC-AUC")
_NUMBER_HEADS = ("Slice", "Rows", "Mean error", "RMSE", "Bias", "Within the interval")
_HIGHLIGHT = ' style="background:var(--warn);color:var(--warn-ink)"'


def ends(interval: Interval) -> str:
    """The ends of an interval as text; empty where there are none."""
    if interval.low is None or interval.high is None:
        return ""
    return f"{interval.low:.4f} – {interval.high:.4f}"


def candidate_section(evaluation: Evaluation) -> str:
    """Every metric of every candidate with its interval; the best of a row is bold."""
    names = [judged.name for judged in evaluation.candidates]
    head = "".join(
        f'<th scope="col" class="number">{escape(name)}'
        f"{'<br><small>served</small>' if name == evaluation.served.name else ''}</th>"
        for name in names
    )
    metrics = metrics_of(numbers=evaluation.numbers)
    lines = [
        f'<tr><th scope="row" style="white-space:nowrap">{metric.title}</th>'
        + _metric_cells(evaluation, metric)
        + "</tr>"
        for metric in metrics.values()
    ]
    drawn = (
        f"{evaluation.groups:,} groups, each drawn as a whole"
        if evaluation.groups
        else "single rows"
    )
    own = (
        ", each with intervals of its own"
        if evaluation.numbers
        else f" ({evaluation.positives:,} positive), each at its own threshold"
    )
    text = (
        f"All candidates on the same {evaluation.rows:,} holdout rows{own}. Below each figure its "
        f"{100 * evaluation.confidence:g} % interval from {evaluation.resamples} bootstrap "
        f"resamples of {drawn}. The best of a row is bold."
    )
    missing = [
        f"{metrics[name].title} is not measured: {reason}."
        for name, reason in evaluation.unmeasured.items()
    ]
    body = _table(f'<th scope="col">Metric</th>{head}', lines)
    return section("Candidates", paragraph(text), body, *map(paragraph, missing))


def _metric_cells(evaluation: Evaluation, metric: Metric) -> str:
    intervals = [judged.metrics[metric.name] for judged in evaluation.candidates]
    values = [interval.value for interval in intervals if interval.value is not None]
    best = max(values, key=lambda value: metric.gain(value, 0.0), default=None)
    several = len(intervals) > 1
    return "".join(_cell(each, several and each.value == best) for each in intervals)


def _cell(interval: Interval, best: bool) -> str:
    if interval.value is None:
        return '<td class="number">–</td>'
    value = f"{interval.value:.4f}"
    marked = f"<strong>{value}</strong>" if best else value
    told = ends(interval)
    small = f'<br><small style="color:var(--soft)">{told}</small>' if told else ""
    return f'<td class="number">{marked}{small}</td>'


def slice_section(evaluation: Evaluation, use_case: UseCase) -> str:
    """The served candidate slice by slice; the worst of each family are highlighted."""
    slices = evaluation.served.slices
    if not slices:
        return ""
    heads = _NUMBER_HEADS if evaluation.numbers else _SLICE_HEADS
    head = "".join(
        f'<th scope="col"{" class=number" if at else ""}>{name}</th>'
        for at, name in enumerate(heads)
    )
    usual = "mae" if evaluation.numbers else "accuracy"
    whole = evaluation.candidate(evaluation.served.name).metrics[usual].value or 0.0
    lines = []
    for family in dict.fromkeys(one.family for one in slices):
        members = [one for one in slices if one.family == family]
        worst = sorted(members, key=_goodness)[:WORST]
        low = {one.name for one in worst if _is_low(one, whole)}
        lines.append(
            f'<tr><th scope="rowgroup" colspan="{len(heads)}" style="padding-top:1rem">'
            f"{escape(family[:1].upper() + family[1:])}</th></tr>"
        )
        lines.extend(_slice_line(one, one.name in low) for one in members)
    near = (
        f"the mean absolute error is a tenth or more above the whole ({whole:.4f})"
        if evaluation.numbers
        else f"accuracy is a point or more below the whole ({whole:.4f}). A dash stands where a "
        "slice has rows of one class only"
    )
    text = (
        f"The served candidate on parts of the holdout with {use_case.evaluation.min_slice_rows} "
        f"rows or more. Highlighted: the worst of each kind, where {near}."
    )
    return section("Slices", paragraph(text), _table(head, lines))


def _goodness(one: Slice | NumberSlice) -> float:
    return -one.mae if isinstance(one, NumberSlice) else one.accuracy


def _is_low(one: Slice | NumberSlice, whole: float) -> bool:
    if isinstance(one, NumberSlice):
        return one.mae > whole * (1.0 + _NEAR_SHARE)
    return one.accuracy < whole - _NEAR


def _slice_line(one: Slice | NumberSlice, low: bool) -> str:
    figures: tuple[float | None, ...]
    counts: tuple[int, ...]
    if isinstance(one, NumberSlice):
        figures, counts = (one.mae, one.rmse, one.bias, one.coverage), (one.rows,)
    else:
        figures = (one.accuracy, one.false_positive_rate, one.recall, one.roc_auc)
        counts = (one.rows, one.positives)
    cells = "".join(f'<td class="number">{count:,}</td>' for count in counts)
    cells += "".join(
        f'<td class="number">{"–" if value is None else f"{value:.4f}"}</td>' for value in figures
    )
    return (
        f'<tr{_HIGHLIGHT if low else ""}><th scope="row" style="font-weight:normal">'
        f"{escape(one.name)}</th>{cells}</tr>"
    )


def _table(head: str, lines: list[str]) -> str:
    body = "\n".join(lines)
    return (
        f'<div class="wide"><table><thead><tr>{head}</tr></thead>\n'
        f"<tbody>{body}</tbody></table></div>"
    )
