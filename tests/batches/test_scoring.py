"""Files of rows, scored: the same scores as ever, and nothing else changed."""

from __future__ import annotations

import errno
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from switchyard.batches.kinds import KINDS, Kind
from switchyard.batches.scoring import score_file
from switchyard.errors import DataError
from switchyard.serving.predictor import Predictor
from tests.batches.conftest import Scored, read, write

Score = Callable[..., Scored]

ODD = [
    "",
    " ",
    "a.com/%zz",
    'say "hi", a.com',
    "x" * 9000,
    "a.com/\x01",
    "nothost",
    "é.fr/ü\n",
    "=",
]
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\x00"), max_size=40)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15, deadline=None)
@given(
    urls=st.lists(TEXTS | st.sampled_from(ODD), min_size=1, max_size=12),
    chunk_rows=st.integers(1, 13),
    target=st.sampled_from(KINDS),
)
def test_scores_are_those_of_the_predictor_whatever_the_kind_and_the_chunks(
    predictor: Predictor, score: Score, kind: Kind, urls: list[str], chunk_rows: int, target: Kind
) -> None:
    expected = predictor.score({"url": urls})

    rows = score(write({"url": urls}, kind), kind, target, chunk_rows=chunk_rows).rows

    problems = expected.problems.to_pylist()
    scores = [None if np.isnan(one) else one for one in expected.scores.tolist()]
    assert [row["score"] for row in rows] == scores
    assert [row["problem"] for row in rows] == problems
    assert [row["label"] for row in rows] == [
        None if one is None else predictor.label(one) for one in scores
    ]


