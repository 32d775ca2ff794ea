"""Local sources: found and identified, or refused with what to do."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from switchyard.configuration.model import Data, Source
from switchyard.data.sources import fetch
from switchyard.errors import DataError, RequestError


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "my urls.csv"
    path.write_bytes(b"url,label\na.com,bad\n")
    return path


def test_a_path_is_taken_as_it_is(table: Path) -> None:
    file = fetch(Source(location=str(table)), Data())
    assert file.path == table
    assert file.sha256 == hashlib.sha256(table.read_bytes()).hexdigest()
    assert file.name == "my urls"


def test_a_file_url_is_a_path(table: Path) -> None:
    assert fetch(Source(location=table.as_uri()), Data()).path == table


def test_home_is_known(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(table.parent))
    assert fetch(Source(location="~/my urls.csv"), Data()).path == table


def test_a_given_name_is_kept(table: Path) -> None:
    assert fetch(Source(location=str(table), name="feed"), Data()).name == "feed"


def test_a_missing_file_names_its_neighbour(table: Path) -> None:
    with pytest.raises(RequestError, match=r"did you mean '.*my urls\.csv'"):
        fetch(Source(location=str(table.parent / "my url.csv")), Data())


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"its folder .*nowhere' does not exist"):
        fetch(Source(location=str(tmp_path / "nowhere" / "a.csv")), Data())


def test_a_folder_is_refused_with_its_files(table: Path) -> None:
    with pytest.raises(RequestError, match=r"is a folder.*'my urls\.csv'"):
        fetch(Source(location=str(table.parent)), Data())


def test_a_device_is_refused() -> None:
    with pytest.raises(RequestError, match="not a regular file"):
        fetch(Source(location="/dev/null"), Data())


def test_a_pinned_path_that_changed_is_refused(table: Path) -> None:
    with pytest.raises(DataError, match=f"expected sha256 {'0' * 64}"):
        fetch(Source(location=str(table), sha256="0" * 64), Data())
