from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from switchyard.capture.segments import (
    HEAD,
    PREDICTION,
    Damaged,
    Segment,
    claimed,
    packed,
    read,
    room,
    size_for,
)

ID = b"K" * 40
FACTS = packed({"model_version": "3"})


def segment(folder: Path, *seconds: bytes, size: int = 1 << 14) -> Segment:
    made = Segment.create(folder / "a.segment", size, FACTS)
    for second in seconds:
        assert made.append(PREDICTION, ID, b"{}", second)
    return made


def seconds_of(content: bytes) -> list[bytes]:
    found = read(content)
    assert found is not None
    return [bytes(record.second) for record in found.records]


@settings(deadline=None)
@given(parts=st.lists(st.tuples(*[st.binary(min_size=1, max_size=40)] * 2), max_size=9))
def test_what_is_appended_is_read_back_in_order(
    parts: list[tuple[bytes, bytes]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = [(first.hex().encode(), second.hex().encode()) for first, second in parts]
    path = tmp_path_factory.mktemp("segments") / "a.segment"
    made = Segment.create(path, 1 << 14, FACTS)
    for first, second in text:
        assert made.append(PREDICTION, ID, first, second)

    found = read(path.read_bytes())

    assert found is not None
    assert found.facts == {"model_version": "3"}
    assert [(bytes(r.first), bytes(r.second)) for r in found.records] == text
    assert found.damaged == 0
    made.seal()


def test_a_record_half_written_is_not_read_and_no_damage(tmp_path: Path) -> None:
    made = segment(tmp_path, b"whole")
    made.memory[made.used + HEAD : made.used + HEAD + 60] = b"x" * 60

    found = read(made.path.read_bytes())

    assert found is not None
    assert (len(found.records), found.damaged) == (1, 0)


def test_records_after_a_damaged_one_are_read(tmp_path: Path) -> None:
    made = segment(tmp_path, b"first", b"second", b"third")
    content = bytearray(made.path.read_bytes())
    content[content.index(b"second")] ^= 1

    found = read(bytes(content))

    assert found is not None
    assert [bytes(record.second) for record in found.records] == [b"first", b"third"]
    assert found.damaged == 1


def test_records_after_a_page_that_was_lost_are_read(tmp_path: Path) -> None:
    made = segment(tmp_path, *[b"%04d" % row for row in range(200)])
    content = bytearray(made.path.read_bytes())
    content[4096:8192] = bytes(4096)

    found = read(bytes(content))

    assert found is not None
    assert found.damaged == 1
    assert bytes(found.records[0].second) == b"0000"
    assert bytes(found.records[-1].second) == b"0199"


@settings(deadline=None)
@given(data=st.data())
def test_any_damage_leaves_only_records_that_were_written(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    written = [b"%04d" % row for row in range(20)]
    made = segment(tmp_path_factory.mktemp("segments"), *written)
    content = bytearray(made.path.read_bytes()[: made.used])
    made.seal()
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + 40] = data.draw(st.binary(max_size=40))
    try:
        found = read(bytes(content))
    except Damaged:
        return
    assert found is None or {bytes(r.second) for r in found.records} <= set(written)


@pytest.mark.parametrize("content", [b"no segment at all", b"SWYCAP1\n" + b"\xff" * 40])
def test_a_file_that_is_no_segment_is_told_apart(content: bytes) -> None:
    with pytest.raises(Damaged):
        read(content)


def test_a_file_that_was_only_made_holds_nothing() -> None:
    assert read(b"") is None
    assert read(bytes(4096)) is None


def test_a_record_larger_than_the_rest_is_refused_and_nothing_written(tmp_path: Path) -> None:
    made = segment(tmp_path, b"small", size=4096)
    assert not made.append(PREDICTION, ID, b"", b"x" * 4096)
    assert seconds_of(made.path.read_bytes()) == [b"small"]


@settings(deadline=None)
@given(st.integers(0, 5000))
def test_a_segment_made_for_a_record_holds_it(length: int) -> None:
    size = size_for(FACTS, 40 + length)
    assert room(FACTS, size) >= 40 + length
    assert room(FACTS, size - 8) < 40 + length


def test_a_segment_is_claimed_only_when_its_writer_is_done(tmp_path: Path) -> None:
    made = segment(tmp_path, b"one")
    with claimed(made.path) as descriptor:
        assert descriptor is None
    made.seal()
    with claimed(made.path) as descriptor, claimed(made.path) as other:
        assert descriptor is not None
        assert other is None


def test_sealing_gives_back_what_was_not_needed(tmp_path: Path) -> None:
    made = segment(tmp_path, b"one")
    made.seal()
    assert made.path.stat().st_size < 200
    assert seconds_of(made.path.read_bytes()) == [b"one"]


def test_sealing_an_empty_segment_deletes_it(tmp_path: Path) -> None:
    segment(tmp_path).seal()
    assert list(tmp_path.iterdir()) == []
