"""The YAML of a new use case, with what was guessed and why in its comments."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from switchyard.candidates.catalogue import CATALOGUE
from switchyard.configuration.tables import Column
from switchyard.configuration.tasks import TASKS, TaskName
from switchyard.errors import RequestError
from switchyard.tables.guessing import Guess
from switchyard.tables.peeking import MOST_UNREAD, Peeked
from switchyard.tables.targets import TargetGuess

_LEFT_SHOWN = 40
_MANY_ROWS = 200_000
_WANTED = ("ridge", "logistic", "gradient-boosting", "random-forest", "linear", "tree")
"""Words of the names of estimators that are tried first, in this order."""

_CHEAP = ("ridge", "logistic", "histogram-boosting", "linear")
_MOST_CANDIDATES = 3
_GRIDS: dict[str, tuple[float | int, ...]] = {
    "alpha": (0.1, 1.0, 10.0),
    "C": (0.1, 1.0, 10.0),
    "min_rows": (2, 8),
}
_BOOSTED: dict[str, tuple[float | int, ...]] = {"learning_rate": (0.05, 0.1), "depth": (2, 3, 4)}
"""Of trees that follow one another: shallow ones, and as many as help."""


def draft(
    name: str,
    location: str,
    peeked: Peeked,
    target: TargetGuess,
    guess: Guess,
    port: int,
) -> str:
    """The text of the file. RequestError when no estimator does the task."""
    task = task_of(target)
    title = name.replace("-", " ").capitalize()
    parts = [
        f"# {title}: '{_plain(target.column)}' from {len(guess.inputs):,} columns, as run.py new "
        "guessed them. Change what is wrong;",
        "# every key is explained by `uv run run.py --schema`.",
        f"name: {name}",
        f"title: {scalar(title)}",
        f"task: {task}",
        "serve: best                       # or the name of a candidate",
        "",
        *_data(location, peeked, target, guess),
        "",
        *_target(target),
        "",
        *_table(guess),
        "",
        "split:",
        "  holdout: 0.2                    # rows that judge, and never train",
        "",
        "candidates:                       # each is tuned; the best of them is served",
        *_candidates(task, peeked.rows),
        "",
        *_promotion(task),
        "",
        "serving:",
        f"  port: {port}",
    ]
    return "\n".join(parts) + "\n"


def task_of(target: TargetGuess) -> TaskName:
    """The kind of task that the target asks for."""
    return "regression" if target.labels is None else "table-classification"


def scalar(value: Any) -> str:
    """The value as YAML on one line, quoted where YAML would take it for something else."""
    text = yaml.safe_dump(value, default_flow_style=True, width=math.inf, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("\n...")


def _plain(text: str) -> str:
    """Text as it may stand in a comment."""
    return "".join(each if each.isprintable() else "?" for each in text[:200])


def _data(location: str, peeked: Peeked, target: TargetGuess, guess: Guess) -> list[str]:
    lines = ["data:", "  sources:", f"    - location: {scalar(location)}"]
    if peeked.named:
        lines.append(f"      columns: {scalar(list(peeked.named))}  # the file has no header")
    roles: dict[str, list[str]] = {}
    names = {column.name for column in guess.inputs} | {target.column}
    if guess.first_seen is not None:
        roles["first_seen"] = [guess.first_seen]
    if "source" in peeked.columns and "source" not in names:
        roles["source"] = []
    if roles:
        lines.append(f"  columns: {scalar(roles)}")
    share = (guess.rejected + peeked.unread[0]) / (peeked.rows + peeked.unread[0])
    if share > 0.5 * MOST_UNREAD:
        allowed = min(1.0, math.ceil(110 * share) / 100)
        told = f"{guess.rejected:,} rows have cells that do not fit: look at them"
        lines.append(f"  max_reject_share: {allowed}          # {told}")
    return lines


def _target(target: TargetGuess) -> list[str]:
    notes = [f"# Look at this: {_plain(note)}." for note in target.notes]
    lines = [*notes, "target:", f"  column: {scalar(target.column)}"]
    if target.labels is None:
        lines += [
            "  # minimum: 0                    # if no number below it is possible",
            '  # unit: ""',
        ]
        return lines
    labels = target.labels
    return [
        *lines,
        "",
        "labels:                           # the positive class is the one to be found",
        f"  positive: {scalar(labels.positive)}",
        f"  negative: {scalar(labels.negative)}",
        f"  positive_words: {scalar(list(labels.positive_words))}",
        f"  negative_words: {scalar(list(labels.negative_words))}",
    ]


def _table(guess: Guess) -> list[str]:
    lines = ["table:                            # a training row beyond the bounds is rejected"]
    if guess.group:
        lines.append(
            f"  # group: {scalar(list(guess.group))}  # keeps its rows on one side of the split; "
            "if rows of one are alike, take it"
        )
    lines.append("  inputs:")
    for column in guess.inputs:
        notes = [guess.notes.get(column.name, "")]
        if column.name in guess.leaks:
            notes.append(
                f"tells the target almost wholly (R² {guess.leaks[column.name]:.3f}): is it known "
                "before the target is? If not, remove this line"
            )
        told = _plain("; ".join(note for note in notes if note))
        lines.append(f"    - {scalar_of(column)}" + (f"  # {told}" if told else ""))
    lines += [
        f"  # left out: '{_plain(each.name)}', {_plain(each.reason)}"
        for each in guess.left[:_LEFT_SHOWN]
    ]
    if len(guess.left) > _LEFT_SHOWN:
        lines.append(f"  # and {len(guess.left) - _LEFT_SHOWN:,} more left out")
    return lines


def scalar_of(column: Column) -> str:
    """One input on one line: what differs from the defaults."""
    values: dict[str, Any] = {"name": column.name}
    if column.type == "category":
        values["type"] = "category"
        if column.values:
            values["values"] = list(column.values)
        if column.unknown != "error":
            values["unknown"] = column.unknown
    else:
        values |= {"minimum": _number(column.minimum), "maximum": _number(column.maximum)}
    if column.missing != "error":
        values["missing"] = column.missing
    text = yaml.safe_dump(
        values, default_flow_style=True, width=math.inf, allow_unicode=True, sort_keys=False
    )
    return text.removesuffix("\n")


def _number(value: float | None) -> float | int | None:
    whole = value is not None and float(value).is_integer() and abs(value) < 1e15
    return int(value) if whole and value is not None else value


def _candidates(task: TaskName, rows: int) -> list[str]:
    known = {name: entry for name, entry in CATALOGUE.items() if task in entry.tasks}
    if not known:
        raise RequestError(
            f"the catalogue has no estimator for the task {task}; what can be predicted is a number"
        )
    lines = []
    for name in chosen(known, rows):
        lines += [f"  - name: {name}", f"    estimator: {name}"]
        has = known[name].parameters
        grids = _BOOSTED if "learning_rate" in has and "patience" in has else _GRIDS
        grid = {key: list(values) for key, values in grids.items() if key in has}
        if grids is _BOOSTED:
            lines.append("    parameters: {trees: 400, patience: 15}")
        if grid:
            lines.append(f"    search: {scalar(grid)}")
    others = [name for name in known if name not in chosen(known, rows)]
    if others:
        lines.append(f"  # others: {', '.join(others)}")
    return lines


def chosen(known: Mapping[str, Any], rows: int) -> list[str]:
    """The estimators that are tried: different ones, and of many rows those that take them."""
    found: dict[str, None] = {}
    for word in _CHEAP if rows > _MANY_ROWS else _WANTED:
        fitting = (
            name for name in known if word in name and not getattr(known[name], "library", "")
        )
        if (first := next(fitting, None)) is not None:
            found.setdefault(first)
    return (list(found) or list(known))[:_MOST_CANDIDATES]


def _promotion(task: TaskName) -> list[str]:
    floors, told = (
        ({"r2": 0.0}, "no better than the mean of the target: refused")
        if TASKS[task].numbers
        else ({"roc_auc": 0.6}, "hardly better than chance: refused")
    )
    return ["promotion:", f"  floors: {scalar(floors)}             # {told}; raise it"]


def shown_left(guess: Guess, most: int = 12) -> Iterable[str]:
    """What was left out, a line each."""
    for each in guess.left[:most]:
        yield f"left out   '{_plain(each.name)[:60]}': {_plain(each.reason)}"
    if len(guess.left) > most:
        yield f"           and {len(guess.left) - most:,} more, which the file names"
