"""The kinds of task, and the defaults that depend on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

TaskName = Literal["text-classification", "table-classification", "regression"]


@dataclass(frozen=True)
class Kind:
    """A kind of task. on_tables: rows of typed columns, else one text; numbers: predicts a number.

    defaults: section → key → value, where a use case says nothing.
    """

    on_tables: bool
    numbers: bool
    defaults: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


TASKS: Mapping[str, Kind] = {
    "text-classification": Kind(on_tables=False, numbers=False),
    "table-classification": Kind(
        on_tables=True,
        numbers=False,
        defaults={
            "promotion": {"metric": "roc_auc", "floors": {"roc_auc": 0.6}},
            "evaluation": {"max_false_positive_rate": 0.1},
        },
    ),
    "regression": Kind(
        on_tables=True,
        numbers=True,
        defaults={
            "tuning": {"metric": "r2"},
            "promotion": {
                "metric": "r2",
                "margin": 0.0,
                "max_slice_drop": 0.1,
                "floors": {"r2": 0.0},
            },
            "monitoring": {"floors": {}},
        },
    ),
}


def with_defaults(values: Any) -> Any:
    """The values of a use case with the defaults of its task; anything else as it is."""
    if not isinstance(values, Mapping):
        return values
    task = values.get("task")
    if not isinstance(task, str) or task not in TASKS:
        return values
    filled = dict(values)
    for section, defaults in TASKS[task].defaults.items():
        given = filled.get(section, {})
        if isinstance(given, Mapping):
            filled[section] = {**defaults, **given}
    return filled
