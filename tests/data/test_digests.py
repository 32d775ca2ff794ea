"""Equal content has an equal digest; any other content another."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pytest

from switchyard.data.digests import dataset_digest

FRAME = pd.DataFrame(
    {
        "url": ["a.com", "b.com", "c.com"],
        "label": pd.Series([1, 0, 1], dtype="int8"),
        "source": pd.Categorical(["x", "y", "x"]),
        "first_seen": pd.Series(["2020-01", None, "2021-02"], dtype="str"),
        "scheme": pd.Categorical(["http", "none", "none"]),
        "group": ["a.com", "b.com", "c.com"],
    }
)


def test_the_digest_is_what_it_was() -> None:
    assert dataset_digest(FRAME) == (
        "dab4b17cb75858dddad9e6b7096f31d746a6fde373059b5b1d5deec841478d45"
    )


@pytest.mark.parametrize(
    "same",
    [
        FRAME.assign(source=FRAME["source"].astype("str")),
        FRAME.assign(source=pd.Categorical(["x", "y", "x"], categories=["z", "y", "x"])),
        FRAME.assign(first_seen=FRAME["first_seen"].astype("category")),
        FRAME.assign(label=FRAME["label"].astype("int64")),
        FRAME.set_index(pd.Index([5, 6, 7])),
        pd.concat([FRAME.iloc[:1], FRAME.iloc[1:]]),
        FRAME.assign(
            url=pd.Series(
                pa.chunked_array([["a.com"], ["b.com", "c.com"]]),
                dtype=pd.ArrowDtype(pa.string()),
            )
        ),
    ],
)
def test_how_the_content_is_held_makes_no_difference(same: pd.DataFrame) -> None:
    assert dataset_digest(same) == dataset_digest(FRAME)


@pytest.mark.parametrize(
    "other",
    [
        FRAME.iloc[::-1],
        FRAME.iloc[:2],
        FRAME.assign(label=[1, 1, 1]),
        FRAME.assign(url=["a.comb", ".com", "c.com"]),
        FRAME.assign(first_seen=pd.Series([None, "2020-01", "2021-02"], dtype="str")),
        FRAME.assign(source=["x", "x", "y"]),
    ],
)
def test_other_content_has_another_digest(other: pd.DataFrame) -> None:
    assert dataset_digest(other) != dataset_digest(FRAME)
