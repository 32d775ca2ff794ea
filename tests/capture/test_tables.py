"""Rows of tables in the prediction store: typed columns, predicted numbers, numbers as feedback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pytest

from switchyard.capture import reading
from switchyard.capture.compaction import Compactor
from switchyard.capture.recorder import Recorder
from switchyard.errors import RequestError
from switchyard.packages.manifest import AnyInput, Category, Input, Number
from switchyard.serving.settings import Settings

INPUTS: dict[str, AnyInput] = {
    "level of education": Category(type="category", values=("college", "none")),
    "reading": Number(type="number", minimum=0, maximum=100, missing=True),
    "label": Number(type="number", minimum=0, maximum=1, missing=True),
    "city": Category(type="category", values=("Ur",), missing=True),
}
Open = Callable[..., Recorder]


class Kept:
    """A recorder of a model of this table, and what has reached the store."""

    def __init__(self, folder: Path, threshold: float | None, **capture: Any) -> None:
        self.settings = Settings.of(
            {
                "name": "scores",
                "title": "Scores",
                "model_version": "3",
                "content_sha256": "0" * 64,
                "serving": {"state_dir": str(folder), "capture": {"flush_s": 0.001} | capture},
            }
        )
        self.recorder = Recorder(self.settings, "d" * 64, False, threshold, INPUTS)

    def predict(self, *instances: dict[str, Any]) -> str:
        request_id = self.recorder.issue(len(instances))
        predictions = [
            {"value": 70.5 + at, "low": 60.0, "high": 80} for at in range(len(instances))
        ]
        answer = {"model_version": "3", "coverage": 0.9, "predictions": predictions}
        self.recorder.prediction(
            request_id, orjson.dumps({"instances": instances}), orjson.dumps(answer)
        )
        return request_id.decode()

    def moved(self) -> pa.Table:
        self.recorder.close()
        Compactor(self.settings).run_once()
        return reading.predictions(self.settings.capture_store)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    made = Kept(tmp_path, None)
    yield made
    made.recorder.close()


def test_predicted_numbers_are_kept_with_their_intervals(kept: Kept) -> None:
    kept.predict(
        {"level of education": "none", "reading": 71, "label": 0.5, "city": "Ur"},
        {"reading": None, "level of education": "college"},
    )

    rows = kept.moved().to_pylist()

    assert [(each["score"], each["low"], each["high"]) for each in rows] == [
        (70.5, 60.0, 80.0),
        (71.5, 60.0, 80.0),
    ]
    assert {(each["label"], each["threshold"], each["model_version"]) for each in rows} == {
        (None, None, "3")
    }
    assert [(each["reading"], each["input_label"], each["city"]) for each in rows] == [
        (71.0, 0.5, "Ur"),
        (None, None, None),
    ]


def test_columns_have_the_types_of_the_inputs_though_there_are_no_values(kept: Kept) -> None:
    kept.predict({"level of education": "none", "reading": None})

    schema = kept.moved().schema

    assert schema.field("reading").type == schema.field("input_label").type == pa.float64()
    assert schema.field("city").type == pa.string()


def test_columns_and_bodies_are_kept_alike(kept: Kept) -> None:
    columns = {
        "level of education": ["none", "college"],
        "reading": [71.0, float("nan")],
        "label": [None, 1.0],
        "city": pa.array(["Ur", None]),
    }
    kept.recorder.columns(
        kept.recorder.issue(2), columns, None, [1.5, 2.5], ([1.0, 2.0], [2.0, 3.0])
    )

    rows = kept.moved().to_pylist()

    assert [(each["reading"], each["input_label"], each["city"]) for each in rows] == [
        (71.0, None, "Ur"),
        (None, 1.0, None),
    ]
    assert [(each["label"], each["score"], each["low"], each["high"]) for each in rows] == [
        (None, 1.5, 1.0, 2.0),
        (None, 2.5, 2.0, 3.0),
    ]


def test_labels_of_tables_are_kept_without_intervals(tmp_path: Path) -> None:
    kept = Kept(tmp_path, 0.4)
    kept.recorder.columns(
        kept.recorder.issue(1), {"level of education": ["none"]}, ["passed"], [0.7]
    )

    table = kept.moved()

    assert table.to_pylist()[0]["label"] == "passed"
    assert table["threshold"].to_pylist() == [0.4]
    assert {"low", "high"}.isdisjoint(table.column_names)


def test_a_value_of_another_type_is_damage_and_spoils_no_other_row(kept: Kept) -> None:
    kept.predict({"level of education": "none", "reading": "71"})
    kept.predict({"level of education": "none", "reading": 71})

    assert kept.moved()["reading"].to_pylist() == [71.0]


def test_numbers_said_to_be_true_join_the_numbers_predicted(kept: Kept) -> None:
    request_id = kept.predict({"level of education": "none"}, {"level of education": "none"})

    kept.recorder.feedback(request_id, 1, repr(66.25))
    kept.moved()

    found = reading.labelled(kept.settings.capture_store).to_pylist()
    assert [(each["score"], each["true_label"]) for each in found] == [(71.5, "66.25")]


def test_dropped_columns_are_not_kept_and_categories_not_redacted(tmp_path: Path) -> None:
    kept = Kept(tmp_path, None, drop=["city", "reading"])
    kept.predict({"level of education": "none", "reading": 71, "city": "Ur"})

    row = kept.moved().to_pylist()[0]

    assert (row["level of education"], row["reading"], row["city"]) == ("none", None, None)


@pytest.mark.parametrize(
    ("capture", "said"),
    [
        ({"redact": ["query"]}, "are parts of a URL, and this model takes a table"),
        ({"drop": ["citty"]}, "'citty' is no input of the model; they are 'level of education'"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(
    tmp_path: Path, capture: dict[str, Any], said: str
) -> None:
    with pytest.raises(RequestError, match=said):
        Kept(tmp_path, None, **capture)


def test_rows_of_texts_have_the_columns_they_always_had(tmp_path: Path) -> None:
    settings = Kept(tmp_path, None).settings
    texts: dict[str, AnyInput] = {"url": Input(type="string", max_length=99)}
    recorder = Recorder(settings, "d" * 64, False, 0.4, texts)
    recorder.columns(recorder.issue(1), {"url": ["a.com"]}, ["good"], [0.1])
    recorder.close()
    Compactor(settings).run_once()

    assert reading.predictions(settings.capture_store).column_names == [
        *("request_id", "instance", "time", "url", "label", "score", "threshold"),
        *("model_version", "data_digest", "synthetic"),
    ]
