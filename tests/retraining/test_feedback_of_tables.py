"""Feedback on tables is archived, checked as training checks it, and read back by training."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from switchyard.capture.request_ids import RequestIds
from switchyard.capture.rows import FEEDBACK_ROWS
from switchyard.configuration.loop import Retraining
from switchyard.configuration.model import Candidate, Data, Definition, Sample, UseCase
from switchyard.configuration.serving import Capture, Serving
from switchyard.configuration.tables import Column, Table, Target
from switchyard.data.loading import load
from switchyard.data.preparing import clean_rows
from switchyard.monitoring.records import MonitoringStore
from switchyard.retraining.archives import archive, gather, input_types, schema, to_parquet
from switchyard.retraining.bases import base_of, on_base, write_base
from switchyard.retraining.feedback import learnable, snapshot
from switchyard.retraining.planning import begin, obstacle_of, plan
from switchyard.tables.plausible import Plausible, limits
from tests.retraining.test_deciding import window
from tests.table_models import CLASSIFICATION, INPUTS, REGRESSION

NOW = datetime.now(UTC)
EDUCATION, LUNCH = "parental level of education", "lunch/label"
GOOD = {EDUCATION: "college", LUNCH: "free", "reading": 72.1, "input_label": 0.25}


@pytest.fixture
def store(tmp_path: Path) -> MonitoringStore:
    return MonitoringStore(str(tmp_path / "monitoring"))


@pytest.fixture
def captured(tmp_path: Path) -> str:
    return str(tmp_path / "captured")


def put(
    captured: str,
    rows: Sequence[dict[str, Any]],
    labels: Sequence[str | None],
    *,
    numbers: bool = True,
    types: dict[str, Any] | None = None,
) -> None:
    """Put answered rows, and labels where there are any, into the prediction store."""
    now = datetime.now(UTC)  # of the ids as well, on whichever day the module was read
    ids = sorted(RequestIds(b"k" * 32, 1.0).issue(1).decode() for _ in rows)
    kinds = input_types(REGRESSION) | (types or {})
    count = len(rows)
    table = pa.table(
        {
            "request_id": pa.array(ids, pa.string()),
            "instance": pa.array([0] * count, pa.int32()),
            "time": pa.array([now] * count, pa.timestamp("us", tz="UTC")),
            **{
                each: pa.array([row.get(each) for row in rows], kind)
                for each, kind in kinds.items()
            },
            "label": pa.array([None if numbers else "passed"] * count, pa.string()),
            "score": pa.array([60.0 if numbers else 0.9] * count, pa.float64()),
            "threshold": pa.array([None if numbers else 0.4] * count, pa.float64()),
            "model_version": pa.array(["3"] * count, pa.string()),
        }
    )
    given = pa.table(
        [
            pa.array(ids),
            pa.array([0] * count, pa.int32()),
            table["time"],
            pa.array(labels, pa.string()),
            pa.array(range(count), pa.int64()),
        ],
        schema=FEEDBACK_ROWS,
    )
    given = given.filter(given["label"].is_valid())
    for kind, content in (("predictions", table), ("feedback", given)):
        folder = Path(captured, kind, f"date={now:%Y-%m-%d}")
        folder.mkdir(parents=True, exist_ok=True)
        pq.write_table(content, folder / "rows.parquet")


def test_rows_are_archived_under_their_stored_names(store: MonitoringStore, captured: str) -> None:
    put(captured, [GOOD, GOOD | {"input_label": None}, GOOD], ["71.5", "60.0", None])
    assert gather(store, captured, REGRESSION).added == 2
    kept = archive(store, REGRESSION)
    assert kept.schema == schema(REGRESSION)
    assert kept["label"].to_pylist() == ["71.5", "60.0"]
    assert kept["input_label"].to_pylist() == [0.25, None]
    assert kept["predicted"].to_pylist() == [None, None]
    assert kept["score"].to_pylist() == [60.0, 60.0]
    assert gather(store, captured, REGRESSION).added == 0


@pytest.mark.parametrize(
    ("changes", "label"),
    [
        ({}, "seventy"),
        ({}, "100.5"),
        ({}, "-1"),
        ({}, "nan"),
        ({EDUCATION: "kindergarten"}, "71.5"),
        ({EDUCATION: None}, "71.5"),
        ({"reading": 1e9}, "71.5"),
        ({"reading": None}, "71.5"),
        ({"reading": float("inf")}, "71.5"),
    ],
)
def test_rows_that_training_would_reject_are_left_out(
    store: MonitoringStore, captured: str, changes: dict[str, Any], label: str
) -> None:
    put(captured, [GOOD, GOOD | changes], ["71.5", label])
    gather(store, captured, REGRESSION)
    found = learnable(archive(store, REGRESSION), Data(), REGRESSION)
    assert found["label"].to_pylist() == ["71.5"]
    assert found["reading"].to_pylist() == [72.1]


UNBOUNDED = Definition(
    task="regression",
    table=Table(
        inputs=tuple(each.model_copy(update={"minimum": None, "maximum": None}) for each in INPUTS)
    ),
    target=Target(column="math"),
)
TRAINED = Plausible(limits(0, 100), {"reading": limits(0, 100), "label": limits(-1, 1)})


@pytest.mark.parametrize(
    ("changes", "label"),
    [({}, "1e200"), ({}, "1e6"), ({}, "-1001"), ({"reading": 1e300}, "71.5")],
)
def test_without_bounds_numbers_are_held_to_what_the_champion_was_trained_on(
    store: MonitoringStore, captured: str, changes: dict[str, Any], label: str
) -> None:
    put(captured, [GOOD, GOOD | changes, GOOD | {"reading": 500.0}], ["71.5", label, "150"])
    gather(store, captured, UNBOUNDED)
    found = learnable(archive(store, UNBOUNDED), Data(), UNBOUNDED, TRAINED)
    assert found["label"].to_pylist() == ["71.5", "150"]


def test_a_retraining_counts_and_takes_only_what_is_plausible(
    store: MonitoringStore, captured: str
) -> None:
    put(captured, [GOOD, GOOD], ["71.5", "1e200"])
    wide = case().model_copy(update={"table": UNBOUNDED.table, "target": UNBOUNDED.target})
    past = datetime(2024, 1, 31, tzinfo=UTC)
    planned = plan(
        store, captured, wide, now=past, other=None, verdicts=[window(27)], plausible=TRAINED
    )
    assert (planned.labelled, planned.unfit) == (1, 1)
    assert begin(store, wide, planned, past, "run", TRAINED).labelled == 1


def test_a_value_that_may_be_missing_and_a_category_for_other_are_learnt_from(
    store: MonitoringStore, captured: str
) -> None:
    put(captured, [GOOD | {"input_label": None, LUNCH: "🍱"}], ["71.5"])
    gather(store, captured, REGRESSION)
    assert learnable(archive(store, REGRESSION), Data(), REGRESSION).num_rows == 1


def test_of_two_labels_only_those_are_learnt_from(store: MonitoringStore, captured: str) -> None:
    put(captured, [GOOD] * 3, ["passed", "failed", "perhaps"], numbers=False)
    gather(store, captured, CLASSIFICATION)
    found = learnable(archive(store, CLASSIFICATION), Data(), CLASSIFICATION)
    assert found["label"].to_pylist() == ["passed", "failed"]
    assert found["predicted"].to_pylist() == ["passed", "passed"]


def test_numbers_that_a_store_has_as_text_are_read_and_what_is_none_is_left_out(
    store: MonitoringStore, captured: str
) -> None:
    texts = [GOOD | {"reading": "71.25"}, GOOD | {"reading": "7 or so"}]
    put(captured, texts, ["71.5", "60.0"], types={"reading": pa.string()})
    assert gather(store, captured, REGRESSION).added == 2
    found = learnable(archive(store, REGRESSION), Data(), REGRESSION)
    assert found["reading"].to_pylist() == [71.25]


def test_a_column_that_nothing_can_be_read_of_costs_its_rows_alone(
    store: MonitoringStore, captured: str, caplog: pytest.LogCaptureFixture
) -> None:
    put(captured, [GOOD | {LUNCH: [1, 2]}], ["50.0"], types={LUNCH: pa.list_(pa.int8())})
    assert gather(store, captured, REGRESSION).added == 1
    assert learnable(archive(store, REGRESSION), Data(), REGRESSION).num_rows == 0
    assert "'lunch/label' cannot be read and is left out" in caplog.text


def test_an_archive_of_before_a_column_was_added_goes_on_being_read(
    store: MonitoringStore, captured: str
) -> None:
    put(captured, [GOOD], ["71.5"])
    gather(store, captured, REGRESSION)
    assert REGRESSION.table is not None
    more = (*REGRESSION.table.inputs, Column(name="writing", missing="allow"))
    later = REGRESSION.model_copy(update={"table": Table(inputs=more)})
    assert archive(store, later)["writing"].to_pylist() == [None]
    assert learnable(archive(store, later), Data(), later).num_rows == 1
    strict = (*REGRESSION.table.inputs, Column(name="writing"))
    needed = REGRESSION.model_copy(update={"table": Table(inputs=strict)})
    assert learnable(archive(store, needed), Data(), needed).num_rows == 0


def test_an_archive_of_texts_is_as_it_was(store: MonitoringStore) -> None:
    assert schema().names == [
        *("request_id", "instance", "time", "url", "predicted", "score", "model_version"),
        *("label", "labelled_at", "sequence"),
    ]
    store.write("labelled/2026-01-01.parquet", to_parquet(schema().empty_table()))
    assert archive(store).num_rows == 0


def test_training_reads_feedback_back_as_it_was(store: MonitoringStore, captured: str) -> None:
    odd = 0.1 + 0.2
    put(
        captured,
        [GOOD | {"reading": odd, LUNCH: "standard"}, GOOD | {"input_label": None}],
        [repr(200 / 3), "60.0"],
    )
    gather(store, captured, REGRESSION)
    rows = learnable(archive(store, REGRESSION), Data(), REGRESSION)
    data = Data(sample=Sample(rows=300), feedback=(snapshot(store, rows, NOW, REGRESSION),))

    loaded = load(data, REGRESSION, 3)
    frame = clean_rows(loaded.raw, data, REGRESSION).frame

    assert [origin.name for origin in loaded.provenance.origins] == ["synthetic sample", "feedback"]
    found = frame[frame["source"] == "recent feedback"].sort_values("label")
    assert found["label"].tolist() == [60.0, 200 / 3]
    assert found["reading"].tolist() == [72.1, odd]
    assert found[LUNCH].tolist() == ["free", "standard"]
    assert np.isnan(found["input_label"].tolist()[0])
    assert set(found["first_seen"]) == {f"{NOW:%Y-%m}"}


def test_rows_of_a_key_that_is_no_input_keep_to_one_side_by_their_inputs(
    store: MonitoringStore, captured: str
) -> None:
    definition = Definition(
        task="regression",
        table=REGRESSION.table.model_copy(update={"group": ("school id", EDUCATION)}),  # type: ignore[union-attr]
        target=Target(column="math"),
    )
    put(captured, [GOOD, GOOD, GOOD | {"reading": 10.0}], ["71.5", "60.0", "20.0"])
    gather(store, captured, definition)
    data = Data(
        sample=Sample(rows=300),
        feedback=(snapshot(store, archive(store, definition), None, definition),),
    )
    frame = clean_rows(load(data, definition, 3).raw, data, definition).frame
    groups = frame[frame["source"] == "feedback"].set_index("label")["group"]
    assert groups[71.5] == groups[60.0] != groups[20.0]


def case(**capture: Any) -> UseCase:
    return UseCase(
        name="scores",
        title="Scores",
        task="regression",
        serve="ridge",
        candidates=(Candidate(name="ridge", estimator="ridge"),),
        table=REGRESSION.table,
        target=REGRESSION.target,
        serving=Serving(capture=Capture(**capture)),
        retraining=Retraining(min_labelled=2),
    )


def test_drift_and_new_numbers_start_a_retraining(store: MonitoringStore, captured: str) -> None:
    put(captured, [GOOD] * 3 + [GOOD | {"reading": None}], ["71.5", "60.0", "50", "40"])
    past = datetime(2024, 1, 31, tzinfo=UTC)
    verdicts = [window(27), window(28)]
    planned = plan(store, captured, case(), now=past, other=None, verdicts=verdicts)
    assert planned.decision.retrain
    assert (planned.labelled, planned.new_labelled, planned.unfit) == (3, 3, 1)
    assert "1 more cannot be learnt from" in planned.to_markdown()
    begun = begin(store, case(), planned, past, "run")
    assert begun.labelled == 3
    assert pq.read_table(begun.source.location).column_names[:4] == [*GOOD]


def with_inputs(*inputs: Column) -> Definition:
    return REGRESSION.model_copy(update={"table": Table(inputs=inputs)})


def test_inputs_that_went_and_types_that_changed_stay_in_files_that_are_written_again(
    store: MonitoringStore, captured: str
) -> None:
    put(captured, [GOOD, GOOD | {LUNCH: "standard"}], ["71.5", "60.0"])
    gather(store, captured, REGRESSION)
    before = archive(store, REGRESSION)
    now = with_inputs(Column(name="reading", type="category"), Column(name="label"))
    put(captured, [GOOD | {"reading": "high"}], ["50.0"], types={"reading": pa.string()})
    assert gather(store, captured, now).added == 1
    assert sorted(archive(store, now)["reading"].to_pylist()) == ["72.1", "72.1", "high"]
    again = archive(store, REGRESSION)
    assert again.filter(again["reading"].is_valid()).equals(before)
    assert set(again[LUNCH].to_pylist()) == {"free", "standard", None}


def test_a_number_that_became_a_category_in_a_day_ends_no_run(
    store: MonitoringStore, captured: str
) -> None:
    put(captured, [GOOD | {"reading": 5.0}], ["71.5"])
    first = Path(captured, "predictions", f"date={NOW:%Y-%m-%d}", "rows.parquet")
    first.rename(first.with_name("earlier.parquet"))
    given = Path(captured, "feedback", f"date={NOW:%Y-%m-%d}", "rows.parquet")
    given.rename(given.with_name("earlier.parquet"))
    put(captured, [GOOD | {"reading": "high"}], ["60.0"], types={"reading": pa.string()})
    now = with_inputs(Column(name="reading", type="category"))
    assert gather(store, captured, now).added == 2
    assert sorted(archive(store, now)["reading"].to_pylist()) == ["5", "high"]


def test_what_stands_in_the_way_is_a_dropped_column_not_masked_urls() -> None:
    assert obstacle_of(case()) == ""
    assert obstacle_of(case(redact=("query",))) == ""
    assert "no 'label' (serving.capture.drop)" in obstacle_of(case(drop=("label",)))


def test_a_retraining_takes_the_columns_that_the_champion_was_trained_on(tmp_path: Path) -> None:
    recorded = write_base(base_of(case()), tmp_path)
    now = case().model_copy(
        update={
            "table": Table(inputs=(Column(name="writing"),)),
            "target": Target(column="math", maximum=10),
        }
    )
    found = on_base(now, recorded)
    assert (found.table, found.target) == (REGRESSION.table, REGRESSION.target)


def test_a_base_of_before_tables_and_one_of_another_task_are_read(tmp_path: Path) -> None:
    texts = UseCase(
        name="urls",
        title="URLs",
        serve="fast",
        candidates=(Candidate(name="fast", estimator="hashed-ngrams"),),
    )
    base = base_of(texts)
    assert set(base) == {"task", "data", "labels", "seed"}
    recorded = write_base(base, tmp_path)
    assert on_base(texts, recorded).table is None
    assert on_base(case(), recorded) == case()


def test_after_a_change_of_the_task_or_of_the_target_the_old_data_do_not_count(
    tmp_path: Path,
) -> None:
    base = base_of(case())
    other = case().model_copy(
        update={"task": "table-classification", "target": Target(column="math")}
    )
    writing = case().model_copy(update={"target": Target(column="writing")})
    recorded = write_base(base, tmp_path)
    assert on_base(other, recorded) is other
    assert on_base(writing, recorded) is writing
    (tmp_path / "old").mkdir()
    before = write_base({key: base[key] for key in base if key != "task"}, tmp_path / "old")
    assert on_base(writing, before) is writing
    assert on_base(case(), before).seed == case().seed
