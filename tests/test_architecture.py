"""The arrows of the house point one way: run.py → pipelines → steps → switchyard."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CORE = sorted((ROOT / "switchyard").rglob("*.py"))
NOT_IN_THE_CORE = {"zenml", "bentoml", "steps", "pipelines", "stacks", "bento", "run"}


def imported(path: Path) -> set[str]:
    """Name the top-level packages that `path` imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("path", CORE, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_core_imports_no_platform(path: Path) -> None:
    assert imported(path) & NOT_IN_THE_CORE == set()


@pytest.mark.parametrize("folder", ["bento", "stacks", "steps"])
def test_inner_rooms_do_not_import_outer_ones(folder: str) -> None:
    outer = {
        "bento": {"zenml", "mlflow", "pipelines", "steps", "stacks", "run"},
        "stacks": {"pipelines", "steps", "run"},
        "steps": {"pipelines", "run"},
    }[folder]
    for path in (ROOT / folder).rglob("*.py"):
        assert imported(path) & outer == set(), path


def test_only_one_room_imports_mlflow() -> None:
    users = {
        path.parent.relative_to(ROOT).as_posix()
        for folder in ("switchyard", "steps", "pipelines", "stacks")
        for path in (ROOT / folder).rglob("*.py")
        if "mlflow" in imported(path)
    }
    assert users == {"switchyard/tracking"}


def test_help_needs_no_heavy_import() -> None:
    code = (
        "import sys, run\n"
        "try: run.main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'zenml', 'mlflow', 'sklearn', 'numpy', 'pandas', 'pyarrow', 'pydantic', 'rich'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.splitlines()[-1] == "[]"


def test_every_top_folder_says_what_stands_there() -> None:
    folders = {
        path.name for path in ROOT.iterdir() if path.is_dir() and (path / "README.md").exists()
    }
    with_code = {
        path.name
        for path in ROOT.iterdir()
        if path.is_dir() and not path.name.startswith((".", "_")) and any(path.glob("*.py"))
    }
    assert with_code <= folders


@pytest.mark.usefixtures("zenml_store")  # making one loads every integration of ZenML
def test_a_run_that_finds_all_in_the_cache_loads_no_compiler_and_no_plots() -> None:
    code = (
        "import sys\n"
        "from zenml.utils.source_utils import set_custom_source_root\n"
        f"set_custom_source_root({str(ROOT)!r})\n"
        "import pipelines.running\n"
        "print(sorted({'numba', 'matplotlib', 'nltk', 'pandera', 'skops'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.splitlines()[-1] == "[]"
