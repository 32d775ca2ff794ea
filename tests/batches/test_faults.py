"""Files that cannot be read: each is told what is wrong with it, and where."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from switchyard.batches import objects
from switchyard.batches.kinds import KINDS, Kind
from switchyard.errors import DataError
from tests.batches.conftest import write

Score = Callable[..., Any]


def parquet(**columns: Any) -> bytes:
    return write(columns, "parquet")


@pytest.mark.parametrize(
    ("kind", "content", "told"),
    [
        ("csv", b"", "no rows"),
        ("csv", b"url,id\n", "no rows"),
        ("csv", b"link,id\na.com,1\n", "no column 'url': it has 'link', 'id'"),
        ("csv", b"URL\na.com\n", "rename 'URL' to 'url'"),
        ("csv", b"url,url\na.com,b.com\n", "two columns 'url'"),
        ("csv", b"url,id\na.com,1\nb.com\n", "line 3 has 1 fields instead of 2"),
        ("csv", b'url,id\n"a\n.com",1\nb.com,2,3\n', "line 4 has 3 fields instead of 2"),
        ("csv", b"url,id\na.com,1\nb\xff.com,2\n", "line 3 is not UTF-8"),
        ("csv", b"url,id\na.com,1\nb.com,\xe9\n", "line 3 is not UTF-8"),
        ("csv", b'url,id\na.com,1\nb.com,"2\nc.com,3\n', "quote is opened on line 3"),
        ("csv", b'url,id\na.com,"1', "quote is opened on line 2"),
        ("csv", b"\x1f\x8b\x08\x00", "gzip-compressed; unpack"),
        ("csv", "url\na.com".encode("utf-16"), "UTF-16"),
        ("csv", b"PAR1abc", "Parquet; send it as"),
        ("csv", b"url\x00\n", "binary"),
        ("csv", b'{"instances":[{"url":"a.com"}]}', "no column 'url'"),
        ("ndjson", b"\n \n", "no rows"),
        ("ndjson", b'{"url":"a.com"}\n\n{"url":', "line 3 is not a JSON object"),
        ("ndjson", b'{"url":"a.com"}\n["a.com"]\n', "line 2 is not a JSON object"),
        ("ndjson", b'{"url":"a.com"}\n{"url":"\xff"}\n', "line 2 is not UTF-8"),
        ("ndjson", b'{"url":"a.com","url":"b.com"}', "line 1.*'url' stands twice"),
        ("ndjson", b'{"url":"a.com","x":{"y":1,"y":2}}', "line 1.*'y' stands twice"),
        ("ndjson", b'{"url":"a.com","u\\u0072l":"b.com"}', "line 1.*'url' stands twice"),
        ("ndjson", b'{"link":"a.com"}', "no column 'url': it has 'link'"),
        ("ndjson", b"{}", "no 'url', nor anything else"),
        ("ndjson", b"url\na.com\n", "line 1 is not a JSON object"),
        ("json", b'{"instances":[]}', "no rows"),
        ("json", b'[{"url":"a.com"}]', "instances"),
        ("json", b'{"rows":[]}', "instances"),
        ("json", b'{"instances":[{"url":"a.com"}],"more":1}', "broken"),
        ("json", b'{"instances":[{"url":"a.com"} {"url":"b.com"}]}', "after instances.0"),
        ("json", b'{"instances":[{"url":"a.com"},5]}', "instances.1 is not a JSON object"),
        ("json", b'{"instances":[{"url":"a.com"}', "broken"),
        ("json", b'{"instances":[{"url":"a.com","url":"b"}]}', "instances.0.*stands twice"),
        ("json", b'{"instances":\n[{"url":"\xff"}]}', "line 2 is not UTF-8"),
        ("json", b'{"instances":[' + b'{"a":' * 100_000, "instances.0"),
        ("parquet", b"url\na.com\n", "no whole Parquet"),
        ("parquet", parquet(url=["a.com"])[:-9], "no whole Parquet"),
        ("parquet", parquet(url=pa.array([], pa.string())), "no rows"),
        ("parquet", parquet(link=["a.com"]), "no column 'url': it has 'link'"),
        ("parquet", parquet(url=[1]), "'url' is int64, not text"),
        ("parquet", parquet(url=[b"a\xff.com"]), "'url' holds bytes that are not UTF-8"),
    ],
)
def test_the_fault_is_told(score: Score, kind: Kind, content: bytes, told: str) -> None:
    with pytest.raises(DataError, match=f"(?s){told}"):
        score(content, kind)


def test_a_fault_after_many_rows_is_found(score: Score) -> None:
    content = b"url,id\n" + (b"a.com," + b"1" * 500 + b"\n") * 20_000 + b"b.com\n"

    with pytest.raises(DataError, match="line 20,002 has 1 fields"):
        score(content, "csv")


def test_a_quote_left_open_does_not_swallow_the_file(score: Score) -> None:
    start = b'url,id\na.com,1\nb.com,"2\n'

    with pytest.raises(DataError, match="quote is opened on line 3"):
        score(start + b"c.com,3\n" * 700_000, "csv")
    with pytest.raises(DataError, match=r"row after row 1 is longer.*a quote that is not closed"):
        score(start + b"c.com,3\n" * 1_500_000, "csv")


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9, 0.99])
def test_a_parquet_file_cut_off_anywhere_is_refused(score: Score, kept: float) -> None:
    whole = write({"url": [f"a{at}.com" for at in range(5_000)]}, "parquet")

    with pytest.raises(DataError, match="no whole Parquet file"):
        score(whole[: int(len(whole) * kept)], "parquet")


def test_damage_inside_of_a_parquet_file_is_no_failure_of_the_platform(score: Score) -> None:
    sink = io.BytesIO()
    urls = [f"a{at}.com" for at in range(5_000)]
    pq.write_table(pa.table({"url": urls}), sink, use_dictionary=False, compression="zstd")
    damaged = bytearray(sink.getvalue())
    damaged[200:2_000] = bytes(1_800)

    with pytest.raises(DataError, match="no whole Parquet file"):
        score(bytes(damaged), "parquet")


def test_a_document_that_is_too_large_is_told_the_way_out(
    score: Score, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "DOCUMENT", 1 << 20)

    with pytest.raises(DataError, match=r"at most 1 MB.*application/x-ndjson"):
        score(write({"url": ["a.com" * 300_000]}, "json"), "json")


def test_an_endless_line_is_not_held_in_memory(score: Score) -> None:
    with pytest.raises(DataError, match="line 2 is longer than 4 MB"):
        score(b'{"url":"a.com"}\n' + b" " * (5 << 20), "ndjson")


def test_names_that_are_data_are_refused(score: Score) -> None:
    rows = "\n".join(json.dumps({"url": "a.com", f"name{at}": at}) for at in range(1_001))

    with pytest.raises(DataError, match="line 1,000 brings the 1,001th name"):
        score(rows.encode(), "ndjson")


def test_what_a_kind_cannot_hold_exactly_is_refused_before_any_row(score: Score) -> None:
    at = pa.array([[1]], pa.list_(pa.timestamp("ns")))
    content = parquet(url=["a.com"], at=at)

    with pytest.raises(DataError, match=r"'at' is list.*which csv cannot hold"):
        score(content, "parquet", "csv")
    assert score(content, "parquet").totals.rows == 1


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_of_a_fault_repeats_more_than_a_little_of_the_file(
    score: Score, kind: Kind
) -> None:
    columns = {f"{at}-" + "x" * 5_000: ["y"] for at in range(50)}

    with pytest.raises(DataError) as caught:
        score(write(columns, kind), kind)

    assert len(str(caught.value)) < 1_000