@pytest.mark.parametrize("target", KINDS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_columns_of_the_input_stay_in_their_order_before_the_answers(
    score: Score, kind: Kind, target: Kind
) -> None:
    given = {"id": ["b", "a"], "url": ["a.com", "b.com"], "note": ['x,"y"\nz', "é"]}

    rows = score(write(given, kind), kind, target).rows

    assert list(rows[0]) == [*given, "label", "score", "model_version", "problem"]
    assert {name: [row[name] for row in rows] for name in given} == given
    assert [row["model_version"] for row in rows] == ["7", "7"]


def test_rows_that_cannot_be_scored_keep_their_place(score: Score) -> None:
    lines = [
        '{"url":"a.com"}',
        '{"url":null}',
        '{"n":1}',
        '{"url":5}',
        '{"url":[1]}',
        '{"url":true}',
    ]

    result = score("\n".join([*lines, '{"url":"b.com"}']).encode(), "ndjson", chunk_rows=2)

    assert [row["problem"] for row in result.rows] == [
        *(None, "missing", "missing", "not text: number", "not text: array"),
        *("not text: true or false", None),
    ]
    assert [row["score"] is None for row in result.rows] == [False, *[True] * 5, False]
    assert (result.totals.rows, result.totals.rejected) == (7, 5)


def test_a_null_of_parquet_is_missing(score: Score) -> None:
    rows = score(write({"url": ["a.com", None]}, "parquet"), "parquet").rows

    assert [row["problem"] for row in rows] == [None, "missing"]
    assert rows[1]["url"] is None


def test_csv_stays_text_to_the_last_letter(score: Score) -> None:
    content = b"id,url,empty,formula\n007,a.com,,=1+1\n1e5,b.com,NULL,@x\n"

    result = score(content, "csv").content.decode().splitlines()

    given = content.decode().splitlines()
    assert [line[: len(old)] for line, old in zip(result, given, strict=True)] == given


def test_json_stays_as_it_is_written(score: Score) -> None:
    row = '{"url": "a.com", "n": 12345678901234567890123, "x": 1.10, "y": {"z": [1, null]}}'

    (line,) = score(row.encode(), "ndjson").content.splitlines()

    assert line.startswith(row[:-1].encode())


def test_numbers_too_large_for_64_bits_reach_csv_whole(score: Score) -> None:
    (row,) = score(b'{"url":"a.com","n":12345678901234567890123}', "ndjson", "csv").rows

    assert row["n"] == "12345678901234567890123"


def test_a_pretty_document_becomes_one_object_a_line(score: Score) -> None:
    document = json.dumps({"instances": [{"url": "a.com"}, {"url": "b.com"}]}, indent=2)

    assert len(score(document.encode(), "json", "ndjson").rows) == 2


def test_columns_of_json_have_their_types_in_parquet(score: Score) -> None:
    rows = [
        {"url": "a.com", "flag": True, "n": 1, "x": 1, "mixed": "a", "deep": {"b": [1]}},
        {"url": "b.com", "flag": None, "n": 2**62, "x": 0.5, "mixed": 5},
    ]
    content = "\n".join(map(json.dumps, rows)).encode()

    table = pq.read_table(io.BytesIO(score(content, "ndjson", "parquet").content))

    kinds = [pa.bool_(), pa.int64(), pa.float64(), pa.large_string(), pa.large_string()]
    assert table.schema.types[1:6] == kinds
    assert table["mixed"].to_pylist() == ["a", "5"]
    assert table["deep"].to_pylist() == ['{"b":[1]}', None]


def test_parquet_keeps_its_types(score: Score) -> None:
    given = pa.table(
        {
            "url": pa.array(["a.com", "b.com"]).dictionary_encode(),
            "at": pa.array([1, None], pa.timestamp("ns", "UTC")),
            "cost": pa.array([Decimal("1.50"), None]),
            "tags": [["a"], None],
        }
    )
    sink = io.BytesIO()
    pq.write_table(given, sink)

    table = pq.read_table(io.BytesIO(score(sink.getvalue(), "parquet").content))

    assert table.select(given.column_names).equals(given)


@pytest.mark.parametrize("target", ["csv", "ndjson"])
def test_what_text_has_no_types_for_is_written_so_that_it_reads_back(
    score: Score, target: Kind
) -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    given = {
        "url": ["a.com"],
        "at": pa.array([at], pa.timestamp("ns", "UTC")),
        "cost": [Decimal("1.50")],
        "x": [0.1 + 0.2],
        "tags": [[{"a": "ü", "d": Decimal("2.50")}]],
        "raw": [b"bytes"],
        "none": pa.nulls(1),
    }

    (row,) = score(write(given, "parquet"), "parquet", target).rows

    tags = json.loads(row["tags"]) if target == "csv" else row["tags"]
    assert datetime.fromisoformat(row["at"].replace(" ", "T")) == at
    assert row["cost"] == "1.50"
    assert float(row["x"]) == 0.1 + 0.2
    assert tags == [{"a": "ü", "d": "2.50"}]
    assert (row["raw"], row["none"]) == ("bytes", None)


def test_a_label_of_the_input_is_kept_and_the_answer_called_otherwise(score: Score) -> None:
    (row,) = score(write({"label": ["mine"], "url": ["a.com"]}, "csv"), "csv").rows

    assert row["label"] == "mine"
    assert row["predicted_label"] in ("phishing", "benign")
    assert "score" in row


def test_when_that_name_is_taken_too_the_column_is_named(score: Score) -> None:
    given = {"label": ["x"], "predicted_label": ["y"], "url": ["a.com"]}

    with pytest.raises(DataError, match=r"'label' and 'predicted_label'.*rename or drop"):
        score(write(given, "csv"), "csv")


def test_a_result_can_be_scored_again(score: Score) -> None:
    once = score(write({"url": ["a.com", ""]}, "csv"), "csv")

    again = score(once.content, "csv").rows

    assert [row["predicted_score"] for row in again] == [
        None if row["score"] is None else str(row["score"]) for row in once.rows
    ]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_that_makes_the_column_appear(score: Score, mark: str) -> None:
    content = f"id{mark}url\n1{mark}a.com\n".encode()

    assert list(score(content, "csv").rows[0])[:2] == ["id", "url"]


def test_a_blank_line_is_a_row_only_where_a_row_may_be_blank(score: Score) -> None:
    assert len(score(b"url\na.com\n\nb.com\n", "csv").rows) == 3
    assert len(score(b"id,url\n1,a.com\n\n2,b.com\n", "csv").rows) == 2


def test_a_byte_order_mark_and_windows_line_ends_are_no_content(score: Score) -> None:
    rows = score(b"\xef\xbb\xbfurl,id\r\na.com,1\r\n", "csv").rows

    assert (rows[0]["url"], rows[0]["id"]) == ("a.com", "1")
    assert score(b'\xef\xbb\xbf{"url":"a.com"}\r\n', "ndjson").rows[0]["url"] == "a.com"


def test_progress_is_told_chunk_by_chunk(score: Score) -> None:
    told: list[tuple[int, int]] = []
    total: list[int] = []
    content = write({"url": ["a.com", "", "b.com"]}, "parquet")

    score(
        content, "parquet", chunk_rows=2, on_rows=total.append,
        on_progress=lambda rows, rejected: told.append((rows, rejected)),
    )  # fmt: skip

    assert told == [(2, 1), (3, 1)]
    assert total == [3]


@pytest.mark.parametrize("kind", KINDS)
def test_progress_may_stop_it(score: Score, kind: Kind) -> None:
    class EnoughError(Exception):
        pass

    def stop(*_: int) -> None:
        raise EnoughError

    with pytest.raises(EnoughError):
        score(write({"url": ["a.com"] * 3}, kind), kind, chunk_rows=1, on_progress=stop)


@pytest.mark.parametrize("kind", KINDS)
def test_the_streams_stay_open_for_their_owner(predictor: Predictor, kind: Kind) -> None:
    source, target = io.BytesIO(write({"url": ["a.com"]}, kind)), io.BytesIO()

    score_file(source, kind, target, kind, predictor)

    assert not source.closed
    assert read(target.getvalue(), kind)


@pytest.mark.parametrize("kind", KINDS)
def test_what_fails_below_the_target_is_not_the_files_fault(
    predictor: Predictor, kind: Kind
) -> None:
    rows = write({"url": ["a.com/" + "x" * 50] * 2_000}, kind)

    with (
        Path("/dev/full").open("wb", buffering=0) as full,
        pytest.raises(OSError, match="No space") as caught,
    ):
        score_file(io.BytesIO(rows), kind, full, kind, predictor, chunk_rows=500)

    assert caught.value.errno == errno.ENOSPC


def test_many_different_columns(score: Score) -> None:
    row: dict[str, Any] = {f"c{at}": at for at in range(900)} | {"url": "a.com"}

    assert len(score(json.dumps(row).encode(), "ndjson", "csv").rows[0]) == 905
