"""Packages are written whole or not at all, and loaded only if they are what they say."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from switchyard.errors import PlatformError, RequestError
from switchyard.evaluation.intervals import Interval
from switchyard.packages import loading
from switchyard.packages.loading import compare_versions, load, verify
from switchyard.packages.manifest import Details, Input, Labels, Origin, seal
from switchyard.packages.writing import Package, write

URLS = [f"a{n}.com/{'login' if n % 2 else 'wiki'}" for n in range(60)]
DETAILS = Details(
    name="demo",
    candidate="fast",
    task="text-classification",
    inputs={"url": Input(type="string", max_length=2048)},
    labels=Labels(positive="phishing", negative="benign"),
    threshold=0.25,
    metrics={"accuracy": Interval(value=0.9, low=0.8, high=0.95)},
    data=Origin(digest="abc", synthetic=True, rows=60, sources=("sample",)),
)


def fitted() -> Pipeline:
    grams = HashingVectorizer(analyzer="char", n_features=512)
    steps = [("grams", grams), ("model", LogisticRegression())]
    return Pipeline(steps).fit(URLS, [n % 2 for n in range(60)])


def written(folder: Path, card: str = "# Card\n", **changes: Any) -> Package:
    return write(folder, fitted(), DETAILS.model_copy(update=changes), card)


def edit(package: Package, **changes: Any) -> None:
    path = package.folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_what_is_written_is_what_is_loaded(tmp_path: Path) -> None:
    package = written(tmp_path / "package")

    loaded = load(package.folder, package.content_sha256)

    assert sorted(p.name for p in package.folder.iterdir()) == [
        "card.md", "manifest.json", "model.skops",
    ]  # fmt: skip
    assert (loaded.threshold, loaded.notes) == (0.25, ())
    assert loaded.manifest == package.manifest
    np.testing.assert_array_equal(
        loaded.estimator.predict_proba(URLS), fitted().predict_proba(URLS)
    )


def test_the_digest_is_of_the_content_not_of_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = written(tmp_path / "one")
    monkeypatch.setattr("switchyard.packages.manifest.versions", lambda: {"python": "3.99"})
    again = written(tmp_path / "two")

    assert again.manifest.versions != first.manifest.versions
    assert again.content_sha256 == first.content_sha256


@pytest.mark.parametrize("changes", [{"threshold": 0.3}, {"candidate": "other"}, {"card": "# B"}])
def test_the_digest_follows_the_content(tmp_path: Path, changes: dict[str, Any]) -> None:
    first = written(tmp_path / "one")

    assert written(tmp_path / "two", **changes).content_sha256 != first.content_sha256


def test_a_package_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    written(tmp_path / "package")

    second = written(tmp_path / "package", threshold=0.75)

    assert load(tmp_path / "package").threshold == 0.75
    assert list(tmp_path.iterdir()) == [second.folder]


def test_another_folder_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious")

    with pytest.raises(RequestError, match="is no model package"):
        written(tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "precious"


@pytest.mark.parametrize("before", [False, True])
def test_a_full_disk_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    if before:
        written(tmp_path / "package")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(PlatformError, match="No space left"):
        written(tmp_path / "package", threshold=0.9)

    assert [p.name for p in tmp_path.iterdir()] == (["package"] if before else [])
    if before:
        assert load(tmp_path / "package").threshold == 0.25


def test_a_rename_that_fails_puts_the_old_package_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path / "package")
    rename = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise OSError(errno.EIO, "input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(PlatformError, match="input/output error"):
        written(tmp_path / "package", threshold=0.9)
    assert load(tmp_path / "package").threshold == 0.25


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(PlatformError, match="could not be written"):
        written(tmp_path / "file" / "package")


@pytest.mark.parametrize("name", ["model.skops", "card.md"])
@pytest.mark.parametrize(
    "damage", [lambda b: b[:-1], lambda b: b + b"x", lambda b: bytes([b[0] ^ 1]) + b[1:]]
)
def test_damage_is_found_before_the_model_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, damage: Any
) -> None:
    package = written(tmp_path / "package")
    path = package.folder / name
    path.write_bytes(damage(path.read_bytes()))
    monkeypatch.setattr(loading, "loads", lambda *_: pytest.fail("was opened"))

    with pytest.raises(PlatformError, match=rf"{name} is not the file that was packaged"):
        load(package.folder)


@pytest.mark.parametrize("name", ["model.skops", "card.md", "manifest.json"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    package = written(tmp_path / "package")
    (package.folder / name).unlink()

    with pytest.raises(PlatformError, match=f"{name} is missing"):
        load(package.folder)


def test_an_edited_manifest_is_refused(tmp_path: Path) -> None:
    package = written(tmp_path / "package")
    edit(package, threshold=0.0001)

    with pytest.raises(PlatformError, match="was changed after it was written"):
        load(package.folder)


def test_a_manifest_sealed_anew_is_not_what_the_registry_expects(tmp_path: Path) -> None:
    package = written(tmp_path / "package")
    values = package.manifest.model_dump(mode="json") | {"threshold": 0.0001}
    edit(package, **values | {"content_sha256": seal(values)})

    assert load(package.folder).threshold == 0.0001
    with pytest.raises(PlatformError, match="another model than expected"):
        load(package.folder, package.content_sha256)


@pytest.mark.parametrize("found", [2, "1", None])
def test_another_format_is_told(tmp_path: Path, found: object) -> None:
    package = written(tmp_path / "package")
    edit(package, format_version=found)

    with pytest.raises(PlatformError, match=f"format version {found!r}"):
        load(package.folder)


def test_files_outside_the_package_are_not_read(tmp_path: Path) -> None:
    package = written(tmp_path / "package")
    values = package.manifest.model_dump(mode="json")
    values["files"]["../secret"] = values["files"].pop("card.md")
    edit(package, **values | {"content_sha256": seal(values)})

    with pytest.raises(PlatformError, match=r"the manifest lists \.\./secret"):
        load(package.folder)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format_version": 1}', "\x00\xff"])
def test_a_manifest_that_is_none_is_told(tmp_path: Path, text: str) -> None:
    package = written(tmp_path / "package")
    (package.folder / "manifest.json").write_text(text)

    with pytest.raises(PlatformError, match="package"):
        load(package.folder)


def test_what_is_no_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(RequestError, match="is a file"):
        load(tmp_path / "file")
    with pytest.raises(RequestError, match="does not exist"):
        load(tmp_path / "nothing")


def test_verifying_builds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = written(tmp_path / "package")
    monkeypatch.setattr(loading, "loads", lambda *_: pytest.fail("was opened"))

    assert verify(package.folder, package.content_sha256) == package


def test_what_gives_no_probabilities_is_refused(tmp_path: Path) -> None:
    package = write(tmp_path / "package", HashingVectorizer(), DETAILS, "# Card")

    with pytest.raises(PlatformError, match="HashingVectorizer, which gives no probabilities"):
        load(package.folder)


def test_another_minor_version_is_a_note_and_another_major_one_an_error() -> None:
    here = {"scikit-learn": "1.9.1", "numpy": "2.4.6"}

    assert compare_versions(here, here) == ()
    notes = compare_versions({"scikit-learn": "1.8.0", "numpy": "2.4.6"}, here)
    assert notes == ("made with scikit-learn 1.8.0, loaded with 1.9.1",)
    with pytest.raises(PlatformError, match=r"made with scikit-learn 0\.24\.2, here is 1\.9\.1"):
        compare_versions({"scikit-learn": "0.24.2"}, here)
