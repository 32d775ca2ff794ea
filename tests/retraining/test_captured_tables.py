"""From the recorder of a service to the verdict and the archive, without a file written by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pytest

from switchyard.capture.compaction import Compactor
from switchyard.capture.recorder import Recorder
from switchyard.configuration.model import UseCase
from switchyard.monitoring.records import MonitoringStore
from switchyard.monitoring.references import Reference, make_table_reference, open_reference
from switchyard.monitoring.running import check_store
from switchyard.packages.manifest import AnyInput, Category, Number
from switchyard.retraining.archives import archive, captured_in, gather
from switchyard.retraining.feedback import learnable
from switchyard.serving.settings import Settings

INPUTS: dict[str, AnyInput] = {
    "label": Number(type="number", minimum=0, maximum=1, missing=True),
    "colour": Category(type="category", values=("red", "white"), other=True),
}


def use_case(folder: Path, **capture: Any) -> UseCase:
    return UseCase.of(
        {
            "name": "drinks",
            "title": "Drinks",
            "task": "regression",
            "serve": "ridge",
            "candidates": [{"name": "ridge", "estimator": "ridge"}],
            "table": {
                "inputs": [
                    {"name": "label", "missing": "allow"},
                    {"name": "colour", "type": "category", "unknown": "other"},
                ],
            },
            "target": {"column": "points", "minimum": 0, "maximum": 100},
            "serving": {"state_dir": str(folder), "capture": {"flush_s": 0.001, **capture}},
            "monitoring": {"min_rows": 50, "min_labelled": 10, "lag_s": 0, "window_h": 24},
        }
    )


def drawn(rows: int, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    label = np.where(random.random(rows) < 0.2, np.nan, random.random(rows))
    return pd.DataFrame({"label": label, "colour": random.choice(["red", "white"], rows)})


def predicted(frame: pd.DataFrame) -> Any:
    return 50 + 10 * frame["label"].fillna(0.5).to_numpy()


@pytest.fixture
def reference(tmp_path: Path) -> Reference:
    frame = drawn(1_000, 1)
    made = frame.rename(columns={"label": "input_label"}).assign(label=predicted(frame))
    folder = make_table_reference(made, INPUTS, predicted(frame), 1_000, tmp_path / "reference")
    return open_reference(folder, "3")


def answered(case: UseCase, frame: pd.DataFrame, true: dict[int, str]) -> None:
    """Answer a request of these rows, get labels for some, and move all into the store."""
    facts = {"name": case.name, "title": case.title, "model_version": "3"}
    settings = Settings(**facts, content_sha256="0" * 64, serving=case.serving)
    recorder = Recorder(settings, "d" * 64, False, None, INPUTS)
    request_id = recorder.issue(len(frame))
    instances = orjson.loads(
        frame.astype(object).where(frame.notna(), None).to_json(orient="records")
    )
    predictions = [
        {"value": value, "low": value - 2, "high": value + 2} for value in predicted(frame).tolist()
    ]
    answer = {"model_version": "3", "coverage": 0.9, "predictions": predictions}
    body = orjson.dumps({"instances": instances})
    recorder.prediction(request_id, body, orjson.dumps(answer))
    for place, label in true.items():
        recorder.feedback(request_id.decode(), place, label)
    recorder.close()
    Compactor(settings).run_once()


def test_what_a_service_captures_is_judged_and_learnt_from(
    tmp_path: Path, reference: Reference
) -> None:
    case, frame = use_case(tmp_path), drawn(200, 2)
    true = {place: repr(float(value) + 1.0) for place, value in enumerate(predicted(frame)[:40])}
    answered(case, frame, {**true, 40: "1000.0"})
    store = MonitoringStore(str(tmp_path / "monitoring"))

    later = datetime.now(UTC) + timedelta(days=2)
    looked = check_store(case, captured_in(case), store, lambda version: reference, later)

    found = next(each for each in looked.verdicts if each.rows)
    assert (found.rows, found.status) == (200, "quiet"), found.reasons
    assert found.quality.missing_share["input_label"] == pytest.approx(0.2, abs=0.1)
    assert found.performance is not None
    assert found.performance.rows == 41
    assert found.performance.metrics["coverage"] == pytest.approx(40 / 41)
    assert gather(store, captured_in(case), case.definition).added == 41
    rows = learnable(archive(store, case.definition), case.data, case.definition)
    assert rows.num_rows == 40
    assert sorted(map(float, rows["label"].to_pylist())) == pytest.approx(
        sorted(map(float, true.values()))
    )


def test_inputs_that_no_request_had_are_missing_in_all(
    tmp_path: Path, reference: Reference
) -> None:
    case, frame = use_case(tmp_path), drawn(200, 2).assign(label=np.nan)
    answered(case, frame, {})
    store = MonitoringStore(str(tmp_path / "monitoring"))
    later = datetime.now(UTC) + timedelta(days=2)
    looked = check_store(case, captured_in(case), store, lambda version: reference, later)
    found = next(each for each in looked.verdicts if each.rows)
    assert found.status == "drifted"
    assert found.quality.missing_share["input_label"] == 1.0
