"""What a table's columns mean: the inputs of a model, and the column that it predicts."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from switchyard.configuration.names import stored
from switchyard.configuration.sections import Section

MOST_COLUMNS = 5_000


class Column(Section):
    """One input column, by the name that the file and the requests use."""

    name: str = Field(min_length=1, max_length=200)
    type: Literal["number", "category"] = "number"
    minimum: float | None = Field(
        default=None, description="A training row with a smaller number is rejected."
    )
    maximum: float | None = Field(
        default=None, description="A training row with a greater number is rejected."
    )
    values: tuple[str, ...] = Field(
        default=(), description="The categories; empty: those of the training rows."
    )
    unknown: Literal["error", "other"] = Field(
        default="error",
        description="A category that was not trained: an error, or 'other', which is trained on "
        "the rare ones.",
    )
    missing: Literal["error", "allow"] = Field(
        default="error", description="Whether a value may be missing, in training and in requests."
    )
    unit: str = ""

    @model_validator(mode="after")
    def _fits_its_type(self) -> Self:
        if self.type == "category" and (self.minimum is not None or self.maximum is not None):
            raise ValueError(f"column '{self.name}' is a category: it has no minimum or maximum")
        if self.type == "number" and (self.values or self.unknown == "other"):
            raise ValueError(f"column '{self.name}' is a number: it has no values and no 'other'")
        twice = sorted({value for value in self.values if self.values.count(value) > 1})
        if twice:
            raise ValueError(f"column '{self.name}': '{twice[0]}' stands twice among its values")
        if None not in (self.minimum, self.maximum) and self.minimum > self.maximum:  # type: ignore[operator]
            raise ValueError(f"column '{self.name}': its minimum is above its maximum")
        return self


class Table(Section):
    """The inputs of a table, in the order in which a model takes them."""

    inputs: tuple[Column, ...] = Field(min_length=1, max_length=MOST_COLUMNS)
    group: tuple[str, ...] = Field(
        default=(),
        description="Columns whose values keep rows on one side of the split; empty: rows with "
        "equal inputs stay together.",
    )


class Target(Section):
    """The column that is predicted; the bounds and the unit are those of a number."""

    column: str = Field(min_length=1, max_length=200)
    minimum: float | None = Field(default=None, description="Predictions are not below it.")
    maximum: float | None = Field(default=None, description="Predictions are not above it.")
    unit: str = ""

    @model_validator(mode="after")
    def _bounds_are_in_order(self) -> Self:
        if None not in (self.minimum, self.maximum) and self.minimum >= self.maximum:  # type: ignore[operator]
            raise ValueError(f"target '{self.column}': its minimum is not below its maximum")
        return self


def check_columns(table: Table, target: Target) -> None:
    """ValueError when a column stands twice, or two would be stored under one name."""
    names = [column.name for column in table.inputs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"table: inputs: '{twice[0]}' stands twice")
    if target.column in names:
        raise ValueError(
            f"target: column: '{target.column}' is an input too; a model must not see what it is "
            "to predict"
        )
    if target.column in table.group:
        raise ValueError(
            f"table: group: '{target.column}' is the target; rows must not be parted by it"
        )
    kept: dict[str, str] = {}
    for name in dict.fromkeys([*names, *table.group]):
        other = kept.setdefault(stored(name), name)
        if other != name:
            raise ValueError(
                f"table: inputs: '{other}' and '{name}' would both be stored as '{stored(name)}'; "
                "rename one of the columns"
            )
