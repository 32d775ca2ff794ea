"""Objects of any store that fsspec knows are copied, verified and kept."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from typing import Any

import fsspec
import pytest

from switchyard.configuration.model import Data, Source
from switchyard.data.sources import fetch
from switchyard.errors import DataError, PlatformError, RequestError

CONTENT = b"url,label\na.com,bad\n"


@pytest.fixture
def store() -> Iterator[Any]:
    files = fsspec.filesystem("memory")
    files.pipe("/bucket/urls.csv", CONTENT)
    yield files
    files.rm("/bucket", recursive=True)


def test_an_object_is_copied(store: Any, cached: Data) -> None:
    file = fetch(Source(location="memory://bucket/urls.csv"), cached)
    assert file.path.read_bytes() == CONTENT
    assert file.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert file.name == "urls"


def test_an_object_that_changed_is_copied_again(store: Any, cached: Data) -> None:
    fetch(Source(location="memory://bucket/urls.csv"), cached)
    store.pipe("/bucket/urls.csv", b"other")
    assert fetch(Source(location="memory://bucket/urls.csv"), cached).path.read_bytes() == b"other"


def test_a_wrong_digest_leaves_nothing(store: Any, cached: Data, tmp_path: Any) -> None:
    with pytest.raises(DataError, match="expected sha256"):
        fetch(Source(location="memory://bucket/urls.csv", sha256="0" * 64), cached)
    assert list(tmp_path.rglob("*.part")) == []


@pytest.mark.parametrize(
    ("location", "told"),
    [
        ("memory://bucket/other.csv", "no object 'memory://bucket/other.csv'"),
        ("memory://bucket", "is a folder"),
        ("gopher://bucket/urls.csv", "nothing here reads 'gopher://'"),
    ],
)
def test_what_is_no_object_is_named(store: Any, cached: Data, location: str, told: str) -> None:
    with pytest.raises(RequestError, match=told):
        fetch(Source(location=location), cached)


def test_a_missing_package_names_the_extra(cached: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(RequestError, match="uv sync --extra s3"):
        fetch(Source(location="s3://bucket/urls.csv"), cached)


def test_a_failing_store_is_named(
    store: Any, cached: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise RuntimeError("no endpoint")

    monkeypatch.setattr(type(store), "info", refuse)
    with pytest.raises(PlatformError, match=r"memory://bucket/urls\.csv.*no endpoint"):
        fetch(Source(location="memory://bucket/urls.csv"), cached)
