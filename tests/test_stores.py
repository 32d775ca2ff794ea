"""Folders and object stores: whole files or none, and failures that name the store."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from switchyard.capture.stores import Store
from switchyard.errors import PlatformError, RequestError, SwitchyardError
from switchyard.inference.places import Place
from switchyard.jobs.files import JobFiles
from switchyard.monitoring.records import MonitoringStore
from switchyard.stores import DiskFull, NamedStore

SETTING = "some.store"


@pytest.fixture(params=["folder", "object-store"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> NamedStore:
    location = str(tmp_path / "kept")
    if request.param == "object-store":
        location = f"memory://{tmp_path.name}/kept"
    return NamedStore(location, "the store", SETTING)


def content(store: NamedStore, path: str) -> bytes:
    found: bytes = store.files.cat_file(f"{store.root}/{path}")
    return found


def test_a_file_is_replaced_whole_and_its_folder_made(store: NamedStore) -> None:
    store.write("a/b/x.json", b"one")
    store.write("a/b/x.json", b"two")

    assert content(store, "a/b/x.json") == b"two"
    assert store.listed("a/b") == ["x.json"]


def test_a_folder_that_is_not_there_holds_nothing(store: NamedStore) -> None:
    assert store.listed("nowhere") == []


def test_who_deletes_second_is_told_so(store: NamedStore) -> None:
    store.write("x.json", b"one")

    assert [store.delete("x.json"), store.delete("x.json")] == [True, False]


@pytest.mark.parametrize("draft", [None, "drafts/x"], ids=["beside", "elsewhere"])
def test_a_write_that_fails_leaves_what_was_there_and_no_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, draft: str | None
) -> None:
    store = NamedStore(str(tmp_path), "the store", SETTING)
    store.write("x.json", b"one")

    def fail(descriptor: int) -> None:
        raise OSError(errno.EIO, "the disk is broken")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", fail)
        with pytest.raises(PlatformError, match=r"the store '.*cannot be written.*some\.store"):
            store.write("x.json", b"two", draft)

    assert content(store, "x.json") == b"one"
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["x.json"]


def test_an_object_store_is_asked_for_a_folder_only_where_it_wants_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    store = NamedStore(f"memory://{tmp_path.name}", "the store", SETTING)
    made: list[str] = []
    put = store.files.pipe_file

    def want(path: str, value: bytes) -> None:
        if not made:
            raise FileNotFoundError(path)
        put(path, value)

    monkeypatch.setattr(store.files, "pipe_file", want)
    monkeypatch.setattr(store.files, "makedirs", lambda path, exist_ok: made.append(path))
    store.write("a/x.json", b"one")
    store.write("a/y.json", b"two")

    assert made == [f"{store.root}/a"]
    assert content(store, "a/x.json") == b"one"


def opened(kind: str, location: str) -> NamedStore:
    makers: dict[str, Any] = {
        "serving.capture.store": Store,
        "serving.jobs.store": JobFiles,
        "monitoring.store": MonitoringStore,
        "--output": lambda location: Place(location, "--output"),
    }
    made: NamedStore = makers[kind](location)
    return made


KINDS = ("serving.capture.store", "serving.jobs.store", "monitoring.store", "--output")


@pytest.mark.parametrize("kind", KINDS)
def test_each_store_names_itself_and_its_setting(kind: str, tmp_path: Path) -> None:
    failure = opened(kind, str(tmp_path)).failure("read", ValueError("odd"))

    assert isinstance(failure, PlatformError)
    for told in (kind, str(tmp_path), "cannot be read", "ValueError: odd"):
        assert told in str(failure)


@pytest.mark.parametrize("kind", KINDS)
def test_a_full_disk_is_told_as_such_by_each(kind: str, tmp_path: Path) -> None:
    failure = opened(kind, str(tmp_path)).failure("written", OSError(errno.ENOSPC, "No space"))

    assert "is full: No space" in str(failure)
    assert isinstance(failure, DiskFull) or kind == "--output"


@pytest.mark.parametrize("kind", KINDS)
def test_errors_of_ours_pass_as_they_are(kind: str, tmp_path: Path) -> None:
    ours: SwitchyardError = RequestError("as it was")

    with (
        pytest.raises(RequestError, match="as it was"),
        opened(kind, str(tmp_path)).explaining("read"),
    ):
        raise ours


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_file_stays_one_only_in_a_place_of_files(kind: str, tmp_path: Path) -> None:
    expected = FileNotFoundError if kind == "--output" else PlatformError

    with pytest.raises(expected), opened(kind, str(tmp_path)).explaining("read"):
        raise FileNotFoundError(str(tmp_path))
