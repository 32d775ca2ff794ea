"""A release is put where pods have it from."""

from __future__ import annotations

from pathlib import Path

import pytest

from stacks.deployers.kubernetes.options import Options
from stacks.deployers.kubernetes.publishing import publish
from switchyard.serving.archives import opened
from switchyard.serving.releases import Release
from tests.deployers.kubernetes.releases import release


@pytest.fixture
def built(tmp_path: Path) -> Release:
    folder = tmp_path / "built"
    folder.mkdir()
    (folder / "service.py").write_text("", "utf-8")
    return release(folder=str(folder), archive="", archive_sha256="")


def test_what_is_published_is_written_once(built: Release, tmp_path: Path) -> None:
    options = Options(state=str(tmp_path / "state"))
    first = publish(built, options)
    written = Path(first.archive).stat().st_mtime_ns

    assert publish(built, options) == first
    assert Path(first.archive).stat().st_mtime_ns == written


def test_an_archive_that_somebody_changed_is_published_again(
    built: Release, tmp_path: Path
) -> None:
    options = Options(state=str(tmp_path / "state"))
    first = publish(built, options)
    Path(first.archive).write_bytes(b"something else")

    assert publish(built, options) == first

    elsewhere = first.model_copy(update={"folder": str(tmp_path / "absent")})
    with opened(elsewhere) as folder:
        assert [path.name for path in folder.iterdir()] == ["service.py"]
