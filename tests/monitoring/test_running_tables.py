"""Runs of monitoring over a store of predicted numbers, and over one with very many columns."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from switchyard.capture.request_ids import RequestIds
from switchyard.capture.rows import FEEDBACK_ROWS, TIME
from switchyard.configuration.model import UseCase
from switchyard.errors import PlatformError
from switchyard.monitoring import sampling
from switchyard.monitoring.alerts import alert_of
from switchyard.monitoring.drift import Comparison
from switchyard.monitoring.records import METRICS, MonitoringStore
from switchyard.monitoring.references import Reference, make_table_reference, open_reference
from switchyard.monitoring.results import Verdict
from switchyard.monitoring.running import Looked, check_store
from switchyard.monitoring.sampling import read_window
from switchyard.packages.manifest import AnyInput, Category, Number
from tests.monitoring.conftest import MONDAY, WINDOW, issued_at

INPUTS: dict[str, AnyInput] = {
    "alcohol": Number(type="number", minimum=8, maximum=14),
    "colour 🍷": Category(type="category", values=("red", "white")),
}


@pytest.fixture(autouse=True)
def plain_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages without pictures, which take seconds each."""
    monkeypatch.setattr(Comparison, "html", lambda self: f"<p>{self.title}</p>")
    monkeypatch.setattr("switchyard.monitoring.reports.add_to_workspace", lambda *given: None)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    import pandas as pd

    rows = wines(2_000, 1)
    frame = pd.DataFrame({name: rows[name] for name in INPUTS}).assign(label=rows["score"])
    folder = tmp_path_factory.mktemp("reference") / "reference"
    make_table_reference(frame, INPUTS, rows["score"], 2_000, folder)
    return open_reference(folder, "3")


def wines(rows: int, seed: int, *, stronger: float = 0.0) -> dict[str, Any]:
    """Columns of wines, and what a model says of them."""
    random = np.random.default_rng(seed)
    alcohol = np.clip(random.normal(10.5, 1, rows), 8, 14) + stronger
    colour = random.choice(["red", "white"], rows)
    return {"alcohol": alcohol, "colour 🍷": colour, "score": alcohol / 2 + 0.5 * (colour == "red")}


def case(folder: Path, **monitoring: Any) -> UseCase:
    return UseCase.of(
        {
            "name": "wines",
            "title": "Wines",
            "task": "regression",
            "serve": "ridge",
            "candidates": [{"name": "ridge", "estimator": "ridge"}],
            "table": {
                "inputs": [{"name": "alcohol"}, {"name": "colour 🍷", "type": "category"}],
            },
            "target": {"column": "quality"},
            "monitoring": {
                "min_rows": 200,
                "min_labelled": 20,
                "store": str(folder / "monitoring"),
                **monitoring,
            },
        }
    )


def put(folder: Path, columns: dict[str, Any], ids: list[str]) -> None:
    """Put rows of Monday into the prediction store, as the service of a regression writes them."""
    count = len(columns["score"])
    table = pa.table(
        {
            "request_id": ids,
            "instance": pa.array([0] * count, pa.int32()),
            "time": pa.array([MONDAY + timedelta(seconds=place) for place in range(count)], TIME),
            "alcohol": pa.array(columns["alcohol"], pa.float64()),
            "colour 🍷": pa.array(columns["colour 🍷"], pa.string()),
            "label": pa.nulls(count, pa.string()),
            "score": pa.array(columns["score"], pa.float64()),
            "threshold": pa.nulls(count, pa.float64()),
            "low": pa.array(columns["score"] - 1, pa.float64()),
            "high": pa.array(columns["score"] + 1, pa.float64()),
            "model_version": ["3"] * count,
        }
    )
    place(folder, "predictions", table)


def label(folder: Path, ids: list[str], true: list[str]) -> None:
    count = len(ids)
    times = pa.array([MONDAY] * count, TIME)
    numbers = pa.array(range(count), pa.int64())
    columns = [pa.array(ids), pa.array([0] * count, pa.int32()), times, pa.array(true), numbers]
    place(folder, "feedback", pa.table(columns, schema=FEEDBACK_ROWS))


def place(folder: Path, kind: str, table: pa.Table) -> None:
    target = folder / "captured" / kind / f"date={MONDAY:%Y-%m-%d}"
    target.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, target / "rows.parquet")


