"""From cleaned frames to the rows that a model takes: texts as they are, tables coded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from switchyard.configuration.model import Data, Definition
from switchyard.packages.manifest import AnyInput, Input
from switchyard.tables import coding

if TYPE_CHECKING:
    import pandas as pd

Inputs = Mapping[str, AnyInput]

_INPUTS = TypeAdapter(dict[str, AnyInput])

TEXT = "url"
"""The input of a text classification."""


def learn_inputs(train: pd.DataFrame, definition: Definition, data: Data) -> dict[str, AnyInput]:
    """The inputs of a model, by their own names; of a table as the training rows have them."""
    if definition.table is None:
        return {TEXT: Input(type="string", max_length=data.max_url_length)}
    return coding.learn_inputs(train, definition.table)


def inputs_of(plain: Mapping[str, Any]) -> dict[str, AnyInput]:
    """The inputs from JSON values, as steps hand them on."""
    return _INPUTS.validate_python(plain)


def plain_inputs(inputs: Inputs) -> dict[str, Any]:
    """The inputs as JSON values, the inverse of `inputs_of`."""
    return {name: each.model_dump(mode="json") for name, each in inputs.items()}


def on_tables(inputs: Inputs) -> bool:
    """Whether rows are those of a table, not texts."""
    return not any(isinstance(each, Input) for each in inputs.values())


def rows_of(frame: pd.DataFrame, inputs: Inputs) -> Any:
    """The rows of a cleaned frame: a series of texts, or a float64 matrix (rows, inputs)."""
    return coding.rows_of(frame, inputs) if on_tables(inputs) else frame[TEXT]
