"""Tables scored from files: predictions, intervals, warnings, rejects, and the summary."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from pipelines.inference_summaries import summarise
from switchyard.configuration.layers import resolve
from switchyard.errors import DataError, RequestError
from switchyard.inference.joining import join
from switchyard.inference.parts import finished
from switchyard.inference.planning import make_plan
from switchyard.inference.plans import Model, Plan
from switchyard.inference.results import Counts, Outcome, added
from switchyard.inference.scoring import score_shard
from switchyard.serving.predictor import Predictor
from tests.batches.conftest import write
from tests.conftest import ROOT
from tests.inference.conftest import left
from tests.inference.test_inferring import rows_of
from tests.table_models import CLASSIFICATION, INSTANCE, REGRESSION, package_of

EDUCATION, LUNCH = "parental level of education", "lunch/label"
COUNT = 3_000
COLUMNS: dict[str, list[Any]] = {
    EDUCATION: [("college", "none", "school", "nowhere")[min(at % 7, 3)] for at in range(COUNT)],
    LUNCH: [("free", "standard", "packed")[at % 3] for at in range(COUNT)],
    "reading": [at / 25 for at in range(COUNT)],
    "label": [None if at % 5 else at / COUNT for at in range(COUNT)],
}
"""Numbers up to 120, of which those above 100 were not trained; a category that was not."""

KILLED = """
import os, signal, sys
from pathlib import Path
from switchyard.inference import parts
from switchyard.inference.planning import make_plan
from switchyard.inference.plans import Model
from switchyard.inference.scoring import score_shard
from switchyard.serving.predictor import Predictor

package, source, output = sys.argv[1:]
predictor = Predictor.open(Path(package), "7")
write = parts.PartWriter.write

def killing(self, piece, answers):
    if piece.chunk == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    write(self, piece, answers)

