"""What `bentoml containerize` would make an image from."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bento.building.containers import bentofile
from switchyard.configuration.model import Serving
from switchyard.packages.loading import verify
from switchyard.serving.settings import Settings
from tests.bento.conftest import Built
from tests.conftest import Packages

DOCKERFILE = "env/docker/Dockerfile"


def described(package: Path, *extras: str) -> dict[str, dict[str, object]]:
    """The bentofile of a package."""
    manifest = verify(package).manifest
    settings = Settings(
        name="phishing",
        title="Phishing URLs",
        model_version="3",
        content_sha256=manifest.content_sha256,
        serving=Serving(),
    )
    return bentofile(settings, manifest, extras)


def rendered(built: Built) -> str:
    """The Dockerfile as `bentoml containerize` renders it."""
    from bentoml import Bento
    from bentoml._internal.container import construct_containerfile

    with construct_containerfile(Bento.from_path(str(built.bento))) as (_, dockerfile):
        return Path(dockerfile).read_text()


@pytest.mark.slow
def test_the_image_has_no_compilers_and_does_not_run_as_root(built: Built) -> None:
    text = rendered(built)

    assert "FROM python:3." in text
    assert "build-essential" not in text
    assert text.rindex("\nUSER 1034") > text.rindex("\nRUN ")
    assert "ENV NUMBA_CPU_NAME=generic" in text
    assert "ENV BENTOML_DO_NOT_TRACK=true" in text
    assert "{{" not in text


@pytest.mark.slow
def test_the_kernels_are_compiled_after_the_sources_are_there(built: Built) -> None:
    text = rendered(built)

    assert text.index("\nCOPY . ./") < text.index("env/docker/setup_script") < text.index("\nUSER")
    assert (built.bento / "env" / "docker" / "setup_script").is_file()


@pytest.mark.slow
def test_the_image_installs_exactly_what_is_pinned(built: Built) -> None:
    pinned = (built.bento / "src" / "requirements.txt").read_text().splitlines()
    installed = (built.bento / "env" / "python" / "requirements.txt").read_text().splitlines()

    assert {line for line in installed if line} == set(pinned)
    assert "env/python/requirements.txt" in rendered(built)


@pytest.mark.parametrize(
    ("extras", "system"), [((), None), (("nltk",), None), (("lightgbm",), ["libgomp1"])]
)
def test_a_system_package_is_installed_only_where_the_model_needs_it(
    packages: Packages, extras: tuple[str, ...], system: list[str] | None
) -> None:
    docker = described(packages.of(), *extras)["docker"]

    assert docker.get("system_packages") == system


@pytest.mark.slow
def test_warming_compiles_for_any_processor_and_gives_the_same_scores(
    built: Built, tmp_path: Path
) -> None:
    image = tmp_path / "image"
    shutil.copytree(built.bento, image)
    environment = {
        **os.environ,
        "BENTO_PATH": str(image),
        "NUMBA_CPU_NAME": "generic",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }

    done = subprocess.run(
        ["bash", image / "env" / "docker" / "setup_script"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )

    assert done.returncode == 0, done.stderr
    assert list((image / "src" / "switchyard" / "urls" / "__pycache__").glob("*.nbc"))
