"""What is remembered of releases, and who may change it."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from stacks.deployers.kubernetes import names
from stacks.deployers.kubernetes.faults import Clash
from stacks.deployers.kubernetes.records import KEPT, Memory, Releases, Running, every
from switchyard.errors import PlatformError
from tests.deployers.kubernetes.releases import release


class Objects:
    """The part of a cluster that records use, in memory, with the API's optimistic locking."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], dict[str, Any]] = {}
        self._versions = itertools.count(1)

    def get(self, kind: str, name: str) -> dict[str, Any] | None:
        return self.kept.get((kind, name))

    def list(self, kind: str, labels: dict[str, str]) -> list[dict[str, Any]]:
        return [
            each
            for (held, _), each in self.kept.items()
            if held == kind and labels.items() <= each["metadata"]["labels"].items()
        ]

    def create(self, manifest: dict[str, Any]) -> bool:
        key = (manifest["kind"], manifest["metadata"]["name"])
        if key in self.kept:
            return False
        self._keep(manifest)
        return True

    def replace(self, manifest: dict[str, Any]) -> dict[str, Any]:
        held = self.kept[manifest["kind"], manifest["metadata"]["name"]]
        if held["metadata"]["resourceVersion"] != manifest["metadata"]["resourceVersion"]:
            raise Clash("the object has been modified")
        return self._keep(manifest)

    def _keep(self, manifest: dict[str, Any]) -> dict[str, Any]:
        metadata = {**manifest["metadata"], "resourceVersion": str(next(self._versions))}
        made = {**manifest, "metadata": metadata}
        self.kept[manifest["kind"], metadata["name"]] = made
        return made


def running(version: str) -> Running:
    since = f"2030-01-0{version}T00:00:00+00:00"
    return Running(release=release(version), since=since, manifest={"spec": {"of": version}})


def after(*versions: str) -> Releases:
    found = Releases()
    for version in versions:
        found = found.switching(running(version)).switched(running(version), 0, ())
    return found


def memory(objects: Objects) -> Memory:
    return Memory(objects, "phishing")  # type: ignore[arg-type]


def test_a_switch_leaves_a_release_to_go_back_to() -> None:
    found = after("1", "2")

    assert found.current == running("2")
    assert found.previous == release("1")
    assert found.pending is None
    assert [each.release.model_version for each in found.history] == ["2", "1"]


def test_the_same_release_again_leaves_what_a_rollback_goes_back_to() -> None:
    assert after("1", "2", "2").previous == release("1")


def test_a_switch_that_is_undone_leaves_everything() -> None:
    assert after("1", "2").switching(running("3")).settled() == after("1", "2")


def test_the_last_ten_are_kept() -> None:
    assert len(after(*[str(number) for number in range(1, 10)] * 2).history) == KEPT


def test_what_a_person_ended_serves_nothing_and_is_remembered() -> None:
    ended = after("1").ended()

    assert ended.serving is None
    assert ended.current == running("1")
    assert ended.begun().serving == running("1")


def test_records_come_back_as_they_were_written() -> None:
    objects = Objects()
    written = memory(objects)

    assert written.read() is None
    written.write(after("1"))
    assert written.write(after("1", "2")) == memory(objects).read()


def test_a_second_writer_is_refused() -> None:
    objects = Objects()
    memory(objects).write(after("1"))
    first, second = memory(objects), memory(objects)
    first.read()
    second.read()
    first.write(after("1", "2"))

    with pytest.raises(PlatformError, match="changed by somebody else"):
        second.write(after("1", "3"))


def test_of_two_first_writers_one_is_refused() -> None:
    objects = Objects()
    first, second = memory(objects), memory(objects)
    assert first.read() is second.read() is None
    first.write(after("1"))

    with pytest.raises(PlatformError, match="changed by somebody else"):
        second.write(after("2"))


def test_every_use_case_is_found() -> None:
    objects = Objects()
    for name in ("wine", "phishing"):
        Memory(objects, name).write(after("1"))  # type: ignore[arg-type]

    assert list(every(objects)) == ["phishing", "wine"]  # type: ignore[arg-type]


def test_broken_records_are_named() -> None:
    objects = Objects()
    memory(objects).write(after("1"))
    found = objects.kept["ConfigMap", names.records("phishing")]
    found["data"] = {"releases.json": "{"}

    with pytest.raises(PlatformError, match="ConfigMap 'phishing-releases' does not say"):
        memory(objects).read()
