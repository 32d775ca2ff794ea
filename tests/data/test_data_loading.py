"""All sources are joined, and where they came from is on record."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from switchyard.configuration.model import Data, Definition, Sample, Source
from switchyard.data.loading import load
from switchyard.errors import RequestError
from tests.labels import PHISHING


@pytest.fixture
def sources(tmp_path: Path) -> tuple[Source, Source]:
    (tmp_path / "table.csv").write_bytes(b"url,label,first_seen\na.com,bad,2020-01-05\nb.com\n")
    (tmp_path / "top.csv").write_bytes(b"1,c.com\n2,d.com\n")
    return (
        Source(location=str(tmp_path / "table.csv"), name="ours"),
        Source(location=str(tmp_path / "top.csv")),
    )


def test_several_sources_are_joined(sources: tuple[Source, Source]) -> None:
    loaded = load(Data(sources=sources), Definition(labels=PHISHING), 1)
    found = loaded.raw.rows.select(["url", "label", "source", "first_seen", "row"]).to_pylist()
    assert [tuple(row.values()) for row in found] == [
        ("a.com", "bad", "ours", "2020-01", 1),
        ("c.com", "benign", "top", None, 1),
        ("d.com", "benign", "top", None, 2),
    ]
    assert loaded.raw.rejects["source"].to_pylist() == ["ours"]


def test_each_source_is_on_record(sources: tuple[Source, Source]) -> None:
    first, second = load(Data(sources=sources), Definition(labels=PHISHING), 1).provenance.origins
    content = Path(sources[0].location).read_bytes()
    assert (first.name, first.location, first.rows) == ("ours", sources[0].location, 2)
    assert first.sha256 == hashlib.sha256(content).hexdigest()
    assert (second.name, second.rows, second.synthetic) == ("top", 2, False)


def test_without_sources_the_sample_is_made_and_says_so() -> None:
    loaded = load(Data(sample=Sample(rows=200)), Definition(labels=PHISHING), 7)
    assert len(loaded.raw) == 200
    assert loaded.provenance.synthetic
    assert loaded.provenance.plain()["origins"][0]["location"] == "generated: 200 rows, seed 7"


def test_progress_is_told(sources: tuple[Source, Source]) -> None:
    seen: list[tuple[int, int | None, str]] = []
    load(Data(sources=sources), Definition(labels=PHISHING), 1, lambda *now: seen.append(now))
    assert seen[-1] == (2, 2, "top: 2 rows")


def test_one_missing_source_stops_all(sources: tuple[Source, Source]) -> None:
    with pytest.raises(RequestError, match="there is no file"):
        load(
            Data(sources=(*sources, Source(location="nowhere.csv"))), Definition(labels=PHISHING), 1
        )
