"""What numbers can be true: around what was trained, or within the bounds that people have set."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bento.routes.truths import FeedbackParser
from switchyard.packages.loading import verify
from switchyard.packages.manifest import Manifest, Predicted
from switchyard.serving.problems import Problem
from switchyard.tables.plausible import Plausible, limits, sound_truths
from tests.table_models import package_of


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return verify(package_of(tmp_path_factory.mktemp("package"))).manifest


def parser(manifest: Manifest, predicted: Predicted) -> FeedbackParser:
    return FeedbackParser(manifest.model_copy(update={"predicted": predicted}))


def body(label: str) -> bytes:
    return f'{{"request_id": "a", "label": {label}}}'.encode()


def test_limits_lie_ten_ranges_around_what_was_trained() -> None:
    found = limits(-10.0, 10.0)
    assert (found.low, found.high, found.span) == (-210.0, 210.0, 20.0)
    assert found.fit(np.array([-210.0, 211.0, math.nan, 0.0])).tolist() == [
        True,
        False,
        False,
        True,
    ]


def test_bounds_of_people_count_instead() -> None:
    found = limits(0.0, 1.0, minimum=0.0, maximum=1e9)
    assert (found.low, found.high) == (0.0, 1e9)


@pytest.mark.parametrize("value", [0.0, 7.0, -3.0])
def test_of_a_single_trained_number_others_are_plausible_too(value: float) -> None:
    found = limits(value, value)
    assert found.low < value < found.high
    assert found.span > 0


def test_limits_of_the_greatest_numbers_are_numbers() -> None:
    found = limits(-1.7e308, 1.7e308)
    assert math.isfinite(found.low)
    assert math.isfinite(found.high)
    assert math.isfinite(found.span)


def test_without_limits_only_what_has_no_finite_square_is_left_out() -> None:
    assert sound_truths([1e100, 1e200, math.inf, math.nan], None).tolist() == [True] + [False] * 3


def test_a_manifest_tells_the_limits_of_its_numbers(manifest: Manifest) -> None:
    found = Plausible.of(manifest)
    assert set(found.inputs) == {"reading", "label"}
    assert found.inputs["reading"].high > 1_000
    assert found.target is not None
    assert (found.target.low, found.target.high) == (0, 100)


@pytest.mark.parametrize("label", ["1e200", "-1e6", "1101", "1e308"])
def test_feedback_beyond_what_is_plausible_is_refused(manifest: Manifest, label: str) -> None:
    told = parser(manifest, Predicted(name="math", lowest=0, highest=100))
    with pytest.raises(Problem, match="the number must not be"):
        told.read(body(label))


def test_feedback_beyond_what_was_trained_is_taken(manifest: Manifest) -> None:
    told = parser(manifest, Predicted(name="math", lowest=0, highest=100))
    assert told.read(body("1000")).label == 1000
    assert told.schema()["properties"]["label"]["maximum"] == 1100
    wide = parser(manifest, Predicted(name="math", lowest=0, highest=100, maximum=1e9))
    assert wide.read(body("1e8")).label == 1e8