parts.PartWriter.write = killing
score_shard(make_plan(source, output, Model.of(predictor.manifest, "7"), 500), predictor)
"""


@pytest.fixture(scope="module")
def packages_of_tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("packages")
    return {what.task: package_of(folder, what) for what in (REGRESSION, CLASSIFICATION)}


@pytest.fixture(scope="module")
def regression(packages_of_tables: dict[str, Path]) -> Predictor:
    return Predictor.open(packages_of_tables["regression"], "7")


@pytest.fixture(scope="module")
def classification(packages_of_tables: dict[str, Path]) -> Predictor:
    return Predictor.open(packages_of_tables["table-classification"], "7")


def planned(predictor: Predictor, source: object, output: object, chunk_rows: int = 1_000) -> Plan:
    return make_plan(str(source), str(output), Model.of(predictor.manifest, "7"), chunk_rows)


def infer(
    predictor: Predictor, source: object, output: object, shards: int = 1, chunk_rows: int = 1_000
) -> Outcome:
    plan = planned(predictor, source, output, chunk_rows)
    for shard in range(shards):
        score_shard(plan, predictor, shard, shards)
    return join(plan, shards)


def put(path: Path, columns: dict[str, list[Any]] | None = None) -> Path:
    """A file of the kind that its name says; nulls of CSV are empty, of Parquet typed."""
    held: dict[str, Any] = dict(COLUMNS if columns is None else columns)
    kind: Any = {".csv": "csv", ".parquet": "parquet", ".jsonl": "ndjson"}[path.suffix]
    if kind == "parquet":
        held[LUNCH] = pa.array(held[LUNCH]).dictionary_encode()
    path.write_bytes(write(held, kind))
    return path


@pytest.mark.parametrize("shards", [1, 3])
@pytest.mark.parametrize("target", ["out.parquet", "out.csv", "out.jsonl"])
@pytest.mark.parametrize("source", ["in.csv", "in.parquet", "in.jsonl"])
def test_each_kind_becomes_each_other_with_the_predictions_of_the_model(
    source: str, target: str, shards: int, regression: Predictor, tmp_path: Path
) -> None:
    outcome = infer(regression, put(tmp_path / source), tmp_path / target, shards)

    expected = regression.score(COLUMNS)
    assert expected.low is not None
    assert expected.warnings is not None
    good = np.flatnonzero(~np.isnan(expected.scores))
    rows = rows_of(tmp_path / target)
    assert list(rows[0]) == [*COLUMNS, "prediction", "low", "high", "model_version", "warning"]
    assert [float(row["prediction"]) for row in rows] == expected.scores[good].tolist()
    assert [float(row["low"]) for row in rows] == expected.low[good].tolist()
    told = [row["warning"] or None for row in rows]
    assert told == expected.warnings.take(pa.array(good)).to_pylist()
    assert any(told)
    rejects = rows_of(tmp_path / outcome.rejects)
    assert [int(row["row"]) - 1 for row in rejects] == sorted(set(range(COUNT)) - set(good))
    assert [row["problem"] for row in rejects] == expected.problems.drop_null().to_pylist()


def test_the_counts_are_of_the_numbers_and_the_warnings(
    regression: Predictor, tmp_path: Path
) -> None:
    outcome = infer(regression, put(tmp_path / "in.parquet"), tmp_path / "out.csv")

    scored = regression.score(COLUMNS)
    assert scored.warnings is not None
    known = scored.scores[~np.isnan(scored.scores)]
    counts = outcome.counts
    assert counts.mean == pytest.approx(known.mean())
    assert (counts.lowest, counts.highest) == (known.min(), known.max())
    assert counts.warned == len(scored.warnings) - scored.warnings.null_count > 0
    assert counts.positive is None
    assert outcome.positive_share is None
    assert Outcome.of(json.loads(json.dumps(outcome.plain()))) == outcome


def test_a_classification_of_a_table_has_labels_and_warnings(
    classification: Predictor, tmp_path: Path
) -> None:
    outcome = infer(classification, put(tmp_path / "in.csv"), tmp_path / "out.jsonl")

    scored = classification.score(COLUMNS)
    assert scored.positive is not None
    [first, *_] = rows = rows_of(tmp_path / "out.jsonl")
    names = ["predicted_label", "score", "model_version", "warning"]
    assert list(first) == [*COLUMNS, *names]
    assert outcome.counts.positive == int(scored.positive.sum())
    assert outcome.counts.positive == sum(row["predicted_label"] == "passed" for row in rows)
    assert outcome.counts.warned == sum(row["warning"] is not None for row in rows) > 0
    assert outcome.counts.total is None


def test_problems_that_differ_by_their_value_alone_count_together(
    regression: Predictor, tmp_path: Path
) -> None:
    columns = {name: list(values) for name, values in COLUMNS.items()}
    columns[EDUCATION] = [f"place {at}" for at in range(COUNT)]

    outcome = infer(regression, put(tmp_path / "in.csv", columns), tmp_path / "out.csv")

    problem = f"{EDUCATION}: is none of 'college', 'none', 'school'"
    assert outcome.counts.problems == {problem: COUNT}
    assert outcome.counts.mean is None
    first = rows_of(tmp_path / "out.rejects.csv")[0]
    assert first["problem"].startswith(f"{EDUCATION}: 'place 0' is none of")


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_a_result_has_the_same_bytes_whatever_the_chunks_and_shards(
    ending: str, regression: Predictor, tmp_path: Path
) -> None:
    source = put(tmp_path / "in.parquet")
    found = set()
    for chunk_rows, shards in ((COUNT, 1), (997, 1), (64, 3)):
        target = tmp_path / f"out.{ending}"
        infer(regression, source, target, shards, chunk_rows)
        found.add((target.read_bytes(), (tmp_path / f"out.rejects.{ending}").read_bytes()))

    assert len(found) == 1


def test_killed_within_a_chunk_the_finished_ones_are_not_scored_again(
    regression: Predictor, packages_of_tables: dict[str, Path], tmp_path: Path
) -> None:
    source, output = put(tmp_path / "in.csv"), tmp_path / "out.csv"
    infer(regression, source, tmp_path / "whole.csv")
    words = [
        sys.executable,
        "-c",
        KILLED,
        *map(str, (packages_of_tables["regression"], source, output)),
    ]
    killed = subprocess.run(words, cwd=ROOT, env=dict(os.environ), capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert not output.exists()

    plan = planned(regression, source, output, 500)
    kept = finished(plan.target.place(), plan)
    result = score_shard(plan, regression)
    join(plan)

    assert kept == {0, 1}
    assert (result.kept_chunks, result.rows) == (2, COUNT - 1_000)
    assert output.read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert ".out.csv.parts" not in left(tmp_path)


def test_files_of_different_kinds_are_scored_together(
    regression: Predictor, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a.csv", "b.jsonl", "c.parquet"):
        put(folder / name)

    outcome = infer(regression, folder, tmp_path / "out.jsonl")

    expected = regression.score(COLUMNS).scores
    known = expected[~np.isnan(expected)].tolist()
    rows = rows_of(tmp_path / "out.jsonl")
    assert [row["prediction"] for row in rows] == known * 3
    assert outcome.files == 3


def test_one_file_with_text_among_its_numbers_stops_no_other(
    regression: Predictor, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    rows = [{**INSTANCE, "reading": value} for value in (72, "many", 72.5)]
    (folder / "a.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    (folder / "b.jsonl").write_text(json.dumps(INSTANCE))

    infer(regression, folder, tmp_path / "out.parquet")

    assert [row["reading"] for row in rows_of(tmp_path / "out.parquet")] == ["72", "72.5", "72"]
    [rejected] = rows_of(tmp_path / "out.rejects.parquet")
    assert rejected["problem"] == "reading: 'many' is no number"


def test_a_missing_column_and_one_of_another_type_are_named_with_their_file(
    regression: Predictor, tmp_path: Path
) -> None:
    columns = {"Reading" if name == "reading" else name: held for name, held in COLUMNS.items()}
    with pytest.raises((DataError, RequestError), match=r"in\.csv.*rename 'Reading' to 'reading'"):
        infer(regression, put(tmp_path / "in.csv", columns), tmp_path / "out.csv")

    columns = {**COLUMNS, "reading": [[1.0]] * COUNT}
    with pytest.raises((DataError, RequestError), match=r"in\.parquet.*'reading' is list"):
        infer(regression, put(tmp_path / "in.parquet", columns), tmp_path / "out.csv")


def test_parquet_keeps_the_types_of_a_table(regression: Predictor, tmp_path: Path) -> None:
    given = pa.table(
        {
            "id": pa.array(range(100), pa.int16()),
            EDUCATION: pa.array(["college"] * 100).dictionary_encode(),
            LUNCH: ["free"] * 100,
            "reading": pa.array(np.arange(100), pa.float32()),
            "label": pa.nulls(100, pa.float64()),
        }
    )
    pq.write_table(given, tmp_path / "in.parquet", row_group_size=30)

    infer(regression, tmp_path / "in.parquet", tmp_path / "out.parquet", 2, chunk_rows=17)

    result = pq.read_table(tmp_path / "out.parquet")
    assert result.select(given.column_names).equals(given)
    assert result.schema.types[5:] == [*[pa.float64()] * 3, *[pa.large_string()] * 2]


def test_object_stores_are_read_and_written(regression: Predictor, tmp_path: Path) -> None:
    import fsspec

    files = fsspec.filesystem("memory")
    files.pipe_file("/tables/in/a.csv", put(tmp_path / "a.csv").read_bytes())

    outcome = infer(regression, "memory://tables/in", "memory://tables/out/scored.parquet", 2)

    found = pq.read_table(io.BytesIO(files.cat_file("/tables/out/scored.parquet")))
    assert found.num_rows == outcome.counts.scored
    assert outcome.rejects == "memory://tables/out/scored.rejects.parquet"


def test_a_plan_of_an_earlier_version_is_of_texts() -> None:
    kept = {"version": "3", "content_sha256": "c", "inputs": ["url"], "positive": "phishing"}

    model = Model.load(kept)

    assert model.types == {"url": "string"}
    assert model.adds == ("label", "score", "model_version")
    total = added([Counts.of({"rows": 2, "rejected": 1, "positive": 1, "problems": {}})])
    assert total.plain() == {"rows": 2, "rejected": 1, "positive": 1, "problems": {}}


@pytest.mark.parametrize("which", ["regression", "classification"])
def test_the_summary_tells_what_was_predicted_and_how_many_warnings(
    which: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    outcome = infer(request.getfixturevalue(which), put(tmp_path / "in.csv"), tmp_path / "out.csv")
    work = {"scored_rows": 10.0, "scored_seconds": 1.0, "scored_kept_chunks": 0.0}
    name = "student" if which == "regression" else "phishing"
    said = io.StringIO()

    summarise(
        outcome,
        work,
        resolve(ROOT / "configs" / f"{name}.yaml").use_case,
        Console(file=said, width=200),
    )

    lines = {
        line.split(" ", 1)[0]: line.split(" ", 1)[-1].strip()
        for line in said.getvalue().splitlines()
    }
    counts: Any = outcome.counts
    assert lines["warnings"] == f"{counts.warned:,}"
    if which == "regression":
        mean, low, high = (f"{each:,.4g}" for each in (counts.mean, counts.lowest, counts.highest))
        assert lines["math"] == f"{mean} on average, {low} to {high} points"
    else:
        assert lines["phishing"].startswith(f"{counts.positive:,} (")
