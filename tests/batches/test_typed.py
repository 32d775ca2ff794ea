"""Files are read as training reads them: truth as 1 and 0, numbers as text, bare names."""

from __future__ import annotations

import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from switchyard.batches.kinds import Kind
from switchyard.batches.scoring import open_reader, score_file
from switchyard.batches.typed import arrow_values, json_values, require_fitting
from switchyard.serving.predictor import Predictor
from tests.table_models import INSTANCE, REGRESSION, package_of


@pytest.fixture(scope="module")
def predictor(tmp_path_factory: pytest.TempPathFactory) -> Predictor:
    return Predictor.open(package_of(tmp_path_factory.mktemp("typed"), REGRESSION), "7")


def predictions(predictor: Predictor, content: bytes, kind: Kind) -> list[Any]:
    out = io.BytesIO()
    totals = score_file(io.BytesIO(content), kind, out, "ndjson", predictor)
    rows = [json.loads(line) for line in out.getvalue().splitlines()]
    assert totals.rejected == 0, rows
    return [row["prediction"] for row in rows]


def objects(*readings: Any) -> bytes:
    return b"\n".join(json.dumps({**INSTANCE, "reading": each}).encode() for each in readings)


def test_booleans_of_parquet_are_one_and_nought() -> None:
    held = pa.array([True, False, None])

    require_fitting(pa.schema([("a", held.type)]), {"a": "number"})

    assert arrow_values(held, "a", "number").to_pylist() == [1.0, 0.0, None]
    assert arrow_values(held, "a", "category").to_pylist() == ["1", "0", None]


def test_a_table_of_parquet_with_booleans_is_scored(predictor: Predictor) -> None:
    out = io.BytesIO()
    columns = {name: [value, value] for name, value in INSTANCE.items()}
    columns |= {"reading": [True, False], "label": [0.5, 0.5]}
    pq.write_table(pa.table(columns), out)
    plain = [json.dumps({**INSTANCE, "reading": at, "label": 0.5}).encode() for at in (1, 0)]

    expected = predictions(predictor, b"\n".join(plain), "ndjson")

    assert predictions(predictor, out.getvalue(), "parquet") == expected


def test_categories_of_json_may_be_numbers_and_truth() -> None:
    values, wrong = json_values([12345, 12345.0, 1.5, True, "a", None, [1]], "zip", "category")

    assert values.to_pylist() == ["12345", "12345", "1.5", "1", "a", None, None]
    assert wrong.to_pylist() == [*[None] * 6, "zip: array instead of text"]


@pytest.mark.parametrize(
    ("held", "number"), [("72", 72), (" 7e1 ", 70), (True, 1), (False, 0), (10**20, 1e20)]
)
def test_numbers_of_json_may_be_text_and_truth(
    predictor: Predictor, held: Any, number: float
) -> None:
    assert predictions(predictor, objects(held), "ndjson") == predictions(
        predictor, objects(number), "ndjson"
    )


def test_blanks_around_the_names_of_a_header_are_dropped(predictor: Predictor) -> None:
    names = list(INSTANCE)
    row = "college,free,72,,x"
    plain = ",".join([*names, "note"]) + f"\n{row}\n"
    blank = " , ".join([*names, "note"]) + f"\n{row}\n"

    assert predictions(predictor, blank.encode(), "csv") == predictions(
        predictor, plain.encode(), "csv"
    )
    reader = open_reader(io.BytesIO(blank.encode()), "csv", tuple(names))
    assert reader.schema.names == [*names, " note"]
