"""What a cleaned frame must be: the same checks wherever one is taken in."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from switchyard.configuration.model import Definition
from switchyard.configuration.names import stored
from switchyard.configuration.tasks import TASKS
from switchyard.errors import DataError
from switchyard.urls.bulk import SCHEMES

if TYPE_CHECKING:
    from pandera.pandas import DataFrameSchema

COLUMNS = ("url", "label", "source", "first_seen", "scheme", "group")

_MONTH = r"^[0-9]{4}-(?:0[1-9]|1[0-2])$"
_ADVICE = "make the frame by switchyard.data.cleaning.clean"


def validate(frame: pd.DataFrame, definition: Definition | None = None) -> pd.DataFrame:
    """The frame itself, if it is a cleaned one. DataError naming each check that fails."""
    from pandera.errors import SchemaErrors

    on_table = definition is not None and definition.table is not None
    try:
        (table_schema(definition) if definition and on_table else schema()).validate(
            frame, lazy=True
        )
    except SchemaErrors as cause:
        cases = cause.failure_cases
        told = []
        for (column, check), group in cases.groupby(["column", "check"], dropna=False, sort=False):
            values = ", ".join(repr(value)[:60] for value in group["failure_case"].head(3))
            where = column if isinstance(column, str) else "the frame"
            told.append(f"{where}: {check} ({len(group):,} times, such as {values})")
        raise DataError(f"not a cleaned frame: {'; '.join(told[:6])}; {_ADVICE}") from cause
    return frame


def schema() -> DataFrameSchema:
    """The Pandera schema of a cleaned frame; every check is one pass over whole columns."""
    from pandera.pandas import Check, Column, DataFrameSchema

    def text(test: Callable[[Any], Any], name: str) -> Check:
        def check(column: pd.Series[Any]) -> pd.Series[bool]:
            values = pa.array(column.astype("str"), from_pandas=True)
            passed = pc.fill_null(test(values), True).to_numpy(zero_copy_only=False)
            return pd.Series(passed, column.index)

        return Check(check, name=name)

    full = text(lambda values: pc.greater(pc.binary_length(values), 0), "must not be empty")
    month = text(lambda values: pc.match_substring_regex(values, _MONTH), "must be a month YYYY-MM")
    return DataFrameSchema(
        {
            "url": Column(checks=[_is_text(), full]),
            "label": Column("int8", checks=Check.isin([0, 1])),
            "source": Column(),
            "first_seen": Column(checks=[_is_text(), month], nullable=True),
            "scheme": Column(checks=Check.isin(list(SCHEMES))),
            "group": Column(checks=[_is_text(), full]),
        },
        name="cleaned frame",
    )


def table_schema(definition: Definition) -> DataFrameSchema:
    """The Pandera schema of a cleaned table."""
    from pandera.pandas import Check, Column, DataFrameSchema

    assert definition.table is not None
    numbers = TASKS[definition.task].numbers
    inputs = {
        stored(each.name): Column("float64", nullable=each.missing == "allow")
        if each.type == "number"
        else Column(checks=[_is_text()], nullable=each.missing == "allow")
        for each in definition.table.inputs
    }
    return DataFrameSchema(
        {
            **inputs,
            "label": Column("float64") if numbers else Column("int8", checks=Check.isin([0, 1])),
            "source": Column(),
            "first_seen": Column(checks=[_is_text()], nullable=True),
            "group": Column(checks=[_is_text()]),
        },
        name="cleaned table",
    )


def _is_text() -> Any:
    from pandera.pandas import Check

    def is_text(column: pd.Series[Any]) -> bool:
        return bool(pd.api.types.is_string_dtype(column.dtype))

    return Check(is_text, name="must be text")
