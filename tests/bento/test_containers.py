"""What `bentoml containerize` would make an image from."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.bento.conftest import Built

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def context(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `bentoml containerize` hands to the engine, the Dockerfile in it."""
    from bentoml import Bento
    from bentoml._internal.container import construct_containerfile

    copy = tmp_path_factory.mktemp("context") / "bento"
    bento = Bento.from_path(str(built.bento))
    with construct_containerfile(bento, enable_buildkit=False) as (folder, _):
        shutil.copytree(folder, copy)
    return copy


@pytest.fixture(scope="module")
def dockerfile(context: Path) -> str:
    return (context / "env" / "docker" / "Dockerfile").read_text()


def test_the_image_has_no_compilers_and_does_not_run_as_root(dockerfile: str) -> None:
    assert "FROM python:3." in dockerfile
    assert "build-essential" not in dockerfile
    assert "apt-get" not in dockerfile
    assert dockerfile.rindex("\nUSER bentoml") > dockerfile.rindex("\nRUN ")


@pytest.mark.parametrize(
    "setting", ["BENTOML_DO_NOT_TRACK=true", "NUMBA_CPU_NAME=generic", "UV_NO_CACHE=true"]
)
def test_what_holds_in_a_container_is_set(dockerfile: str, setting: str) -> None:
    assert f"\nARG {setting}\n" in dockerfile
    name = setting.partition("=")[0]
    assert f"\nENV {name}=${name}\n" in dockerfile


def test_the_image_is_prepared_once_its_packages_and_sources_are_there(dockerfile: str) -> None:
    steps = ["./src/switchyard", "uv --directory", "/script__", "\nCOPY --chown=bentoml:bentoml . "]

    places = [dockerfile.index(step) for step in steps]
    assert places == sorted(places)


def test_the_image_installs_exactly_what_is_pinned(context: Path) -> None:
    pinned = (context / "src" / "requirements.txt").read_text().splitlines()
    installed = (context / "env" / "python" / "requirements.txt").read_text().splitlines()

    assert {line for line in installed if line} == set(pinned)


def test_kernels_for_this_machine_stay_out_of_the_image(context: Path) -> None:
    assert list(context.rglob("*.nbc"))
    assert (context / ".dockerignore").read_text().split() == ["**/*.nbi", "**/*.nbc"]


def test_preparing_compiles_for_any_processor_and_the_scores_are_the_same(
    context: Path, tmp_path: Path
) -> None:
    image = tmp_path / "image"
    shutil.copytree(context, image, ignore=shutil.ignore_patterns("*.nbi", "*.nbc"))
    environment = {
        **os.environ,
        "BENTO_PATH": str(image),
        "BENTO_USER": str(os.getuid()),
        "NUMBA_CPU_NAME": "generic",
        "SWITCHYARD__SERVING__STATE_DIR": str(tmp_path / "state"),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    script = next((image / "env" / "docker").glob("script__*"))

    done = subprocess.run(
        ["bash", script], env=environment, capture_output=True, text=True, timeout=300
    )

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "state").is_dir()
    ours = Path(sysconfig.get_path("purelib"))
    assert any((ours / "numpy").glob("*/tests")), "this environment is no image: it is left alone"
    assert list((image / "src" / "switchyard" / "urls" / "__pycache__").glob("*.nbc"))
