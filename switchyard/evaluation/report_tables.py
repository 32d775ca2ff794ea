"""The two large tables of the report: candidates by metric, and slices."""

from __future__ import annotations

from html import escape

from switchyard.configuration.model import UseCase
from switchyard.evaluation.intervals import Interval
from switchyard.evaluation.metrics import METRICS
from switchyard.evaluation.results import Evaluation, Served
from switchyard.evaluation.slices import Slice
from switchyard.pages import paragraph, section

WORST = 3
"""So many slices a family are highlighted, where they are worse than the whole."""

_NEAR = 0.01
_SLICE_HEADS = ("Slice", "Rows", "Positive", "Accuracy", "False positives", "Recall", "ROC-AUC")
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
    lines = [
        f'<tr><th scope="row" style="white-space:nowrap">{metric.title}</th>'
        + _metric_cells(evaluation, name)
        + "</tr>"
        for name, metric in METRICS.items()
    ]
    drawn = (
        f"{evaluation.groups:,} domains, each drawn as a whole"
        if evaluation.groups
        else "single rows"
    )
    text = (
        f"All candidates on the same {evaluation.rows:,} holdout rows "
        f"({evaluation.positives:,} positive), each at its own threshold. Below each figure its "
        f"{100 * evaluation.confidence:g} % interval from {evaluation.resamples} bootstrap "
        f"resamples of {drawn}. The best of a row is bold."
    )
    missing = [
        f"{METRICS[name].title} is not measured: {reason}."
        for name, reason in evaluation.unmeasured.items()
    ]
    body = _table(f'<th scope="col">Metric</th>{head}', lines)
    return section("Candidates", paragraph(text), body, *map(paragraph, missing))


def _metric_cells(evaluation: Evaluation, name: str) -> str:
    intervals = [judged.metrics[name] for judged in evaluation.candidates]
    values = [interval.value for interval in intervals if interval.value is not None]
    best = max(values, key=lambda value: METRICS[name].gain(value, 0.0), default=None)
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


def slice_section(served: Served, use_case: UseCase, whole: float) -> str:
    """The served candidate slice by slice; `whole` is its accuracy on all rows."""
    if not served.slices:
        return ""
    head = "".join(
        f'<th scope="col"{" class=number" if at else ""}>{name}</th>'
        for at, name in enumerate(_SLICE_HEADS)
    )
    lines = []
    for family in dict.fromkeys(one.family for one in served.slices):
        members = [one for one in served.slices if one.family == family]
        worst = sorted(members, key=lambda one: one.accuracy)[:WORST]
        low = {one.name for one in worst if one.accuracy < whole - _NEAR}
        lines.append(
            f'<tr><th scope="rowgroup" colspan="{len(_SLICE_HEADS)}" style="padding-top:1rem">'
            f"{escape(family.capitalize())}</th></tr>"
        )
        lines.extend(_slice_line(one, one.name in low) for one in members)
    text = (
        f"The served candidate on parts of the holdout with {use_case.evaluation.min_slice_rows} "
        "rows or more. Highlighted: the worst of each kind, where accuracy is a point or more "
        f"below the whole ({whole:.4f}). A dash stands where a slice has rows of one class only."
    )
    return section("Slices", paragraph(text), _table(head, lines))


def _slice_line(one: Slice, low: bool) -> str:
    figures = (one.accuracy, one.false_positive_rate, one.recall, one.roc_auc)
    cells = "".join(
        f'<td class="number">{"–" if value is None else f"{value:.4f}"}</td>' for value in figures
    )
    return (
        f'<tr{_HIGHLIGHT if low else ""}><th scope="row" style="font-weight:normal">'
        f'{escape(one.name)}</th><td class="number">{one.rows:,}</td>'
        f'<td class="number">{one.positives:,}</td>{cells}</tr>'
    )


def _table(head: str, lines: list[str]) -> str:
    body = "\n".join(lines)
    return (
        f'<div class="wide"><table><thead><tr>{head}</tr></thead>\n'
        f"<tbody>{body}</tbody></table></div>"
    )
