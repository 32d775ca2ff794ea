"""A source's fingerprint changes exactly when its content may have."""

from __future__ import annotations

from pathlib import Path

import pytest

from steps.fingerprints import fingerprint, is_remote
from switchyard.configuration.model import Data, Source
from switchyard.errors import RequestError


def test_a_local_file_is_known_by_its_content(tmp_path: Path) -> None:
    first, copy, other = (tmp_path / name for name in ("a.csv", "b.csv", "c.csv"))
    first.write_text("same", encoding="utf-8")
    copy.write_text("same", encoding="utf-8")
    other.write_text("different", encoding="utf-8")

    one, two, three = (fingerprint(Source(location=str(p)), Data()) for p in (first, copy, other))

    assert one == two != three


def test_a_pinned_url_is_known_by_its_digest() -> None:
    source = Source(location="https://data.example/urls.csv", sha256="ab" * 32)

    assert fingerprint(source, Data()) == "ab" * 32


def test_what_may_change_is_never_the_same_twice() -> None:
    source = Source(location="https://data.example/feed.csv", sha256="unpinned")

    assert fingerprint(source, Data()) != fingerprint(source, Data())


def test_a_missing_file_is_refused_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"there is no file .*nowhere\.csv"):
        fingerprint(Source(location=str(tmp_path / "nowhere.csv")), Data())


@pytest.mark.parametrize(
    ("location", "remote"),
    [("a.csv", False), ("file:///a.csv", False), ("https://a.example/b", True), ("s3://a/b", True)],
)
def test_only_a_network_makes_a_source_remote(location: str, remote: bool) -> None:
    assert is_remote(Source(location=location)) is remote
