"""Files of every layout are read; bad rows are set aside, bad files are named."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from switchyard.configuration.model import Columns, Data, Source
from switchyard.data.reading import RawFrame, read
from switchyard.data.sources import fetch
from switchyard.errors import DataError
from tests.labels import PHISHING

Reader = Callable[..., RawFrame]

TABLE = b"url,label\na.com/x,bad\nb.com,good\n"
ROWS = [("a.com/x", "bad"), ("b.com", "good")]


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    """Read bytes as if they were a file of that name."""

    def read_bytes(content: bytes, name: str = "file.csv", **settings: Any) -> RawFrame:
        path = tmp_path / name
        path.write_bytes(content)
        data = Data(columns=settings.pop("columns", Columns()))
        source = Source(location=str(path), **settings)
        return read(fetch(source, data), source, data, PHISHING)

    return read_bytes


def rows(raw: RawFrame, *names: str) -> list[tuple[Any, ...]]:
    table = raw.rows.select(list(names or ("url", "label")))
    return [tuple(row.values()) for row in table.to_pylist()]


def reasons(raw: RawFrame) -> list[tuple[int, str]]:
    return [(row["row"], row["reason"]) for row in raw.rejects.to_pylist()]


def zipped(content: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("inner.csv", content)
    return held.getvalue()


def parquet(**columns: Any) -> bytes:
    held = io.BytesIO()
    pq.write_table(pa.table(columns), held)
    return held.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        TABLE,
        TABLE.replace(b",", b"\t"),
        TABLE.replace(b",", b";"),
        TABLE.replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + TABLE,
        b"\n\n" + TABLE,
        TABLE.rstrip(b"\n"),
        b'"url","label"\n"a.com/x","bad"\n"b.com","good"\n',
        b"n,label,url\n1,bad,a.com/x\n2,good,b.com\n",
        gzip.compress(TABLE, mtime=0),
        bz2.compress(TABLE),
        pa.compress(TABLE, codec="zstd", asbytes=True),
        zipped(TABLE),
        b'{"url": "a.com/x", "label": "bad"}\n{"label": "good", "url": "b.com"}\n',
        parquet(url=["a.com/x", "b.com"], label=["bad", "good"], other=[1, 2]),
        parquet(url=pa.array(["a.com/x", "b.com"]).dictionary_encode(), label=["bad", "good"]),
    ],
)
def test_tables_of_all_kinds_hold_the_same_rows(reader: Reader, content: bytes) -> None:
    raw = reader(content, "file.bin")
    assert rows(raw) == ROWS
    assert len(raw) == 2


def test_columns_are_mapped_by_the_configuration(reader: Reader) -> None:
    columns = Columns(url=("address",), label=("kind",), source=("from",), first_seen=("day",))
    content = b"day,kind,from,address\n2020-05-17,bad,here,a.com\n,good,,b.com\n"
    raw = reader(content, columns=columns)
    assert rows(raw, "url", "label", "source", "first_seen") == [
        ("a.com", "bad", "here", "2020-05"),
        ("b.com", "good", "file", None),
    ]


@pytest.mark.parametrize(
    ("label", "expected"), [([1, 0], "1"), ([True, False], "1"), ([1.0, 0.0], "1")]
)
def test_labels_of_parquet_may_be_numbers(reader: Reader, label: list[Any], expected: str) -> None:
    assert rows(reader(parquet(url=["a.com", "b.com"], label=label)))[0] == ("a.com", expected)


def test_dates_of_parquet_become_months(reader: Reader) -> None:
    dates = pa.array([datetime(2021, 3, 4), None])
    raw = reader(parquet(url=["a.com", "b.com"], label=[1, 0], date=dates))
    assert rows(raw, "first_seen") == [("2021-03",), (None,)]


PHISHTANK = (
    b"phish_id,url,phish_detail_url,submission_time,verified,verification_time,online,target\n"
    b'1,"http://a.com/x,y",http://d/1,2024-02-03T04:05:06+00:00,yes,2024-02-03,yes,Other\n'
)
PHISHTANK_JSON = json.dumps(
    [{"phish_id": 1, "url": "http://a.com/x,y", "submission_time": "2024-02-03T04:05:06+00:00"}]
).encode()
URLHAUS = (
    b"####\n# abuse.ch URLhaus Database Dump (CSV)\n# id,dateadded,url,url_status,last_online,"
    b"threat,tags,urlhaus_link,reporter\n"
    b'"9","2024-02-03 04:05:06","http://a.com/x,y","online","","malware","exe","http://u/9","me"\n'
    b"# number of entries: 1\n"
)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (PHISHTANK, ("http://a.com/x,y", "phishing", "2024-02")),
        (gzip.compress(PHISHTANK, mtime=0), ("http://a.com/x,y", "phishing", "2024-02")),
        (PHISHTANK_JSON, ("http://a.com/x,y", "phishing", "2024-02")),
        (bz2.compress(PHISHTANK_JSON), ("http://a.com/x,y", "phishing", "2024-02")),
        (URLHAUS, ("http://a.com/x,y", "phishing", "2024-02")),
        (b"http://a.com/x,y\nhttps://b.com\n", ("http://a.com/x,y", "phishing", None)),
        (b"1,a.com\n2,b.com\n", ("a.com", "benign", None)),
        (b"1,a.com\r\n2,b.com\r\n", ("a.com", "benign", None)),
    ],
)
def test_feeds_are_recognised(
    reader: Reader, content: bytes, expected: tuple[str | None, ...]
) -> None:
    assert rows(reader(content), "url", "label", "first_seen")[0] == expected


def test_a_named_layout_is_believed(reader: Reader) -> None:
    raw = reader(b"# a comment\na.com\n\nb.com\n", layout="openphish")
    assert [url for (url,) in rows(raw, "url")] == ["a.com", "b.com"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"a.com,bad,more", "3 fields instead of 2"),
        (b"a.com", "1 fields instead of 2"),
        (b"\xff\xfe.com,bad", "invalid UTF-8"),
        (b'"a.com,bad', "a quote that is not closed"),
        (b'"a.com/""' + b"x" * 200_000 + b'",bad,', "field larger than field limit (131072)"),
        (b"a.com/" + b"x" * 10_000_000 + b",bad", "a line longer than 1,048,576 bytes"),
    ],
)
def test_a_bad_line_is_set_aside(reader: Reader, line: bytes, reason: str) -> None:
    raw = reader(b"url,label\na.com/x,bad\n" + line + b"\nb.com,good\n")
    assert rows(raw) == ROWS
    assert reasons(raw) == [(2, reason)]
    assert raw.rows["row"].to_pylist() == [1, 3]
    assert all(len(row["url"]) <= 200 for row in raw.rejects.to_pylist())


def test_two_stray_quotes_do_not_swallow_the_rows_between(reader: Reader) -> None:
    raw = reader(b'url,label\na.com/x,bad\n"q.com,bad\nb.com,good\n"r.com,good\n')
    assert rows(raw) == ROWS
    assert len(raw) == 4


def test_a_comment_over_several_lines_is_one_row(reader: Reader) -> None:
    raw = reader(b'url,label,text\na.com/x,bad,"one\ntwo"\nb.com,good,\nc.com\n')
    assert rows(raw) == ROWS
    assert len(raw) == 3


@pytest.mark.parametrize("line", [b"{broken", b"[1]", b'{"url": "\xff", "label": "bad"}'])
def test_a_bad_json_line_is_set_aside(reader: Reader, line: bytes) -> None:
    raw = reader(b'{"url": "a.com", "label": "bad"}\n' + line + b"\n")
    assert len(raw.rows) == 1
    assert len(raw.rejects) == 1


def test_invalid_utf8_in_parquet_is_set_aside(reader: Reader) -> None:
    url = pa.array([b"a.com", b"\xff.com"]).view(pa.string())
    raw = reader(parquet(url=url, label=["bad", "good"]))
    assert rows(raw) == [("a.com", "bad")]
    assert reasons(raw) == [(2, "invalid UTF-8")]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b" \n\n", "nothing but white space"),
        (b"url,label\n", "a header and no rows"),
        (b"gender,math\nf,3\n", r"no url column: it has 'gender', 'math'.*columns: url"),
        (b"url,verdict\na.com,bad\n", r"no label column.*'url', 'verdict'"),
        (b"Address,Label\na.com,bad\n", "no url column: it has 'Address', 'Label'"),
        (b"url,url,label\na.com,b.com,bad\n", "two columns 'url'"),
        (bytes(range(256)) * 100, "binary, not text"),
        (b"\x80\x04\x95" + b"x" * 50, "a pickle, which is never loaded"),
        ("url,label\na.com,bad\n".encode("utf-16"), "UTF-16"),
        (gzip.compress(TABLE * 100, mtime=0)[:60], "damaged or cut off"),
        (
            gzip.compress(TABLE * 100, mtime=0)[:30]
            + b"xxxx"
            + gzip.compress(TABLE * 100, mtime=0)[34:],
            "damaged",
        ),
        (b"\x1f\x8bnot gzip at all", "damaged or cut off"),
        (gzip.compress(b"", mtime=0), "white space"),
        (parquet(url=["a.com"] * 100, label=["bad"] * 100)[:-20], "cut-off Parquet"),
        (parquet(url=[[1]], label=["bad"]), "column 'url' is list"),
        (b'[{"url": "a.com"', "no whole JSON document"),
        (b'[{"address": "a.com"}]', "no entry has a 'url'"),
        (b'{"url": 1', "no JSON object"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(reader: Reader, content: bytes, told: str) -> None:
    with pytest.raises(DataError, match=told) as caught:
        reader(content)
    assert "file.csv" in str(caught.value)


def test_a_zip_of_several_files_is_refused(reader: Reader) -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("a.csv", TABLE)
        archive.writestr("b.csv", TABLE)
    with pytest.raises(DataError, match="a zip of 2 files"):
        reader(held.getvalue())


def test_a_frame_is_raw_rows_too() -> None:
    raw = RawFrame.of(pd.DataFrame({"url": ["a.com", None], "label": ["bad", "good"]}))
    assert rows(raw, "url", "label", "source") == [("a.com", "bad", "frame"), ("", "good", "frame")]


@pytest.mark.data
def test_the_public_layout_is_read(real_data: Path) -> None:
    source = Source(location=str(real_data / "phishing_site_urls.csv.gz"))
    raw = read(fetch(source, Data()), source, Data(), PHISHING)
    assert len(raw.rows) == 162_065
    assert len(raw.rejects) == 0
