"""An image is built where its registry lacks it, by the program that works, and pushed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from stacks.images import builders, making
from stacks.images.builders import find_builder
from stacks.images.contents import reference
from stacks.images.making import ensure
from switchyard.errors import PlatformError

REGISTRY = "127.0.0.1:5000"
FAKE = """#!/bin/sh
echo "$@" >> {log}
case " $* " in
  *" {fails} "*) echo "layer 3: no space left on device"; exit 1;;
esac
for word in "$@"; do
  if [ -f "$word/uv.lock" ]; then echo "sees the lock file" >> {log}; fi
done
"""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty PATH to put programs into, beside the shell's own."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "sh").symlink_to(shutil.which("sh") or "/bin/sh")
    monkeypatch.setenv("PATH", str(folder))
    return folder


def program(folder: Path, name: str, fails: str = "never") -> Path:
    """Put a program there that notes how it was called; `fails`: at which command."""
    log = folder / f"{name}.log"
    (folder / name).write_text(FAKE.format(log=log, fails=fails))
    (folder / name).chmod(0o755)
    return log


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What the registry has; it gets what is pushed."""
    has: dict[str, str] = {}
    monkeypatch.setattr(making, "digest_of", has.get)

    def push(self: builders.Builder, made: str, tell: object, *, insecure: bool) -> None:
        assert insecure, "it is on this machine"
        has[made] = "sha256:1"

    monkeypatch.setattr(builders.Builder, "push", push)
    return has


def test_what_the_registry_has_is_not_built_again(registry: dict[str, str]) -> None:
    wanted = reference("steps", REGISTRY)
    registry[wanted] = "sha256:1"

    assert ensure("steps", REGISTRY, print) == wanted


def test_what_it_lacks_is_built_from_nothing_but_what_goes_in(
    programs: Path, registry: dict[str, str]
) -> None:
    log = program(programs, "buildah")

    made = ensure("serving", REGISTRY, print, given_base="127.0.0.1:5000/python:3.11-slim")

    assert made in registry
    build = next(line for line in log.read_text().splitlines() if " build " in f" {line} ")
    assert "--target=serving" in build
    assert f"--tag={made}" in build
    assert "--build-arg=BASE=127.0.0.1:5000/python:3.11-slim" in build
    assert "--tls-verify=false" in build
    assert "sees the lock file" in log.read_text()


def test_docker_is_taken_before_others_where_its_daemon_answers(programs: Path) -> None:
    program(programs, "docker")
    program(programs, "buildah")
    assert find_builder().program == "docker"


def test_docker_without_its_daemon_is_passed_over(programs: Path) -> None:
    program(programs, "docker", fails="version")
    program(programs, "podman", fails="info")
    program(programs, "buildah")
    assert find_builder().program == "buildah"


def test_where_nothing_works_the_ways_out_are_named(programs: Path) -> None:
    program(programs, "docker", fails="version")
    with pytest.raises(PlatformError, match=r"apt-get install buildah.*--image"):
        find_builder()


def test_a_build_that_fails_shows_the_end_of_its_log(
    programs: Path, registry: dict[str, str]
) -> None:
    program(programs, "docker", fails="build")
    with pytest.raises(PlatformError, match="by docker failed:\nlayer 3: no space left on device"):
        ensure("serving", REGISTRY, lambda line: None)
    assert registry == {}
