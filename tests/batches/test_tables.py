"""Files of tables: numbers and categories of every kind of file, and all that may be wrong."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from switchyard.batches.kinds import KINDS, Kind
from switchyard.batches.scoring import score_file
from switchyard.errors import DataError
from switchyard.evaluation.intervals import Interval
from switchyard.packages import manifest
from switchyard.packages.writing import write as package
from switchyard.serving.predictor import Predictor
from switchyard.tables.linear import LinearRegressor
from tests.batches.conftest import Scored, read, write
from tests.table_models import CLASSIFICATION, INSTANCE, REGRESSION, package_of

ROOT = Path(__file__).resolve().parents[2]
EDUCATION, LUNCH = "parental level of education", "lunch/label"
ROWS = st.fixed_dictionaries(
    {
        EDUCATION: st.sampled_from(["college", "none", "school", "unknown", None]),
        LUNCH: st.sampled_from(["free", "standard", "never seen", None]),
        "reading": st.none() | st.floats(-1e6, 1e6) | st.floats(0, 100),
        "label": st.none() | st.floats(-2, 2),
    }
)
ODD = (
    ' a "quoted" name',
    "wine 🍷; red",
    "comma, semicolon; tab\t| bar",
    "per % cent",
    "line\nbreak",
)
REGRESSED = ["prediction", "low", "high", "model_version", "problem", "warning"]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Predictor]:
    """The predictor of a task, or one of a table with these numbers as its inputs."""

    @cache
    def of(what: str, *names: str) -> Predictor:
        folder = tmp_path_factory.mktemp("package")
        if what == "numbers":
            return Predictor.open(numbers_package(folder, names), "7")
        definition = REGRESSION if what == "regression" else CLASSIFICATION
        return Predictor.open(package_of(folder, definition), "7")

    return of


def numbers_package(folder: Path, names: tuple[str, ...]) -> Path:
    """A regression of inputs that are numbers from 0 to 1."""
    rows = np.random.default_rng(1).random((50, len(names)))
    model = LinearRegressor("ridge").fit(rows, rows.sum(axis=1))
    details = manifest.Details(
        name="numbers",
        candidate="ridge",
        task="regression",
        inputs={name: manifest.Number(type="number", minimum=0.0, maximum=1.0) for name in names},
        predicted=manifest.Predicted(name="sum", lowest=0.0, highest=float(len(names))),
        band=manifest.Band(coverage=0.9, half_width=0.5),
        metrics={"r2": Interval(value=0.8, low=0.7, high=0.9)},
        data=manifest.Origin(digest="d" * 64, synthetic=True, rows=50),
    )
    return package(folder / "package", model, details, "# Card\n").folder


def scored(
    predictor: Predictor, content: bytes, kind: Kind, target: Kind | None = None, **options: Any
) -> Scored:
    out = io.BytesIO()
    totals = score_file(io.BytesIO(content), kind, out, target or kind, predictor, **options)
    return Scored(out.getvalue(), target or kind, totals)


def columns_of(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: [row[name] for row in rows] for name in rows[0]}


def typed(columns: Mapping[str, Any], kind: Kind) -> Mapping[str, Any]:
    """The columns with types where the kind has some, and as empty text where it has no null."""
    if kind == "csv":
        return {
            name: ["" if value is None else value for value in values]
            for name, values in columns.items()
        }
    if kind != "parquet":
        return columns
    kinds = dict.fromkeys((EDUCATION, LUNCH), pa.string())
    return {
        name: pa.array(values, kinds.get(name, pa.float64())) for name, values in columns.items()
    }


def number(value: Any) -> float | None:
    return None if value is None else float(value)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=12, deadline=None)
@given(
    rows=st.lists(ROWS, min_size=1, max_size=12),
    chunk_rows=st.integers(1, 13),
    target=st.sampled_from(KINDS),
)
def test_predictions_are_those_of_the_predictor_whatever_the_kind_and_the_chunks(
    opened: Callable[..., Predictor],
    kind: Kind,
    rows: list[dict[str, Any]],
    chunk_rows: int,
    target: Kind,
) -> None:
    predictor, columns = opened("regression"), columns_of(rows)
    expected = predictor.score(columns)
    assert expected.low is not None
    assert expected.warnings is not None

    content = write(typed(columns, kind), kind)
    found = scored(predictor, content, kind, target, chunk_rows=chunk_rows).rows

    predicted = [None if np.isnan(one) else one for one in expected.scores.tolist()]
    assert [number(row["prediction"]) for row in found] == predicted
    low = [None if np.isnan(one) else one for one in expected.low.tolist()]
    assert [number(row["low"]) for row in found] == low
    assert [row["problem"] for row in found] == expected.problems.to_pylist()
    assert [row["warning"] for row in found] == expected.warnings.to_pylist()


@pytest.mark.parametrize("target", KINDS)
def test_a_regression_adds_the_number_and_its_interval(
    opened: Callable[..., Predictor], target: Kind
) -> None:
    rows = [{"id": "a", **INSTANCE}, {"id": "b", **INSTANCE, "reading": None}]

    good, bad = scored(opened("regression"), lines(*rows), "ndjson", target).rows

    assert list(good) == ["id", *INSTANCE, *REGRESSED]
    assert number(good["low"]) < number(good["prediction"]) < number(good["high"])  # type: ignore[operator]
    assert (good["problem"], good["warning"], good["model_version"]) == (None, None, "7")
    assert [bad[name] for name in REGRESSED] == [
        *(None, None, None, "7", "reading: is missing", None)
    ]


@pytest.mark.parametrize("target", KINDS)
def test_a_classification_of_a_table_adds_its_label_and_warnings(
    opened: Callable[..., Predictor], target: Kind
) -> None:
    far = {**INSTANCE, "reading": 1_000}
    predictor = opened("classification")

    near, beyond = scored(predictor, lines(INSTANCE, far), "ndjson", target).rows

    names = ["predicted_label", "score", "model_version", "problem", "warning"]
    assert list(near) == [*INSTANCE, *names]
    assert near["predicted_label"] == predictor.label(float(near["score"]))
    assert near["warning"] is None
    assert beyond["warning"].startswith("'reading' 1000 is above what was trained")
    assert beyond["predicted_label"] in ("passed", "failed")


def test_a_result_has_the_same_bytes_whatever_the_chunks(opened: Callable[..., Predictor]) -> None:
    rows = [{**INSTANCE, "reading": at / 3, "label": None if at % 7 else "x"} for at in range(200)]
    for kind in ("csv", "ndjson", "json"):
        content = write(typed(columns_of(rows), kind), kind)

        found = {
            scored(opened("regression"), content, kind, chunk_rows=size).content
            for size in (1, 3, 64, 1_000)
        }

        assert len(found) == 1


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("reading", "five", "reading: 'five' is no number"),
        ("reading", [1], "reading: array instead of a number"),
        ("reading", {"a": 1}, "reading: object instead of a number"),
        ("reading", None, "reading: is missing"),
        (EDUCATION, 5, f"{EDUCATION}: '5' is none of 'college', 'none', 'school'"),
        (EDUCATION, ["college"], f"{EDUCATION}: array instead of text"),
        (EDUCATION, "nowhere", f"{EDUCATION}: 'nowhere' is none of 'college', 'none', 'school'"),
        (LUNCH, None, f"{LUNCH}: is missing"),
    ],
)
def test_a_value_of_json_that_cannot_be_is_the_problem_of_its_row(
    opened: Callable[..., Predictor], field: str, value: Any, problem: str
) -> None:
    content = lines(INSTANCE, {**INSTANCE, field: value}, INSTANCE)

    result = scored(opened("regression"), content, "ndjson")

    assert [row["problem"] for row in result.rows] == [None, problem, None]
    assert result.totals.rejected == 1
    assert result.rows[1][field] == value


def test_a_key_that_is_left_out_is_missing(opened: Callable[..., Predictor]) -> None:
    without = {name: value for name, value in INSTANCE.items() if name != "reading"}
    optional = {name: value for name, value in INSTANCE.items() if name != "label"}

    rows = scored(opened("regression"), lines(INSTANCE, without, optional), "ndjson").rows

    assert [row["problem"] for row in rows] == [None, "reading: is missing", None]
    assert rows[2]["prediction"] == rows[0]["prediction"]


@pytest.mark.parametrize("value", [2**53 + 1, 2**63, 10**25])
def test_large_whole_numbers_of_json_are_numbers(
    opened: Callable[..., Predictor], value: int
) -> None:
    (row,) = scored(opened("regression"), lines({**INSTANCE, "reading": value}), "ndjson").rows

    assert (row["problem"], row["reading"]) == (None, value)
    assert "is above what was trained" in row["warning"]


@pytest.mark.parametrize("value", [10**31, 10**300])
def test_whole_numbers_of_json_that_no_model_can_count_with_are_problems(
    opened: Callable[..., Predictor], value: int
) -> None:
    (row,) = scored(opened("regression"), lines({**INSTANCE, "reading": value}), "ndjson").rows

    assert (row["problem"], row["reading"]) == ("reading: is too large a number", value)
    assert row["prediction"] is None


@pytest.mark.parametrize("text", ["seven", "1,5", "0x10", "1_000", "inf", "1e999", "5 points"])
def test_text_in_a_column_of_numbers_is_the_problem_of_its_row(
    opened: Callable[..., Predictor], text: str
) -> None:
    content = write(columns_of([{**INSTANCE, "reading": value} for value in (72, text, 72)]), "csv")

    rows = scored(opened("regression"), content, "csv").rows

    problems = [row["problem"] for row in rows]
    assert problems == [None, f"reading: '{text}' is no number", None]
    assert rows[1]["reading"] == text


@pytest.mark.parametrize(
    "values",
    [
        pa.array([3, 90], pa.int8()),
        pa.array([3, 90], pa.uint64()),
        pa.array([3, 90], pa.float16()),
        pa.array([3, 90], pa.float32()),
        pa.array([3.0, 90.0]).dictionary_encode(),
        pa.array([Decimal("3.00"), Decimal("90.00")]),
        pa.array(["3", " 90 "]),
        pa.array([b"3", b"90"]),
    ],
    ids=lambda values: str(values.type),
)
def test_whatever_type_of_parquet_holds_a_number_gives_the_same(
    opened: Callable[..., Predictor], values: Any
) -> None:
    plain = columns_of([{**INSTANCE, "reading": at, "label": 0.5} for at in (3.0, 90.0)])
    expected = opened("regression").score(plain).scores.tolist()

    rows = scored(opened("regression"), write({**plain, "reading": values}, "parquet"), "parquet")

    assert [row["prediction"] for row in rows.rows] == expected


@pytest.mark.parametrize(
    ("field", "values", "told"),
    [
        ("reading", [[1.0]], "'reading' is list.*not numbers"),
        ("reading", pa.array([1], pa.timestamp("ms")), "'reading' is timestamp.*not numbers"),
        (LUNCH, [{"a": 1}], f"'{LUNCH}' is struct.*not text"),
        (LUNCH, pa.array([1], pa.date32()), f"'{LUNCH}' is date32.*not text"),
    ],
)
def test_a_column_of_parquet_that_can_hold_no_value_is_named(
    opened: Callable[..., Predictor], field: str, values: Any, told: str
) -> None:
    content = write({**columns_of([{**INSTANCE, "label": 0.5}]), field: values}, "parquet")

    with pytest.raises(DataError, match=told):
        scored(opened("regression"), content, "parquet")


def test_nulls_and_nan_of_parquet_are_missing_and_coded_text_is_text(
    opened: Callable[..., Predictor],
) -> None:
    content = write(
        {
            EDUCATION: pa.array(["college"] * 4).dictionary_encode(),
            LUNCH: pa.array(["free", "free", "free", None]).dictionary_encode(),
            "reading": pa.array([1.0, None, float("nan"), 1.0]),
            "label": pa.nulls(4),
        },
        "parquet",
    )

    rows = scored(opened("regression"), content, "parquet").rows

    missing = "reading: is missing"
    assert [row["problem"] for row in rows] == [None, missing, missing, f"{LUNCH}: is missing"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_column_is_named_with_the_one_most_like_it(
    opened: Callable[..., Predictor], kind: Kind
) -> None:
    row = {("Reading " if name == "reading" else name): v for name, v in INSTANCE.items()}
    content = write(typed(columns_of([{**row, "label": 0.5}]), kind), kind)

    with pytest.raises(DataError, match=r"no column 'reading'.*rename 'Reading ' to 'reading'"):
        scored(opened("regression"), content, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_names_of_columns_may_be_odd(opened: Callable[..., Predictor], kind: Kind) -> None:
    predictor = opened("numbers", *ODD)
    columns = {name: [0.25, 7.0] for name in ODD}

    near, far = scored(predictor, write(columns, kind), kind).rows

    assert list(near) == [*ODD, *REGRESSED]
    assert number(near["prediction"]) == predictor.score(columns).scores[0]
    assert far["warning"].count("is above what was trained") == len(ODD)


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_the_delimiter_is_the_one_that_makes_most_columns_appear(
    opened: Callable[..., Predictor], mark: str
) -> None:
    predictor = opened("numbers", "a", "b,c", "d")
    content = '"x,a";a;b,c;d\n1;0.5;0.5;0.5\n'.replace(";", mark).encode()

    (row,) = scored(predictor, content, "csv").rows

    assert row["problem"] is None


@pytest.mark.parametrize("kind", KINDS)
def test_two_thousand_columns(opened: Callable[..., Predictor], kind: Kind) -> None:
    names = tuple(f"measurement number {at} of a rather long list of them" for at in range(2_000))
    predictor = opened("numbers", *names)
    columns = {name: [0.5, 0.25, 0.75] for name in names}

    rows = scored(predictor, write(columns, kind), kind, chunk_rows=2).rows

    expected = predictor.score(columns).scores.tolist()
    assert [number(row["prediction"]) for row in rows] == expected


@pytest.mark.parametrize("kind", KINDS)
def test_columns_called_as_the_answers_stay(opened: Callable[..., Predictor], kind: Kind) -> None:
    own: dict[str, list[Any]] = {"prediction": ["p"], "low": ["l"], "warning": ["w"], "a": [0.5]}

    (row,) = scored(opened("numbers", "a"), write(own, kind), kind).rows

    assert [row[name] for name in ("prediction", "low", "warning")] == ["p", "l", "w"]
    assert number(row["predicted_low"]) < number(row["predicted_prediction"])  # type: ignore[operator]
    assert row["predicted_warning"] is None
    assert "high" in row


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_of_a_result_read_back_equal(opened: Callable[..., Predictor], kind: Kind) -> None:
    columns = {"a": [1 / 3, 0.1 + 0.2, 5e-324]}
    once = scored(opened("numbers", "a"), write(columns, kind), kind)

    again = scored(opened("numbers", "a"), once.content, kind)

    assert [number(row["predicted_prediction"]) for row in again.rows] == [
        number(row["prediction"]) for row in read(once.content, kind)
    ]


WRITE = """
import sys
import numpy as np, pyarrow as pa, pyarrow.parquet as pq
from pyarrow import csv

