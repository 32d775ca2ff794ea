"""What /predict, /feedback, /model and /v2 promise of models that take tables."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import tritonclient.http as triton

from switchyard.capture import reading
from switchyard.capture.compaction import Compactor
from switchyard.configuration.model import Definition
from switchyard.serving.predictor import Predictor
from switchyard.serving.samples import columns_of, sample_instances
from tests.contract.test_document import judged
from tests.services import PATIENCE_S, Service
from tests.table_models import CLASSIFICATION, INSTANCE, REGRESSION, package_of


class TableService(Service):
    """A service of a model of a table, and that model itself."""

    def __init__(self, folder: Path, what: Definition, title: str = "A table") -> None:
        package = package_of(folder, what)
        (folder / "service").mkdir()
        super().__init__(folder / "service", package, title, capture={"flush_s": 0.2})
        self.predictor = Predictor.open(package, "7")
        self.numbers = what.task == "regression"

    def ask(self, *instances: dict[str, Any], path: str = "/predict") -> httpx.Response:
        return httpx.post(f"{self.url}{path}", json={"instances": instances}, timeout=PATIENCE_S)

    def rows(self, count: int) -> list[dict[str, Any]]:
        return sample_instances(self.predictor.manifest.inputs, count, 11)


@pytest.fixture(scope="module", params=[REGRESSION, CLASSIFICATION], ids=lambda what: what.task)
def table(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TableService]:
    made = TableService(tmp_path_factory.mktemp("table"), request.param)
    made.start()
    yield made
    made.stop()


@pytest.mark.parametrize("count", [1, 3, 40])
def test_answers_are_what_the_package_says(table: TableService, count: int) -> None:
    rows = table.rows(count)

    answer = table.ask(*rows).json()

    scored = table.predictor.score(columns_of(rows, tuple(INSTANCE)))
    predictions = answer["predictions"]
    if table.numbers:
        assert answer["coverage"] == 0.9
        assert [each["value"] for each in predictions] == scored.scores.tolist()
        assert scored.low is not None
        assert [each["low"] for each in predictions] == scored.low.tolist()
        assert all(each["low"] <= each["value"] <= each["high"] for each in predictions)
    else:
        assert answer["threshold"] == 0.4
        assert [each["score"] for each in predictions] == scored.scores.tolist()
        assert {each["label"] for each in predictions} <= {"passed", "failed"}
    assert not any("warnings" in each for each in predictions)
    assert "SYNTHETIC" in answer["notice"]


def test_a_number_that_was_not_trained_is_answered_with_a_warning(table: TableService) -> None:
    answer = table.ask(INSTANCE, {**INSTANCE, "reading": 300}).json()

    assert "warnings" not in answer["predictions"][0]
    (said,) = answer["predictions"][1]["warnings"]
    assert re.fullmatch(r"'reading' 300 is above what was trained \([\d.]+ to [\d.]+\)", said)


def test_a_key_that_may_be_missing_may_be_left_out_and_order_is_free(table: TableService) -> None:
    backwards = {name: INSTANCE[name] for name in reversed(INSTANCE) if name != "label"}

    found = table.ask(INSTANCE, backwards).json()["predictions"]

    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("name", "written", "message"),
    [
        ("parental level of education", '"university"', "is none of 'college', 'none', 'school'"),
        ("parental level of education", "null", "is none of"),
        ("lunch/label", "7", "valid string"),
        ("lunch/label", '""', "at least 1 character"),
        ("lunch/label", '"  "', "is missing"),
        ("reading", "null", "valid number"),
        ("reading", "NaN", "finite number"),
        ("reading", "-Infinity", "finite number"),
        ("reading", "true", "valid number"),
        ("reading", '"5"', "valid number"),
        ("reading", "1e40", "too large"),
        ("label", '"many"', "valid number"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_its_name(
    table: TableService, name: str, written: str, message: str
) -> None:
    body = json.dumps({"instances": [INSTANCE, {**INSTANCE, name: "HERE"}]})

    for path in ("/predict", "/explain"):
        answer = table.post(path, body.replace('"HERE"', written).encode())

        assert answer.status_code == 422, answer.text
        assert answer.json()["errors"][0]["where"] == f"instances.1.{name}"
        assert message in answer.json()["errors"][0]["message"]


def test_a_key_that_is_not_there_or_not_known_or_twice_is_refused(table: TableService) -> None:
    less = {name: value for name, value in INSTANCE.items() if name != "reading"}
    twice = json.dumps({"instances": [INSTANCE]}).replace('"reading"', '"label": 1, "reading"')

    assert table.ask(less).json()["errors"][0]["where"] == "instances.0.reading"
    assert table.ask({**INSTANCE, "x y": 1}).json()["errors"][0]["where"] == "instances.0.x?y"
    answer = table.post("/predict", twice.encode())
    assert (answer.status_code, "'label' stands twice" in answer.text) == (400, True)


def test_the_model_is_described_by_its_columns_and_what_it_predicts(table: TableService) -> None:
    found = table.get("/model").json()

    inputs = found["inputs"]
    assert inputs["parental level of education"]["values"] == ["college", "none", "school"]
    assert (inputs["lunch/label"]["type"], inputs["lunch/label"]["other"]) == ("category", True)
    assert inputs["reading"]["unit"] == "points"
    assert inputs["reading"]["minimum"] < inputs["reading"]["maximum"]
    assert inputs["label"]["missing"]
    assert all(each["examples"] for each in inputs.values())
    assert 1 <= len(found["examples"]) <= 3
    assert table.ask(*found["examples"]).status_code == 200
    if table.numbers:
        assert found["target"]["name"] == "math"
        assert (found["target"]["minimum"], found["target"]["maximum"]) == (0, 100)
        assert found["target"]["coverage"] == 0.9
        assert {"labels", "threshold"}.isdisjoint(found)
    else:
        assert found["labels"] == {"positive": "passed", "negative": "failed"}
        assert found["threshold"] == 0.4
        assert "target" not in found


def test_what_proves_true_is_kept_with_what_was_predicted(table: TableService) -> None:
    truth = 61.5 if table.numbers else "passed"
    request_id = table.ask(INSTANCE, {**INSTANCE, "label": 0.25}).json()["request_id"]
    body = {"request_id": request_id, "instance": 1, "label": truth}

    answer = httpx.post(f"{table.url}/feedback", json=body, timeout=PATIENCE_S)

    assert (answer.status_code, answer.json()) == (200, {**body, "status": "recorded"})


@pytest.mark.parametrize("label", ["NaN", "true", "null", '"lovely"', "100.5", "-1", "1e999"])
def test_what_cannot_be_true_is_refused(table: TableService, label: str) -> None:
    request_id = table.ask(INSTANCE).json()["request_id"]
    body = f'{{"request_id": "{request_id}", "label": {label}}}'

    answer = table.post("/feedback", body.encode())

    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["where"] == "label"


def test_predictions_are_counted_and_numbers_by_size(table: TableService) -> None:
    table.ask(INSTANCE, {**INSTANCE, "reading": 5})

    text = table.get("/metrics").text

    if table.numbers:
        assert 'switchyard_predictions_total{label="math"}' in text
        assert 'switchyard_predicted_values_bucket{le="+Inf",target="math"}' in text
        counted = re.findall(r"switchyard_predicted_values_count\{.*\} ([\d.]+)", text)
        made = re.findall(r'switchyard_predictions_total\{label="math"\} ([\d.]+)', text)
        assert counted == made
    else:
        assert 'switchyard_predictions_total{label="passed"}' in text


@pytest.fixture
def client(table: TableService) -> Iterator[triton.InferenceServerClient]:
    made = triton.InferenceServerClient(table.url.removeprefix("http://"))
    yield made
    made.close()


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("datatype", ["FP64", "FP32", "INT16", "UINT8"])
def test_columns_are_taken_as_tensors(
    table: TableService, client: triton.InferenceServerClient, binary: bool, datatype: str
) -> None:
    kind = {"FP64": np.float64, "FP32": np.float32, "INT16": np.int16, "UINT8": np.uint8}[datatype]
    columns = {
        "parental level of education": np.array(["none", "school"], np.object_),
        "lunch/label": np.array(["free", "🍷"], np.object_),
        "reading": np.array([61, 72], kind),
        "label": np.array([0, 1], kind),
    }
    given = []
    for name, values in columns.items():
        type_of = datatype if values.dtype != np.object_ else "BYTES"
        given.append(triton.InferInput(name, [2], type_of))
        given[-1].set_data_from_numpy(values, binary_data=binary)

    found = client.infer("phishing", given)

    rows = {name: values.tolist() for name, values in columns.items()}
    expected = table.predictor.score(rows)
    if table.numbers:
        np.testing.assert_array_equal(found.as_numpy("value"), expected.scores)
        np.testing.assert_array_equal(found.as_numpy("low"), expected.low)
        np.testing.assert_array_equal(found.as_numpy("high"), expected.high)
    else:
        np.testing.assert_array_equal(found.as_numpy("score"), expected.scores)
        assert set(found.as_numpy("label")) <= {b"passed", b"failed"}


def test_the_tensors_are_described(table: TableService) -> None:
    found = table.get("/v2/models/phishing").json()

    assert [(each["name"], each["datatype"]) for each in found["inputs"]] == [
        ("parental level of education", "BYTES"),
        ("lunch/label", "BYTES"),
        ("reading", "FP64"),
        ("label", "FP64"),
    ]
    outputs = [each["name"] for each in found["outputs"]]
    assert outputs == (["value", "low", "high"] if table.numbers else ["label", "score"])


@pytest.mark.parametrize(
    ("at", "change", "said"),
    [
        (2, {"datatype": "BYTES"}, "datatype must be FP64 or FP32 or INT8"),
        (2, {"data": ["5"]}, "the elements must be numbers"),
        (2, {"data": [True]}, "inputs.2.data"),
        (2, {"data": [None]}, "is missing"),
        (0, {"datatype": "FP64", "data": [1.0]}, "datatype must be BYTES"),
        (0, {"data": ["university"]}, "is none of 'college'"),
        (3, {"data": [[0.5], [0.7]]}, "there are 2 elements"),
    ],
)
def test_tensors_that_cannot_be_are_refused(
    table: TableService, at: int, change: dict[str, Any], said: str
) -> None:
    tensors = [
        {"name": name, "shape": [1], "datatype": kind, "data": [INSTANCE[name]]}
        for name, kind in zip(INSTANCE, ("BYTES", "BYTES", "FP64", "FP64"), strict=True)
    ]
    good = table.post("/v2/models/phishing/infer", json.dumps({"inputs": tensors}).encode())
    tensors[at] |= change

    answer = table.post("/v2/models/phishing/infer", json.dumps({"inputs": tensors}).encode())

    assert good.status_code == 200, good.text
    assert answer.status_code == 422, answer.text
    assert said in answer.json()["detail"]


def test_all_that_was_answered_is_in_the_store(table: TableService) -> None:
    request_id = table.ask(INSTANCE, {**INSTANCE, "lunch/label": "standard"}).json()["request_id"]
    body = {"request_id": request_id, "label": 40 if table.numbers else "failed"}
    httpx.post(f"{table.url}/feedback", json=body, timeout=PATIENCE_S).raise_for_status()
    table.stop()
    Compactor(table.settings).run_once()
    rows = reading.predictions(table.settings.capture_store)
    mine = [each for each in rows.to_pylist() if each["request_id"] == request_id]
    known = reading.labelled(table.settings.capture_store).to_pylist()
    table.start()

    assert [each["lunch/label"] for each in mine] == ["free", "standard"]
    assert [(each["reading"], each["input_label"]) for each in mine] == [(72.0, None)] * 2
    truth = next(each for each in known if each["request_id"] == request_id)["true_label"]
    if table.numbers:
        assert {(each["label"], each["threshold"]) for each in mine} == {(None, None)}
        assert all(each["low"] < each["score"] < each["high"] for each in mine)
        assert float(truth) == 40
    else:
        assert {each["label"] for each in mine} <= {"passed", "failed"}
        assert truth == "failed"


def test_reasons_add_up_to_what_was_said(table: TableService) -> None:
    rows = [{**INSTANCE, "label": 0.5}, {**INSTANCE, "lunch/label": "standard", "reading": 41}]

    answer = table.ask(*rows, path="/explain").json()

    predicted = table.ask(*rows).json()["predictions"]
    names = set(INSTANCE)
    for each, prediction in zip(answer["explanations"], predicted, strict=True):
        total = each["base"] + sum(one["contribution"] for one in each["contributions"])
        assert {one["feature"] for one in each["contributions"]} <= names
        assert all(
            set(one) == {"feature", "value", "contribution"} for one in each["contributions"]
        )
        if table.numbers:
            assert list(each) == ["value", "base", "contributions"]
            assert total == pytest.approx(each["value"], rel=1e-9)
            assert prediction["value"] == pytest.approx(min(max(each["value"], 0), 100), rel=1e-9)
        else:
            assert total == pytest.approx(each["margin"], rel=1e-6, abs=1e-9)
            assert 1 / (1 + math.exp(-total)) == pytest.approx(prediction["score"], rel=1e-5)
            assert (each["label"], each["score"]) == (prediction["label"], prediction["score"])
    assert ("coverage" in answer, "threshold" in answer) == (table.numbers, not table.numbers)


def test_reasons_name_what_the_row_has(table: TableService) -> None:
    found = table.ask({**INSTANCE, "reading": 300}, path="/explain").json()["explanations"][0]

    values = {one["feature"]: one["value"] for one in found["contributions"]}
    assert values["reading"] == 300
    assert values.get("parental level of education", "college") == "college"


@pytest.mark.slow
def test_requests_made_from_the_document_find_nothing(table: TableService, tmp_path: Path) -> None:
    cases, _ = judged(table, 60, tmp_path)

    assert cases >= 500
    assert table.ask(INSTANCE).status_code == 200
    assert "traceback" not in table.log
