"""What is no cleaned frame is named by column and check."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from switchyard.data.schema import COLUMNS, validate
from switchyard.errors import DataError


def frame(**columns: Any) -> pd.DataFrame:
    held: dict[str, Any] = {
        "url": ["a.com", "b.com"],
        "label": pd.Series([1, 0], dtype="int8"),
        "source": ["x", "x"],
        "first_seen": pd.Series(["2020-01", None], dtype="str"),
        "scheme": ["http", "none"],
        "group": ["a.com", "b.com"],
    }
    return pd.DataFrame(held | columns)


def test_a_cleaned_frame_passes() -> None:
    assert tuple(validate(frame()).columns) == COLUMNS


def test_undated_rows_pass() -> None:
    validate(frame(first_seen=pd.Series([None, None], dtype="str")))


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"url": ["", "b.com"]}, "url: must not be empty"),
        ({"url": [None, "b.com"]}, "url: not_nullable"),
        ({"label": pd.Series([1, 2], dtype="int8")}, r"label: isin\(\[0, 1\]\) .*such as 2"),
        ({"label": [1, 0]}, "label: dtype"),
        ({"first_seen": ["2020-13", "2020-1"]}, r"first_seen: .*YYYY-MM \(2 times.*'2020-13'"),
        ({"scheme": ["ftp", "none"]}, "scheme: isin"),
        ({"group": ["", "b.com"]}, "group: must not be empty"),
        ({"source": [None, "x"]}, "source: not_nullable"),
    ],
)
def test_a_wrong_column_is_named(columns: dict[str, Any], told: str) -> None:
    with pytest.raises(DataError, match=told):
        validate(frame(**columns))


def test_a_missing_column_is_named() -> None:
    with pytest.raises(DataError, match="'group'"):
        validate(frame().drop(columns="group"))