def looked(use_case: UseCase, folder: Path, reference: Reference, hours: int = 25) -> Looked:
    store = MonitoringStore(use_case.monitoring.store)
    now = MONDAY + timedelta(hours=hours)
    return check_store(use_case, str(folder / "captured"), store, lambda version: reference, now)


def verdict_of(found: Looked) -> Verdict:
    return next(each for each in found.verdicts if each.since == MONDAY)


def test_a_quiet_window_is_measured_by_the_numbers_that_came_back(
    tmp_path: Path, reference: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = RequestIds(b"k" * 32, 1.0)
    ids = [issued_at(MONDAY + timedelta(seconds=row), monkeypatch, made) for row in range(500)]
    columns = wines(500, 2)
    put(tmp_path, columns, ids)
    truths = [
        repr(float(score) + (3 if row % 10 == 0 else 0.5))
        for row, score in enumerate(columns["score"])
    ]
    label(tmp_path, ids[:50], [*truths[:49], "good"])
    use_case = case(tmp_path, floors={"mae": 0.5, "r2": -50})

    found = verdict_of(looked(use_case, tmp_path, reference))

    assert (found.status, found.rows) == ("quiet", 500)
    assert found.mean_score == pytest.approx(5.5, abs=0.1)
    assert found.performance is not None
    assert (found.performance.rows, found.performance.skipped) == (49, 1)
    assert found.performance.metrics["coverage"] == pytest.approx(44 / 49)
    assert found.performance.below_floor == ("mae",)
    alert = alert_of(found)
    assert alert is not None
    assert "mae 0.755 on 49 labelled rows" in alert.text
    written = MonitoringStore(use_case.monitoring.store).read(METRICS)
    assert written is not None
    assert 'performance{metric="rmse",use_case="wines"}' in written.decode()
    assert 'mean_prediction{use_case="wines"} 5.' in written.decode()
    assert 'column_distance{column="colour 🍷",use_case="wines"}' in written.decode()


def test_labels_that_come_later_complete_the_verdict(
    tmp_path: Path, reference: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = RequestIds(b"k" * 32, 1.0)
    ids = [issued_at(MONDAY + timedelta(seconds=row), monkeypatch, made) for row in range(300)]
    columns = wines(300, 3)
    put(tmp_path, columns, ids)
    use_case = case(tmp_path)
    assert verdict_of(looked(use_case, tmp_path, reference)).performance is None
    label(tmp_path, ids[:30], [repr(float(score)) for score in columns["score"][:30]])
    later = verdict_of(looked(use_case, tmp_path, reference, hours=26))
    assert later.performance is not None
    assert later.performance.metrics["rmse"] == 0.0
    assert later.performance.metrics["coverage"] == 1.0


def test_stronger_wines_are_drift_and_kept_with_a_report(
    tmp_path: Path, reference: Reference
) -> None:
    put(tmp_path, wines(500, 4, stronger=2), [f"id-{row}" for row in range(500)])
    use_case = case(tmp_path)
    found = looked(use_case, tmp_path, reference)
    assert verdict_of(found).status == "drifted"
    assert "1 of 2 input columns drifted: alcohol" in str(verdict_of(found).reasons)
    assert found.page
    kept = MonitoringStore(use_case.monitoring.store).verdicts()
    assert [each.status for each in kept] == ["drifted"]


def test_a_column_that_no_file_of_the_store_has_is_missing_everywhere(
    tmp_path: Path, reference: Reference
) -> None:
    put(tmp_path, wines(300, 6), [f"id-{row}" for row in range(300)])
    file = next((tmp_path / "captured").rglob("*.parquet"))
    pq.write_table(pq.read_table(file).drop_columns("alcohol"), file)
    found = verdict_of(looked(case(tmp_path), tmp_path, reference))
    assert found.status == "drifted"
    assert found.quality.missing_share["alcohol"] == 1.0


def test_of_a_wide_table_one_row_of_so_many_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = wines(500, 5)
    put(tmp_path, columns, [f"id-{row}" for row in range(500)])
    monkeypatch.setattr(sampling, "WIDE", 2)
    monkeypatch.setattr(sampling, "WINDOW_CELLS", 6 * 100)
    skipped: list[PlatformError] = []
    rows, count = read_window(case(tmp_path), str(tmp_path / "captured"), WINDOW, skipped.append)
    assert skipped == []
    assert (rows.num_rows, count) == (100, 500)
    assert rows["alcohol"].to_pylist() == columns["alcohol"][::5].tolist()
