"""Answers of /predict for tables: the same text for the same rows, however many there are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from switchyard.configuration.model import Definition
from switchyard.serving.answers import AnyAnswerer, answerer_of
from switchyard.serving.predictor import Predictor
from switchyard.serving.problems import Problem
from switchyard.serving.samples import sample_instances
from tests.table_models import CLASSIFICATION, INSTANCE, REGRESSION, package_of


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("answers")


def answerer(folder: Path, what: Definition) -> AnyAnswerer:
    made = answerer_of(Predictor.open(package_of(folder, what), "7"), 1_000)
    made.warm()
    return made


@pytest.fixture(scope="module")
def regression(folder: Path) -> AnyAnswerer:
    return answerer(folder, REGRESSION)


@pytest.fixture(scope="module")
def classification(folder: Path) -> AnyAnswerer:
    return answerer(folder, CLASSIFICATION)


def asked(made: AnyAnswerer, *instances: dict[str, Any]) -> bytes:
    body = json.dumps({"instances": instances}).encode()
    return made.predictions(made.parse(body)).text


def test_the_text_of_a_row_is_the_same_alone_and_among_others(
    regression: AnyAnswerer,
) -> None:
    rows = sample_instances(regression.predictor.manifest.inputs, 300, 4)
    rows += [{**row, "reading": 5_000} for row in rows[:5]]

    together = asked(regression, *rows)

    assert together == b",".join(asked(regression, row) for row in rows)


def test_a_predicted_number_has_an_interval_and_warnings_only_where_there_are_some(
    regression: AnyAnswerer,
) -> None:
    body = json.dumps({"instances": [INSTANCE, {**INSTANCE, "reading": 101, "label": -7}]})
    found = regression.predictions(regression.parse(body.encode()))

    answer = json.loads(regression.answer(b"K1", found))

    assert list(answer) == [
        *("request_id", "model_version", "coverage", "predictions", "notice"),
    ]
    assert (answer["request_id"], answer["model_version"], answer["coverage"]) == ("K1", "7", 0.9)
    plain, warned = answer["predictions"]
    assert list(plain) == ["value", "low", "high"]
    assert plain["low"] < plain["value"] < plain["high"]
    assert [each.split(" is ")[0] for each in warned["warnings"]] == ["'reading' 101", "'label' -7"]
    assert found.values == [plain["value"], warned["value"]]


def test_a_label_has_a_score_and_warnings_only_where_there_are_some(
    classification: AnyAnswerer,
) -> None:
    body = json.dumps({"instances": [INSTANCE, {**INSTANCE, "reading": 101}]})
    found = classification.predictions(classification.parse(body.encode()))

    answer = json.loads(classification.answer(b"K1", found))

    assert answer["threshold"] == 0.4
    plain, warned = answer["predictions"]
    assert list(plain) == ["label", "score"]
    assert list(warned) == ["label", "score", "warnings"]
    assert found.positive == sum(each["score"] >= 0.4 for each in answer["predictions"])
    assert {plain["label"], warned["label"]} <= {"passed", "failed"}


def test_rows_without_an_answer_are_named_by_place_and_column(regression: AnyAnswerer) -> None:
    columns = {name: [value, value] for name, value in INSTANCE.items()}
    columns |= {"reading": [50, None], "lunch/label": ["free", ""]}

    with pytest.raises(Problem) as caught:
        regression.predictions(columns)

    assert caught.value.status == 422
    assert [fault["where"] for fault in caught.value.faults] == [
        "instances.1.lunch/label",
        "instances.1.reading",
    ]


@pytest.mark.parametrize("number", [1e31, -1.7e308, 10**60])
def test_numbers_too_large_to_reckon_with_get_no_answer(
    regression: AnyAnswerer, number: float
) -> None:
    with pytest.raises(Problem) as caught:
        asked(regression, {**INSTANCE, "reading": number})

    assert caught.value.status == 422
    assert caught.value.detail == "'instances.0.reading': is too large a number"
