"""Text steps take URLs in any container and refuse what is not a column of URLs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from switchyard.errors import DataError
from switchyard.text.documents import as_strings
from switchyard.text.tokens import NltkTokens

URLS = ["a.com/x", "bücher.de", ""]


@pytest.mark.parametrize(
    "given",
    [
        URLS,
        tuple(URLS),
        np.array(URLS),
        np.array(URLS, dtype=object),
        pd.Series(URLS),
        pd.Series(URLS, dtype="category"),
        pa.array(URLS),
    ],
    ids=lambda given: type(given).__name__,
)
def test_every_container_of_strings_is_taken(given: Any) -> None:
    assert as_strings(given) == URLS


def test_a_lone_surrogate_is_replaced_not_fatal() -> None:
    assert as_strings(["a\ud800b"]) == ["a\ufffdb"]


@pytest.mark.parametrize("given", ["a.com", [["a.com"]], ["a.com", None], [7], np.ones((2, 2))])
def test_what_is_not_a_column_of_urls_is_refused(given: Any) -> None:
    with pytest.raises(DataError):
        NltkTokens().fit(given)
    with pytest.raises(DataError):
        NltkTokens().transform(given)
