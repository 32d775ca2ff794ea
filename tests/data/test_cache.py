"""The cache never shows half a file, and says where it could not write."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from switchyard.data.cache import Part, open_folder, writing
from switchyard.errors import PlatformError


def test_a_part_is_not_the_file_until_it_is_finished(tmp_path: Path) -> None:
    target = tmp_path / "file"
    with Part(target, resume=False) as part:
        part.write(b"abc")
        assert not target.exists()
        part.finish()
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_part_goes_on_where_it_stopped(tmp_path: Path) -> None:
    with Part(tmp_path / "file", resume=False) as part:
        part.write(b"abc")
    with Part(tmp_path / "file", resume=True) as part:
        assert part.size == 3
        part.write(b"def")
        part.finish()
    assert (tmp_path / "file").read_bytes() == b"abcdef"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device that is always full")
def test_a_full_disk_names_the_folder(tmp_path: Path) -> None:
    with (
        Path("/dev/full").open("wb", buffering=0) as full,
        Part(tmp_path / "file", resume=False) as part,
    ):
        part._file = full
        with pytest.raises(PlatformError, match=f"'{tmp_path}': the disk is full"):
            part.write(b"abc")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PlatformError, match=r"file/cache/downloads.*data\.cache_dir"):
        open_folder(str(tmp_path / "file" / "cache"))


def test_a_missing_permission_names_the_folder(tmp_path: Path) -> None:
    refused = PermissionError(errno.EACCES, "Permission denied")
    with (
        pytest.raises(PlatformError, match=f"'{tmp_path}': it may not be written"),
        writing(tmp_path),
    ):
        raise refused
