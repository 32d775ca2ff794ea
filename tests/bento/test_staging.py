"""A service folder holds what serves, and its digest tells one content from another."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml

from bento.building.staging import LEFT_OUT, digest, sources, stage
from switchyard.configuration.model import UseCase
from switchyard.configuration.serving import Serving
from switchyard.errors import PlatformError
from switchyard.packages.loading import verify
from switchyard.packages.trusted import OURS
from switchyard.serving.settings import read
from tests.conftest import ROOT, Packages


def module_file(name: str) -> Path | None:
    path = ROOT / name.replace(".", "/")
    return next(
        (each for each in (path.with_suffix(".py"), path / "__init__.py") if each.exists()), None
    )


def imported(path: Path) -> Iterable[str]:
    """The names that a module imports when it runs, anywhere in it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    only_for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in only_for_types:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_what_serves_imports_nothing_that_is_left_out() -> None:
    staged = {path for path in sources() if path.suffix == ".py"}
    served = [path for path in staged if path.is_relative_to(ROOT / "bento")]
    models = [module_file(name.rpartition(".")[0]) for name in OURS]
    waiting, seen = [*served, *(path for path in models if path)], set[Path]()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        ours = (name for name in imported(path) if name.startswith(("switchyard", "bento.")))
        waiting += [found for name in ours if (found := module_file(name))]

    assert {str(path.relative_to(ROOT)) for path in seen - staged} == set()


def test_what_is_left_out_exists() -> None:
    assert all((ROOT / name).exists() for name in LEFT_OUT)


def test_a_service_folder_has_its_sources_its_package_and_its_settings(
    packages: Packages, use_case: UseCase, tmp_path: Path
) -> None:
    manifest = stage(tmp_path, 3, packages.of(), use_case)

    settings = read(tmp_path, {})
    assert verify(tmp_path / "model", settings.content_sha256).manifest == manifest
    assert (settings.name, settings.model_version) == ("phishing", "3")
    assert settings.serving == use_case.serving
    assert (tmp_path / "bento" / "service.py").is_file()
    assert (tmp_path / "bento" / "page" / "index.html").is_file()
    assert not (tmp_path / "bento" / "building").exists()
    labels = yaml.safe_load((tmp_path / "bentofile.yaml").read_text())["labels"]
    assert labels["model-version"] == "3"
    assert labels["synthetic"] == "true"
    assert labels["data-digest"] == manifest.data.digest


def test_the_same_content_has_the_same_digest(
    packages: Packages, use_case: UseCase, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        stage(tmp_path / name, 3, packages.of(), use_case)
    (tmp_path / "two" / "smoke.json").write_text("[]")
    (tmp_path / "two" / "switchyard" / "__pycache__").mkdir()
    (tmp_path / "two" / "switchyard" / "__pycache__" / "kernel.nbc").write_bytes(b"machine code")

    assert digest(tmp_path / "one") == digest(tmp_path / "two")


@pytest.mark.parametrize("what", ["version", "model", "settings", "sources"])
def test_other_content_has_another_digest(
    packages: Packages, use_case: UseCase, tmp_path: Path, what: str
) -> None:
    stage(tmp_path / "one", 3, packages.of(), use_case)
    package = packages.of("char-svm" if what == "model" else "hashed-ngrams")
    limits = use_case.model_copy(update={"serving": Serving(port=3100)})
    stage(
        tmp_path / "two",
        4 if what == "version" else 3,
        package,
        limits if what == "settings" else use_case,
    )
    if what == "sources":
        (tmp_path / "two" / "bento" / "lane.py").write_text("# changed\n")

    assert digest(tmp_path / "one") != digest(tmp_path / "two")


def test_a_package_that_was_changed_is_refused(
    packages: Packages, use_case: UseCase, tmp_path: Path
) -> None:
    package = tmp_path / "package"
    shutil.copytree(packages.of(), package)
    (package / "card.md").write_text("# Another card\n")

    with pytest.raises(PlatformError, match=r"card\.md is not the file that was packaged"):
        stage(tmp_path / "service", 3, package, use_case)
