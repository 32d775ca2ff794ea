"""A registered version becomes a Bento: whole, found again, and able to serve where it lies."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from bento.building import assemblers, releases
from bento.building.assembling import EACH, smoke_instances
from bento.building.releases import build_release
from bento.building.waiting import LIBRARIES
from switchyard.configuration.model import UseCase
from switchyard.errors import PlatformError
from switchyard.samples.urls import generate
from switchyard.serving.predictor import Predictor
from tests.bento.conftest import Built
from tests.conftest import Packages

SCORE = """
import json
from pathlib import Path

import numba.core.caching as caching

import switchyard
from switchyard.serving.predictor import Predictor

here = Path.cwd()
assert Path(switchyard.__file__).is_relative_to(here), switchyard.__file__
caching.IndexDataCacheFile.save = lambda *_: print("compiled")
predictor = Predictor.open(here / "model", "3")
known = json.loads((here / "smoke.json").read_text())
urls = [each["instance"]["url"] for each in known]
assert [predictor.score_one(url)[0] for url in urls] == [each["score"] for each in known]
assert predictor.score({"url": urls}).scores.tolist() == [each["score"] for each in known]
print("scored", len(known))
"""


def run_in(folder: Path, *command: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """How a command ended that saw no other sources than the folder's."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "BENTOML_DO_NOT_TRACK": "true"}
    return subprocess.run(
        command, cwd=folder, env=environment | changes, capture_output=True, text=True, timeout=600
    )


def test_smoke_instances_are_of_both_labels_and_as_the_model_scores_them(
    packages: Packages,
) -> None:
    predictor = Predictor.open(packages.of(), "3")

    found = smoke_instances(predictor, ["n/a", *generate(600, 42)["url"]])

    labels = [each["label"] for each in found]
    assert labels == ["benign"] * EACH + ["phishing"] * EACH
    urls = [each["instance"]["url"] for each in found]
    assert predictor.score({"url": urls}).scores.tolist() == [each["score"] for each in found]


@pytest.mark.slow
def test_the_bento_is_in_bentomls_store_under_its_name(built: Built) -> None:
    listed = run_in(
        built.home, sys.executable, "-m", "bentoml", "get", "phishing:latest", "-o", "json"
    )

    found = json.loads(listed.stdout)
    assert f"{found['name']}:{found['version']}" == built.release.bento
    assert built.release.bento.startswith("phishing:v3-")
    assert found["labels"]["content-sha256"] == built.release.content_sha256
    assert built.release.synthetic


@pytest.mark.slow
def test_the_bento_holds_all_that_was_staged(built: Built) -> None:
    src = built.bento / "src"
    staged = {
        path.relative_to(built.staged)
        for path in built.staged.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }

    assert {path for path in staged if not (src / path).is_file()} == set()
    assert {"smoke.json", "openapi.json", "service.json"} <= {path.name for path in staged}
    assert (built.bento / "README.md").read_text() == (src / "model" / "card.md").read_text()


@pytest.mark.slow
def test_the_api_is_described_with_nothing_left_behind(built: Built) -> None:
    described = json.loads((built.bento / "src" / "openapi.json").read_text())

    assert "/predict" in described["paths"]
    assert list(built.home.glob(".building-*")) == []


@pytest.mark.slow
def test_a_fresh_process_scores_from_the_bento_without_compiling(built: Built) -> None:
    done = run_in(built.bento / "src", sys.executable, "-P", "-c", SCORE)

    assert done.stdout.splitlines() == [f"scored {2 * EACH}"], done.stderr


@pytest.mark.slow
def test_building_the_same_again_finds_it(
    built: Built,
    packages: Packages,
    use_case: UseCase,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*arguments: Any) -> None:
        raise AssertionError("built again")

    monkeypatch.setattr(releases, "_build", refuse)

    again = build_release(3, packages.of(), use_case, tmp_path / "again")

    assert again == built.release
    assert (tmp_path / "again" / "smoke.json").is_file()


