"""Files of jobs: whole under their names, or not there, in a folder as in an object store."""

from __future__ import annotations

import errno
from pathlib import Path
from uuid import uuid4

import pytest

from switchyard.errors import PlatformError, RequestError
from switchyard.jobs.files import JobFiles
from switchyard.stores import DiskFull
from tests.jobs.conftest import Service


@pytest.fixture(params=["folder", "file", "memory"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> JobFiles:
    kinds = {
        "folder": str(tmp_path / "store"),
        "file": f"file://{tmp_path}/store",
        "memory": f"memory://{uuid4().hex}",
    }
    return JobFiles(kinds[request.param])


def names(files: JobFiles, folder: str = "results") -> list[str]:
    return sorted(name for name, _ in files.names(folder))


def test_a_committed_draft_has_its_name_and_content(files: JobFiles) -> None:
    draft = files.draft("results", "a.csv")
    draft.stream.write(b"one\ntwo\n")
    draft.commit()

    assert names(files) == ["a.csv"]
    assert names(files, "drafts") == []
    with files.open("results", "a.csv") as file:
        assert file.readline() == b"one\n"
        assert file.seek(0) == 0
        assert file.read() == b"one\ntwo\n"
    assert next(iter(files.names("results")))[1] < 60


def test_a_discarded_draft_leaves_nothing(files: JobFiles) -> None:
    draft = files.draft("results", "a.csv")
    draft.stream.write(b"one")
    draft.discard()

    assert names(files) == []
    assert names(files, "drafts") == []


def test_removing_twice_does_no_harm(files: JobFiles) -> None:
    files.draft("results", "a.csv").commit()

    for _ in range(2):
        files.remove("results", "a.csv")

    assert names(files) == []


def test_a_draft_in_a_folder_is_not_seen_before_it_is_whole(tmp_path: Path) -> None:
    files = JobFiles(str(tmp_path))
    draft = files.draft("results", "a.csv")
    draft.stream.write(b"one")
    draft.stream.flush()

    assert names(files) == []
    assert len(names(files, "drafts")) == 1
    draft.discard()


def test_what_is_not_there_is_named(files: JobFiles) -> None:
    with pytest.raises(PlatformError, match=r"cannot be read: FileNotFoundError.*jobs\.store"):
        files.open("results", "none.csv")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file")

    with pytest.raises(PlatformError, match="cannot be written"):
        JobFiles(str(tmp_path / "store")).draft("inputs", "a.csv")


@pytest.mark.parametrize(
    ("code", "expected"), [(errno.ENOSPC, DiskFull), (errno.EDQUOT, DiskFull), (errno.EIO, None)]
)
def test_a_full_disk_is_told_from_other_failures(
    tmp_path: Path, code: int, expected: type | None
) -> None:
    failure = JobFiles(str(tmp_path)).failure("written", OSError(code, "so it is"))

    assert isinstance(failure, DiskFull) == (expected is DiskFull)
    assert "so it is" in str(failure)


@pytest.mark.parametrize("location", ["nowhere://x", "s4://bucket"])
def test_a_location_that_nothing_reads_is_the_settings_fault(location: str) -> None:
    with pytest.raises(RequestError, match=r"serving\.jobs\.store '.*://"):
        JobFiles(location)


def test_jobs_work_over_an_object_store(tmp_path: Path) -> None:
    service = Service(tmp_path, store=f"memory://{uuid4().hex}")
    job = service.submit(target="parquet")

    with service.working():
        assert service.ended(job.id).status == "succeeded"

    file, _, _ = service.board.result(job.id)
    assert file.read(4) == b"PAR1"
    assert service.board.delete(job.id)
    service.board.close()
