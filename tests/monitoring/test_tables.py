"""Tables and predicted numbers: what a window of them is compared by, and what is seen of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from prometheus_client import generate_latest

from switchyard.configuration.loop import Monitoring
from switchyard.configuration.model import Data, Definition
from switchyard.configuration.names import stored
from switchyard.configuration.tables import Column, Table, Target
from switchyard.data.preparing import clean_rows
from switchyard.errors import PlatformError, RequestError
from switchyard.monitoring.checking import Checked, Facts, check_window, columns_of, measured
from switchyard.monitoring.drift import SHOWN
from switchyard.monitoring.packaging import reference_of
from switchyard.monitoring.prometheus import MOST_COLUMNS, registry_of
from switchyard.monitoring.references import (
    SCORE,
    TRUTH,
    Reference,
    make_table_reference,
    open_reference,
)
from switchyard.monitoring.strangers import shares
from switchyard.monitoring.tables import describe_table
from switchyard.packages.loading import load
from switchyard.packages.manifest import Number
from switchyard.tables.samples import generate_table
from switchyard.tasks.rows import rows_of
from tests.monitoring.conftest import FEW, MONDAY, WINDOW
from tests.table_models import CLASSIFICATION, REGRESSION, package_of

pytestmark = pytest.mark.timeout(120)

NUMBERS = Facts(name="scores", positive="", created=MONDAY, numbers=True)
LABELS = Facts(name="results", positive="passed", created=MONDAY)
EDUCATION, LUNCH = "parental level of education", "lunch/label"


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    folder = tmp_path_factory.mktemp("packages")
    return {what.task: package_of(folder, what) for what in (REGRESSION, CLASSIFICATION)}


@pytest.fixture(scope="module")
def references(
    packages: Mapping[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Reference]:
    """Of version 3, from rows that the models have not seen, of the same population."""
    made: dict[str, Reference] = {}
    for what in (REGRESSION, CLASSIFICATION):
        folder = tmp_path_factory.mktemp("reference")
        frame = cleaned(what, 2000)
        made[what.task] = open_reference(
            reference_of(packages[what.task], frame, frame, 7, folder), "3"
        )
    return made


def cleaned(what: Definition, rows: int, seed: int = 3, first: int = 0) -> Any:
    """Rows of the population that the models were trained on, which a seed makes."""
    frame = clean_rows(generate_table(6000, what, seed), Data(), what).frame
    return frame.iloc[first : first + rows].reset_index(drop=True)


def captured(
    package: Path, frame: Any, what: Definition = REGRESSION, version: str = "3"
) -> pa.Table:
    """Rows as the prediction store has them."""
    model = load(package)
    scores = model.scores(rows_of(frame, model.manifest.inputs))
    numbers = what.task == "regression"
    assert what.table is not None
    count = len(frame)
    inputs = {
        stored(each.name): pa.array(
            frame[stored(each.name)],
            pa.float64() if each.type == "number" else pa.string(),
            from_pandas=True,
        )
        for each in what.table.inputs
    }
    label = (
        [None] * count if numbers else ["passed" if each >= 0.4 else "failed" for each in scores]
    )
    return pa.table(
        {
            **inputs,
            "label": pa.array(label, pa.string()),
            "score": pa.array(scores, pa.float64()),
            "threshold": pa.array([None if numbers else 0.4] * count, pa.float64()),
            "model_version": pa.array([version] * count, pa.string()),
        }
    )


def judged(
    rows: pa.Table,
    reference: Reference | None,
    facts: Facts = NUMBERS,
    monitoring: Monitoring = FEW,
) -> Checked:
    return check_window(WINDOW, rows, None, reference, monitoring, facts)


def changed(rows: pa.Table, name: str, values: Any, kind: Any = None) -> pa.Table:
    place = rows.column_names.index(name)
    return rows.set_column(place, name, pa.array(values, kind or rows[name].type))


@pytest.fixture(scope="module")
def usual(packages: Mapping[str, Path]) -> pa.Table:
    return captured(packages["regression"], cleaned(REGRESSION, 1500, first=2500))


def test_a_reference_of_a_table_holds_its_own_columns(references: Mapping[str, Reference]) -> None:
    reference = references["regression"]
    assert reference.inputs is not None
    assert set(reference.columns) == {EDUCATION, LUNCH, "reading", "input_label", SCORE, TRUTH}
    assert reference.words is None
    assert reference.rows == 2000
    assert np.isnan(reference.columns["input_label"]).any()


@pytest.mark.parametrize("what", [REGRESSION, CLASSIFICATION], ids=lambda what: what.task)
def test_a_window_like_training_is_quiet(
    packages: Mapping[str, Path], references: Mapping[str, Reference], what: Definition
) -> None:
    rows = captured(packages[what.task], cleaned(what, 1500, first=2500), what)
    facts = NUMBERS if what is REGRESSION else LABELS
    found = judged(rows, references[what.task], facts).verdict
    assert (found.status, found.reasons) == ("quiet", ())
    assert set(found.columns) == {EDUCATION, LUNCH, "reading", "input_label", SCORE}
    if what is REGRESSION:
        assert (found.positive_share, found.reference_positive_share) == (None, None)
        assert found.mean_score == pytest.approx(found.reference_mean_score, abs=3)
    else:
        assert found.positive_share == pytest.approx(0.5, abs=0.2)
        assert found.mean_score is None


def test_numbers_that_grow_are_drift_and_so_is_what_is_predicted_of_them(
    references: Mapping[str, Reference], usual: pa.Table
) -> None:
    higher = np.clip(np.asarray(usual["reading"]) + 30, 0, 100)
    scores = np.clip(np.asarray(usual["score"]) + 15, 0, 100)
    found = judged(
        changed(changed(usual, "reading", higher), "score", scores), references["regression"]
    )
    assert found.verdict.status == "drifted"
    assert found.verdict.columns["reading"].drifted
    assert any("predictions are spread otherwise" in each for each in found.verdict.reasons)


def test_the_share_of_drifted_columns_counts_the_inputs_alone(
    references: Mapping[str, Reference], usual: pa.Table
) -> None:
    higher = np.clip(np.asarray(usual["reading"]) + 30, 0, 100)
    words = ["school"] * usual.num_rows
    found = judged(
        changed(changed(usual, "reading", higher), EDUCATION, words), references["regression"]
    )
    assert found.verdict.drifted_share == 0.5
    assert any("2 of 4 input columns drifted" in each for each in found.verdict.reasons)


def test_another_mix_of_categories_is_told_by_its_column(
    references: Mapping[str, Reference], usual: pa.Table
) -> None:
    found = judged(changed(usual, EDUCATION, ["none"] * usual.num_rows), references["regression"])
    assert found.verdict.columns[EDUCATION].drifted
    assert found.verdict.quality.unknown_share == {}


def test_categories_that_are_all_new_are_drift(
    references: Mapping[str, Reference], usual: pa.Table
) -> None:
    found = judged(changed(usual, LUNCH, ["🍱"] * usual.num_rows), references["regression"]).verdict
    assert found.status == "drifted"
    assert found.quality.unknown_share[LUNCH] == 1.0
    assert "lunch/label has categories that were not trained in 100.0% of rows" in found.reasons[0]


def test_numbers_out_of_the_trained_range_are_drift(
    references: Mapping[str, Reference], usual: pa.Table
) -> None:
    far = [
        1e6 if row % 10 == 0 else value for row, value in enumerate(usual["reading"].to_pylist())
    ]
    found = judged(changed(usual, "reading", far), references["regression"]).verdict
    assert found.status == "drifted"
    assert found.quality.outside_share["reading"] == pytest.approx(0.1, abs=0.01)


def test_missing_values_are_drift_though_the_reference_misses_none(
    references: Mapping[str, Reference], usual: pa.Table
) -> None:
    holes = [
        None if row % 10 == 0 else value for row, value in enumerate(usual["reading"].to_pylist())
    ]
    found = judged(changed(usual, "reading", holes), references["regression"]).verdict
    assert found.status == "drifted"
    assert found.quality.missing_share["reading"] == pytest.approx(0.1)
    assert "reading is missing or unreadable in 10.0% of rows, 0.0% in training" in found.reasons


@pytest.mark.parametrize("kind", [pa.float64(), pa.string(), pa.null()])
def test_a_column_that_misses_every_value_is_drift(
    references: Mapping[str, Reference], usual: pa.Table, kind: Any
) -> None:
    gone = changed(usual, "reading", [None] * usual.num_rows, kind)
    found = judged(gone, references["regression"]).verdict
    assert found.status == "drifted"
    assert found.quality.missing_share["reading"] == 1.0
    assert "reading" not in found.columns


def test_a_column_that_is_no_input_any_more_is_left_out_and_told(
    references: Mapping[str, Reference], usual: pa.Table
) -> None:
    found = judged(usual.drop_columns("reading"), references["regression"]).verdict
    assert found.status == "quiet"
    assert "reading" not in {**found.columns, **found.quality.missing_share}
    assert "no input of the use case any more and not compared: 'reading'" in found.reasons


def test_a_column_of_one_value_is_drift_where_training_had_many(
    references: Mapping[str, Reference], usual: pa.Table
) -> None:
    found = judged(
        changed(usual, "reading", [50.0] * usual.num_rows), references["regression"]
    ).verdict
    assert found.columns["reading"].drifted


def test_a_column_of_one_value_is_quiet_where_training_had_no_other(
    references: Mapping[str, Reference], usual: pa.Table
) -> None:
    reference = references["regression"]
    same = np.full(reference.rows, 50, np.float32)
    constant = replace(reference, columns={**reference.columns, "reading": same})
    found = judged(changed(usual, "reading", [50.0] * usual.num_rows), constant).verdict
    assert (found.status, found.columns["reading"].distance) == ("quiet", 0.0)


@pytest.mark.parametrize("rows", [0, 1])
def test_a_window_of_one_row_or_none_is_told_as_such(usual: pa.Table, rows: int) -> None:
    found = judged(usual.slice(0, rows), None).verdict
    assert (found.status, found.rows, found.mean_score) == ("too-few-rows", rows, None)


@pytest.mark.parametrize("whole", [True, False])
def test_one_row_is_judged_where_one_is_enough(
    references: Mapping[str, Reference], usual: pa.Table, whole: bool
) -> None:
    row = usual.slice(0, 1)
    if not whole:
        row = changed(changed(row, "reading", [None]), "score", [None])
    found = judged(row, references["regression"], monitoring=Monitoring(min_rows=1)).verdict
    assert found.status == ("quiet" if whole else "drifted"), found.reasons


def test_corrupt_cells_are_skipped_counted_and_told(
    references: Mapping[str, Reference], usual: pa.Table
) -> None:
    texts = [
        "7.4 or so" if row % 100 == 0 else f"{value!r}"
        for row, value in enumerate(usual["reading"].to_pylist())
    ]
    found = judged(changed(usual, "reading", texts, pa.string()), references["regression"]).verdict
    assert found.quality.unreadable == {"reading": 15}
    assert found.status == "quiet"
    assert "15 unreadable values were skipped: 'reading'" in found.reasons


def test_infinite_numbers_and_strange_types_are_corrupt(
    references: Mapping[str, Reference], usual: pa.Table
) -> None:
    values = [float("inf"), 1e300, *usual["reading"].to_pylist()[2:]]
    rows = changed(usual, "reading", values)
    rows = changed(rows, LUNCH, [b"\xff\xfe"] * rows.num_rows, pa.binary())
    found = judged(rows, references["regression"]).verdict
    assert found.quality.unreadable[LUNCH] == rows.num_rows
    assert found.quality.unreadable["reading"] == 1
    assert found.quality.missing_share[LUNCH] == 1.0


def test_a_dropped_column_is_left_out_and_told(
    references: Mapping[str, Reference], usual: pa.Table
) -> None:
    facts = replace(NUMBERS, dropped=("label",))
    found = judged(
        changed(usual, "input_label", [None] * usual.num_rows), references["regression"], facts
    ).verdict
    assert found.status == "quiet"
    assert "input_label" not in {**found.columns, **found.quality.missing_share}
    assert "not compared: 'input_label'" in found.reasons[0]


def test_a_version_without_a_reference_is_compared_by_its_inputs(
    packages: Mapping[str, Path], references: Mapping[str, Reference]
) -> None:
    rows = captured(packages["regression"], cleaned(REGRESSION, 800, first=3000), version="4")
    found = judged(rows, references["regression"]).verdict
    assert found.status == "quiet"
    assert SCORE not in found.columns
    assert "reading" in found.columns


def test_what_is_read_of_a_store_are_the_columns_by_their_stored_names() -> None:
    assert columns_of(REGRESSION)[:4] == (EDUCATION, LUNCH, "reading", "input_label")
    assert columns_of(Definition())[0] == "url"


def test_a_reference_of_another_layout_or_a_damaged_one_is_refused(
    packages: Mapping[str, Path], tmp_path: Path
) -> None:
    frame = cleaned(REGRESSION, 100)
    folder = reference_of(packages["regression"], frame, frame, 7, tmp_path)
    facts = json.loads((folder / "reference.json").read_text())
    (folder / "reference.json").write_text(json.dumps(facts | {"layout": 9}))
    with pytest.raises(RequestError, match="another release"):
        open_reference(folder, "3")
    (folder / "reference.json").write_text(json.dumps(facts | {"inputs": {"reading": 5}}))
    with pytest.raises(PlatformError, match="cannot be read"):
        open_reference(folder, "3")


@pytest.mark.slow
def test_evidently_shows_numbers_and_categories_by_the_distances_that_were_judged(
    references: Mapping[str, Reference], usual: pa.Table
) -> None:
    words = ["🍱" if row % 3 else "free" for row in range(usual.num_rows)]
    found = judged(changed(usual, LUNCH, words), references["regression"]).comparison
    assert found is not None
    shown = {each["config"]["column"]: each["value"] for each in found.document()["metrics"]}
    assert shown == pytest.approx(
        {name: each.distance for name, each in found.columns.items()}, abs=1e-5
    )
    assert "(not trained)" in found.html()


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> tuple[Reference, pa.Table]:
    """A reference of 2,000 columns, and rows of the same population."""
    random = np.random.default_rng(1)
    names = [f"column {number} 🍷" for number in range(2_000)]
    columns = tuple(Column(name=name) for name in names)
    definition = Definition(
        task="regression", table=Table(inputs=columns), target=Target(column="y")
    )
    assert definition.table is not None
    values = random.normal(size=(3_000, len(names)))
    import pandas as pd

    frame = pd.DataFrame(values[:2_000], columns=names).assign(label=0.0)
    inputs = {name: Number(type="number", minimum=-5, maximum=5) for name in names}
    folder = make_table_reference(
        frame, inputs, values[:2_000, 0], 9_000, tmp_path_factory.mktemp("wide") / "reference"
    )
    rows = pa.table({name: values[2_000:, place] for place, name in enumerate(names)})
    rows = rows.append_column("score", pa.array(values[2_000:, 0]))
    rows = rows.append_column("threshold", pa.nulls(1_000, pa.float64()))
    rows = rows.append_column("label", pa.nulls(1_000, pa.string()))
    rows = rows.append_column("model_version", pa.array(["3"] * 1_000))
    return open_reference(folder, "3"), rows


def test_two_thousand_columns_are_quiet_and_their_reports_and_metrics_are_clipped(
    wide: tuple[Reference, pa.Table],
) -> None:
    reference, rows = wide
    found = judged(rows, reference)
    assert found.verdict.status == "quiet", found.verdict.reasons
    assert len(found.verdict.columns) == 2_001
    assert found.comparison is not None
    assert len(found.comparison.shown) == SHOWN
    assert SCORE in found.comparison.shown
    assert all(len(columns) <= SHOWN for columns in found.comparison.panels.values())
    assert f"the report shows {SHOWN} of 2,001 columns" in found.verdict.reasons[0]
    text = generate_latest(registry_of([found.verdict])).decode()
    assert text.count("switchyard_monitoring_column_distance{") == MOST_COLUMNS
    assert 'switchyard_monitoring_columns{use_case="scores"} 2001.0' in text


def test_of_two_thousand_columns_those_that_miss_values_are_told_few_by_name(
    wide: tuple[Reference, pa.Table],
) -> None:
    reference, rows = wide
    holes = rows
    for place in range(40):
        name = f"column {place} 🍷"
        values = rows[name].to_pylist()
        values[:300] = [None] * 300
        holes = changed(holes, name, values)
    found = judged(holes, reference).verdict
    assert found.status == "drifted"
    assert len(found.quality.problems) == 11
    assert found.quality.problems[-1] == "and so it is with 30 more"


def test_times_in_seconds_keep_what_single_precision_rounds_away(tmp_path: Path) -> None:
    begin, day = 1_700_000_000.0, 86_400.0
    declared = {"at": Number(type="number", minimum=begin, maximum=begin + day)}
    at = begin + np.linspace(0.0, day, 2_000)
    frame = pd.DataFrame({"at": at, "label": at})
    folder = make_table_reference(frame, declared, at, len(frame), tmp_path / "reference")
    reference = open_reference(folder, "3")
    assert reference.columns["at"].tolist() == at.tolist()
    assert reference.columns[SCORE].tolist() == at.tolist()
    rows = pa.table({"at": at})
    assert describe_table(rows, declared).columns["at"].tolist() == at.tolist()
    just = pa.table({"at": [begin - 10.0, begin + day + 10.0, begin + 1.0]})
    assert shares(describe_table(just, declared).columns, declared).outside["at"] == 0.666667


def test_other_numbers_take_half_the_memory() -> None:
    declared = {"a": Number(type="number", minimum=0, maximum=100)}
    found = describe_table(pa.table({"a": [1.5, 1e300]}), declared).columns["a"]
    assert found.dtype == np.float32


def test_too_few_usable_labels_judge_no_floor() -> None:
    labels = ["five"] * 49 + ["5.0"]
    rows = pa.table(
        {
            "true_label": pa.array(labels, pa.string()),
            "score": [99.0] * 50,
            "low": [98.0] * 50,
            "high": [100.0] * 50,
        }
    )
    monitoring = Monitoring(min_labelled=50, floors={"rmse": 1.0})
    assert measured(rows, monitoring, NUMBERS) is None
    found = measured(rows, monitoring.model_copy(update={"min_labelled": 1}), NUMBERS)
    assert found is not None
    assert found.below_floor == ("rmse",)