kind, rows, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
draw = np.random.default_rng(1)
made = {"parquet": pq.ParquetWriter, "csv": csv.CSVWriter}[kind]
schema = pa.schema([(name, pa.float64()) for name in "abcdefgh"])
with made(path, schema) as writer:
    for _ in range(rows // 50_000):
        columns = [pa.array(draw.random(50_000)) for _ in schema]
        writer.write_table(pa.Table.from_arrays(columns, schema=schema))
"""
PEAKS = """
import sys
from pathlib import Path
from switchyard.batches.scoring import score_file
from switchyard.serving.predictor import Predictor

package, kind, path = Path(sys.argv[1]), sys.argv[2], sys.argv[3]

def peak_kb():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))

peaks = {}
def note(done, rejected):
    peaks[done // 250_000] = peak_kb()

with open(path, "rb") as source, open(path + ".out", "wb") as target:
    rows = score_file(
        source, kind, target, kind, Predictor.open(package, "1"), on_progress=note
    ).rows
print(rows, peaks[1], peaks[4])
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_a_million_rows_take_no_more_memory_than_the_first_of_them(
    kind: Kind, tmp_path: Path
) -> None:
    path = tmp_path / "in"
    run(WRITE, kind, 1_000_000, path)

    rows, early, late = map(
        int, run(PEAKS, numbers_package(tmp_path, tuple("abcdefgh")), kind, path)
    )

    assert rows == 1_000_000
    assert late - early < path.stat().st_size / 1024 / 4


WITHOUT_PANDAS = """
import io, sys
from bento.lean import keep_out
keep_out("pandas")
from pathlib import Path
import pyarrow as pa, pyarrow.parquet as pq
from switchyard.batches.scoring import score_file
from switchyard.serving.predictor import Predictor

predictor = Predictor.open(Path(sys.argv[1]), "7")
sink = io.BytesIO()
pq.write_table(pa.table({"a": [0.5, None], "b": pa.array(["1", "x"]).dictionary_encode()}), sink)
files = {
    "csv": b"a,b\\n0.5,1\\n,x\\n", "ndjson": b'{"a":0.5,"b":1}', "parquet": sink.getvalue(),
    "json": b'{"instances":[{"a":0.5,"b":"x"}]}',
}
for kind, content in files.items():
    for target in files:
        score_file(io.BytesIO(content), kind, io.BytesIO(), target, predictor)
print("done", "pandas" in sys.modules)
"""


@pytest.mark.slow
def test_every_kind_of_table_becomes_every_other_without_pandas(tmp_path: Path) -> None:
    assert run(WITHOUT_PANDAS, numbers_package(tmp_path, ("a", "b"))) == ["done", "False"]


def run(code: str, *arguments: object) -> list[str]:
    words = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def lines(*rows: Mapping[str, Any]) -> bytes:
    return "".join(f"{json.dumps(row)}\n" for row in rows).encode()