@pytest.mark.slow
def test_the_public_command_builds_the_staged_folder_too(built: Built, tmp_path: Path) -> None:
    staged = tmp_path / "staged"
    shutil.copytree(built.staged, staged)

    done = run_in(
        staged,
        *(sys.executable, "-m", "bentoml", "build", "--version", "by-hand", "-o", "tag"),
        BENTOML_HOME=str(tmp_path / "bentoml"),
    )

    assert done.returncode == 0, done.stderr
    made = yaml.safe_load(
        (tmp_path / "bentoml" / "bentos" / "phishing" / "by-hand" / "bento.yaml").read_text()
    )
    assert made["service"] == "bento.service:svc"


@pytest.mark.slow
def test_a_build_that_fails_is_explained_and_leaves_nothing(
    packages: Packages, use_case: UseCase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = tmp_path / "failing.py"
    failing.write_text("import sys; sys.exit('no such luck')")
    monkeypatch.setattr(assemblers, "ASSEMBLING", failing)
    monkeypatch.setenv("BENTOML_HOME", str(tmp_path / "bentoml"))

    with pytest.raises(PlatformError, match=r"'phishing:v3-\w+' cannot be built: no such luck"):
        build_release(3, packages.of(), use_case, tmp_path / "staged")

    assert list((tmp_path / "bentoml").iterdir()) == []


def test_what_was_begun_is_taken_once_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BENTOML_HOME", str(tmp_path))
    assemblers.begin()
    assemblers.begin()
    [begun] = tmp_path.iterdir()

    with assemblers.taken() as first, assemblers.taken() as second:
        assert (first.home == begun, second.home == begun) == (True, False)

    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_begun_is_told_when_it_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bentoml").write_text("a file stands where the folder should be")
    monkeypatch.setenv("BENTOML_HOME", str(tmp_path / "bentoml"))

    assemblers.begin()

    with pytest.raises(FileExistsError):
        assemblers.taken()


@pytest.mark.slow
def test_a_process_without_an_order_ends_by_itself() -> None:
    command = [sys.executable, "-P", str(assemblers.WAITING), str(assemblers.ASSEMBLING)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=600)

    assert (done.returncode, done.stdout) == (0, b"")


@pytest.mark.slow
def test_a_build_needs_every_library_that_is_loaded_ahead(built: Built, tmp_path: Path) -> None:
    staged = shutil.copytree(built.staged, tmp_path / "staged")
    code = f"""
import runpy, sys
from pathlib import Path
build = runpy.run_path({str(assemblers.ASSEMBLING)!r})["main"]
assert build(Path.cwd(), "by-hand", {list(generate(600, 42)["url"])}) == 0
print(sorted(set({LIBRARIES}) - set(sys.modules)))
"""

    done = run_in(staged, sys.executable, "-P", "-c", code, BENTOML_HOME=str(tmp_path / "bentoml"))

    assert done.stdout.strip().endswith("[]"), done.stdout + done.stderr


def test_a_store_that_cannot_be_written_is_named(
    packages: Packages, use_case: UseCase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bentoml").write_text("a file stands where the folder should be")
    monkeypatch.setenv("BENTOML_HOME", str(tmp_path / "bentoml"))

    with pytest.raises(PlatformError, match="set BENTOML_HOME to another folder"):
        build_release(3, packages.of(), use_case, tmp_path / "staged")


def test_what_a_killed_build_left_is_cleared_away_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BENTOML_HOME", str(tmp_path))
    recent, old = tmp_path / ".building-recent", tmp_path / ".building-old"
    for folder in (recent, old):
        (folder / "bentos").mkdir(parents=True)
    os.utime(old, (0, 0))

    with assemblers.taken() as assembler:
        assert assembler.home.is_dir()

    assert list(tmp_path.iterdir()) == [recent]


def test_of_two_equal_builds_at_once_the_first_stays(tmp_path: Path) -> None:
    bentos = tmp_path / "bentos" / "phishing"
    for name in ("first", "second"):
        made = tmp_path / name / "v3-abc"
        made.mkdir(parents=True)
        (made / "bento.yaml").write_text(name)
        releases._publish(made, bentos)

    assert (bentos / "v3-abc" / "bento.yaml").read_text() == "first"
    assert (bentos / "latest").read_text() == "v3-abc"
    assert sorted(path.name for path in bentos.iterdir()) == ["latest", "v3-abc"]
