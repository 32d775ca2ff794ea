"""A release's folder as one file: packed alike, verified, unpacked elsewhere."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from switchyard.errors import PlatformError
from switchyard.serving import fetching
from switchyard.serving.archives import opened, pack
from switchyard.serving.fetching import ABSENT, DIFFERENT, UNREADABLE, NotFetched, fetch
from switchyard.serving.releases import Release


@pytest.fixture
def release(tmp_path: Path) -> Release:
    folder = tmp_path / "src"
    (folder / "model").mkdir(parents=True)
    (folder / "model" / "card.md").write_text("a card")
    (folder / "service.json").write_text("{}")
    return Release(
        name="phishing",
        model_version="1",
        bento="phishing:v1",
        folder=str(folder),
        content_sha256="c" * 64,
        data_digest="d" * 64,
        synthetic=True,
        built="2030-01-01T00:00:00+00:00",
    )


@pytest.fixture
def published(release: Release, tmp_path: Path) -> Release:
    """One whose folder is on another machine."""
    archive = tmp_path / "archive.tar"
    sha256 = pack(release, archive)
    away = {"folder": "/on/another/machine", "archive": f"file://{archive}"}
    return release.model_copy(update={**away, "archive_sha256": sha256})


def test_the_same_folder_makes_the_same_bytes(release: Release, tmp_path: Path) -> None:
    first = pack(release, tmp_path / "a.tar")
    (Path(release.folder) / "service.json").touch()

    assert pack(release, tmp_path / "b.tar") == first


def test_another_content_makes_another_digest(release: Release, tmp_path: Path) -> None:
    first = pack(release, tmp_path / "a.tar")
    (Path(release.folder) / "service.json").write_text("[]")

    assert pack(release, tmp_path / "b.tar") != first


def test_a_folder_that_is_gone_is_named(release: Release, tmp_path: Path) -> None:
    with pytest.raises(PlatformError, match=r"'phishing:v1' cannot be packed from '/nowhere'"):
        pack(release.model_copy(update={"folder": "/nowhere"}), tmp_path / "a.tar")


def test_what_was_packed_is_unpacked(published: Release, tmp_path: Path) -> None:
    target = tmp_path / "bento"
    fetch(published.archive, published.archive_sha256, target)

    assert (target / "model" / "card.md").read_text() == "a card"
    assert sorted(path.name for path in target.iterdir()) == ["model", "service.json"]


def test_another_digest_leaves_an_empty_folder(published: Release, tmp_path: Path) -> None:
    with pytest.raises(NotFetched, match="it should be 0000") as caught:
        fetch(published.archive, "0" * 64, tmp_path / "bento")

    assert caught.value.code == DIFFERENT
    assert list((tmp_path / "bento").iterdir()) == []


def test_an_absent_archive_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(NotFetched, match="there is no object") as caught:
        fetch(f"file://{tmp_path}/none.tar", "0" * 64, tmp_path / "bento")

    assert caught.value.code == ABSENT


def test_a_store_that_is_away_is_asked_again_for_a_while(
    published: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fsspec.implementations.local import LocalFileSystem

    original, failures = LocalFileSystem.get_file, [OSError("away"), OSError("away")]

    def failing(self: LocalFileSystem, *given: object, **more: object) -> object:
        if failures:
            raise failures.pop()
        return original(self, *given, **more)

    monkeypatch.setattr(LocalFileSystem, "get_file", failing)
    monkeypatch.setattr(fetching, "_PAUSE_S", 0.0)

    fetch(published.archive, published.archive_sha256, tmp_path / "bento")

    failures.append(OSError("away"))
    with pytest.raises(NotFetched, match="cannot be read: OSError: away") as caught:
        fetch(published.archive, published.archive_sha256, tmp_path / "again", patience_s=-1)
    assert caught.value.code == UNREADABLE


def test_it_runs_by_itself_as_a_pod_runs_it(published: Release, tmp_path: Path) -> None:
    text = Path(fetching.__file__).read_text(encoding="utf-8")

    def run(sha256: str) -> subprocess.CompletedProcess[str]:
        given = (published.archive, sha256, str(tmp_path / "bento"))
        command = [sys.executable, "-I", "-c", text, *given]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)

    wrong = run("0" * 64)
    assert wrong.returncode == DIFFERENT
    assert "not unpacked" in wrong.stderr.splitlines()[-1]
    assert run(published.archive_sha256).returncode == 0
    assert (tmp_path / "bento" / "service.json").exists()


def test_a_folder_that_is_here_is_used_as_it_is(release: Release) -> None:
    with opened(release) as folder:
        assert str(folder) == release.folder


def test_a_folder_elsewhere_is_fetched_for_the_while(published: Release) -> None:
    with opened(published) as folder:
        assert (folder / "service.json").read_text() == "{}"

    assert not folder.exists()


def test_a_changed_archive_is_not_used(published: Release) -> None:
    changed = published.model_copy(update={"archive_sha256": "0" * 64})

    with pytest.raises(PlatformError, match="somebody has changed it"), opened(changed):
        raise AssertionError("it was opened")
