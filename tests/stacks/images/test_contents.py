"""An image is named by what goes in, and nothing else changes its name."""

from __future__ import annotations

from pathlib import Path

import pytest

from stacks.images import contents
from stacks.images.contents import TARGETS, base, digest, files, reference, stage, target
from switchyard.errors import RequestError

STEPS = TARGETS["steps"]


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of all that goes into the image of steps, which is taken for the repository."""
    stage(STEPS, tmp_path)
    monkeypatch.setattr(contents, "ROOT", tmp_path)
    return tmp_path


def test_the_name_follows_from_the_content_alone(copy: Path) -> None:
    before = digest(STEPS, "base")
    (copy / "steps" / "__pycache__").mkdir()
    (copy / "steps" / "__pycache__" / "data.cpython-311.pyc").write_bytes(b"left by a run")
    (copy / "steps" / "README.md").write_text("words")
    (copy / "steps" / ".data.py.swp").write_bytes(b"left by an editor")

    assert digest(STEPS, "base") == before


@pytest.mark.parametrize("changed", ["steps/data.py", "uv.lock", "deploy/images/Dockerfile"])
def test_what_goes_in_and_changes_makes_another_image(copy: Path, changed: str) -> None:
    before = digest(STEPS, "base")
    with (copy / changed).open("a") as file:
        file.write("\n")

    assert digest(STEPS, "base") != before


def test_another_base_makes_another_image() -> None:
    assert digest(STEPS, "python:3.11-slim") != digest(STEPS, "python:3.12-slim")


def test_the_image_of_services_stays_when_only_code_changes(copy: Path) -> None:
    before = digest(TARGETS["serving"], "base")
    (copy / "steps" / "data.py").write_text("changed = True\n")

    assert digest(TARGETS["serving"], "base") == before


@pytest.mark.parametrize("wanted", TARGETS.values(), ids=list(TARGETS))
def test_what_the_recipe_copies_is_there(
    copy: Path, tmp_path_factory: pytest.TempPathFactory, wanted: contents.Target
) -> None:
    folder = tmp_path_factory.mktemp("staged")
    stage(wanted, folder)
    until = f" AS {wanted.name}\n"
    recipe = (folder / "deploy/images/Dockerfile").read_text()
    named = (
        recipe.partition(until)[0] if wanted.name == "serving" else recipe.partition(" AS pins")[0]
    )
    stages = named if wanted.name == "steps" else named[: named.index("FROM environment AS steps")]

    copied = [
        word
        for line in stages.splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for word in line.split()[1:-1]
    ]

    assert copied
    assert [each for each in copied if not (folder / each).exists()] == []


def test_an_image_has_the_names_of_others_in_it(copy: Path) -> None:
    """As a pod sees it: the same sources lie in /app."""
    assert reference("serving", "registry.example.com", "b") == (
        f"registry.example.com/switchyard/serving:{digest(TARGETS['serving'], 'b')}"
    )


def test_the_base_is_the_one_given_else_the_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(contents.BASE_VARIABLE, raising=False)
    assert base() == contents.BASE
    monkeypatch.setenv(contents.BASE_VARIABLE, "mirror.example.com/python:3.11-slim")
    assert base() == "mirror.example.com/python:3.11-slim"
    assert base("given") == "given"


def test_another_image_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(RequestError, match="no image 'step'; did you mean 'steps'"):
        target("step")


def test_no_file_goes_in_twice() -> None:
    found = list(files(STEPS))
    assert len(found) == len(set(found))
