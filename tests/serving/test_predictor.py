"""One row, many rows, rows in chunks: the same answers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from switchyard.candidates.catalogue import TEXT_CLASSIFIERS
from switchyard.errors import RequestError
from switchyard.serving.predictor import Predictor
from tests.conftest import Packages

ODD = ["", "  ", "a.com/%zz", "http://b.com:80/x?y#z", "x" * 9000, "\x00a.com", "nothost", "é.fr/ü"]


@pytest.fixture(scope="module", params=TEXT_CLASSIFIERS)
def predictor(request: pytest.FixtureRequest, packages: Packages) -> Predictor:
    return Predictor.open(packages.of(str(request.param)), "7")


@settings(max_examples=25, deadline=None)
@given(
    urls=st.lists(st.text(max_size=60) | st.sampled_from(ODD), max_size=12), at=st.integers(0, 12)
)
def test_rows_alone_and_together_get_the_same_scores(
    predictor: Predictor, urls: list[str], at: int
) -> None:
    together = predictor.score({"url": urls})

    alone = [predictor.score_one(url) for url in urls]
    parts = [predictor.score({"url": part}).scores for part in (urls[:at], urls[at:])]

    assert together.problems.to_pylist() == [reason for _, reason in alone]
    np.testing.assert_array_equal(together.scores, [score for score, _ in alone])
    np.testing.assert_array_equal(together.scores, np.concatenate(parts))


def test_a_missing_column_is_named(packages: Packages) -> None:
    predictor = Predictor.open(packages.of(), "7")

    with pytest.raises(RequestError, match="column 'url' is missing; there are 'link'"):
        predictor.score({"link": ["a.com"]})
