"""Cuts of delimited text: whole records only, as arrow and the csv module understand them."""

from __future__ import annotations

import csv
import io

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import csv as arrow_csv

from switchyard.errors import DataError
from switchyard.inference import records
from switchyard.inference.records import Cut, cuts


def parts(text: str, most: int, *, blank_counts: bool = False) -> tuple[bytes, list[Cut]]:
    content = text.encode()
    found = cuts(io.BytesIO(content), ",", blank_counts=blank_counts, records=most)
    return content, list(found)


def parsed(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(), newline="")))


@pytest.mark.parametrize("most", [1, 2, 3, 100])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_cuts_cover_the_text_and_end_where_records_do(most: int, end: str) -> None:
    rows = ['"a,1\n2",b', 'c,"say ""x"""', "d'\"e,f", '"",""', "g,h"]
    content, found = parts(end.join(["u,v", *rows]), most)

    assert [cut.records for cut in found] == [
        min(most, len(rows) - at) for at in range(0, len(rows), most)
    ]
    assert [cut.record for cut in found] == list(range(0, len(rows), most))
    assert found[0].start == len(f"u,v{end}")
    assert [cut.end for cut in found] == [*(cut.start for cut in found[1:]), len(content)]
    pieces = [content[cut.start : cut.end] for cut in found]
    assert [row for piece in pieces for row in parsed(piece) if row] == parsed(content)[1:]


def test_blank_lines_are_rows_of_one_column_and_nothing_among_several() -> None:
    text = "\n\nu\n\na\n\nb"

    _, counted = parts(text, 100, blank_counts=True)
    _, passed = parts("\nu,v\n\n\na,b\n\n", 100)

    assert counted == [Cut(4, len(text), 0, 4)]
    assert [cut.records for cut in passed] == [1]


def test_a_header_alone_has_no_cuts() -> None:
    assert parts("u,v", 10)[1] == []
    assert parts("u,v\r\n", 10)[1] == []
    assert parts("\ufeffu,v\r\n\r\n", 10)[1] == []


def test_a_quote_that_is_never_closed_is_named() -> None:
    with pytest.raises(DataError, match=r"a quote is opened in row 2 and never closed"):
        parts('u,v\na,b\n"c,d\ne,f\n', 10)


def test_a_record_without_an_end_is_refused_before_it_fills_the_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(records, "BLOCK", 64)

    with pytest.raises(DataError, match=r"row 2 is longer than .* quote that is not closed"):
        parts('u,v\na,b\n"' + "x" * 500 + "\n", 10)


TEXT = st.text(st.sampled_from('ab,"\n\r'), max_size=60)


@given(rows=TEXT, most=st.integers(1, 4), read=st.integers(1, 16))
def test_whatever_the_text_arrow_finds_the_same_rows_in_the_cuts(
    rows: str, most: int, read: int
) -> None:
    content = f"u,v\n{rows}".encode()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(records, "READ", read)
        try:
            found = list(cuts(io.BytesIO(content), ",", blank_counts=False, records=most))
        except DataError:
            return

    whole = arrow_rows(content[4:])
    assert sum(cut.records for cut in found) == len(whole)
    pieces = [arrow_rows(content[cut.start : cut.end]) for cut in found]
    assert [len(piece) for piece in pieces] == [cut.records for cut in found]
    assert [row for piece in pieces for row in piece] == whole


def arrow_rows(content: bytes) -> list[object]:
    """The rows that arrow reads in the text, those of another width as their text."""
    odd: dict[int, object] = {}

    def note(row: object) -> str:
        odd[row.number - 1] = row.text  # type: ignore[attr-defined]
        return "skip"

    if not content.strip(b"\r\n"):
        return []
    table = arrow_csv.read_csv(
        pa.BufferReader(content),
        arrow_csv.ReadOptions(use_threads=False, column_names=["u", "v"]),
        arrow_csv.ParseOptions(newlines_in_values=True, invalid_row_handler=note),
        arrow_csv.ConvertOptions(
            column_types={"u": pa.string(), "v": pa.string()}, strings_can_be_null=False
        ),
    )
    good = iter(table.to_pylist())
    return [odd[at] if at in odd else next(good) for at in range(table.num_rows + len(odd))]
