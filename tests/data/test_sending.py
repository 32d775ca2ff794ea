"""Local files go to a store that other machines reach, once, and are pinned there."""

from __future__ import annotations

import hashlib
from pathlib import Path

import fsspec
import pytest

from switchyard.configuration.model import Data, Source
from switchyard.data.sending import sent
from switchyard.data.sources import fetch
from switchyard.errors import RequestError

CONTENT = b"url,label\na.com,bad\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "urls of monday.csv"
    path.write_bytes(CONTENT)
    return path


def test_a_local_file_is_replaced_by_its_copy(file: Path, cached: Data, tmp_path: Path) -> None:
    digest = hashlib.sha256(CONTENT).hexdigest()
    data = cached.model_copy(update={"sources": (Source(location=str(file)),)})

    found = sent(data, f"memory://{tmp_path.name}/artifacts")

    (source,) = found.sources
    assert source.location == (
        f"memory://{tmp_path.name}/artifacts/sources/{digest}/urls of monday.csv"
    )
    assert source.sha256 == digest
    file.unlink()
    assert fetch(source, cached).path.read_bytes() == CONTENT
    assert fetch(source, cached).name == "urls of monday"


def test_feedback_goes_too_and_what_is_remote_stays(file: Path, cached: Data) -> None:
    remote = Source(location="https://example.com/urls.csv", sha256="0" * 64)
    data = cached.model_copy(
        update={"sources": (remote,), "feedback": (Source(location=file.as_uri()),)}
    )

    found = sent(data, "memory://elsewhere")

    assert found.sources == (remote,)
    assert found.feedback[0].location.startswith("memory://elsewhere/sources/")


def test_the_same_content_is_sent_once(file: Path, cached: Data, tmp_path: Path) -> None:
    data = cached.model_copy(update={"sources": (Source(location=str(file)),)})
    store = f"memory://{tmp_path.name}"
    first = sent(data, store).sources[0]
    files = fsspec.filesystem("memory")
    created = files.created(first.location)

    assert sent(data, store).sources[0] == first
    assert files.created(first.location) == created


def test_a_file_that_is_not_there_is_refused(cached: Data, tmp_path: Path) -> None:
    data = cached.model_copy(update={"sources": (Source(location=str(tmp_path / "no.csv")),)})
    with pytest.raises(RequestError, match="there is no file"):
        sent(data, "memory://elsewhere")
