"""A cached step depends on the code that does its work."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from steps import caching
from tests.conftest import ROOT

ROOMS = (
    *(
        "data",
        "urls",
        "models",
        "text",
        "candidates",
        "evaluation",
        "packages",
        "samples",
        "tables",
        "tasks",
    ),
)


@pytest.fixture
def core(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small core in place of ours."""
    for room in ROOMS:
        (tmp_path / room).mkdir()
        (tmp_path / room / "code.py").write_text(f"name = '{room}'", encoding="utf-8")
    named = {part for parts in caching.PARTS.values() for part in parts if part.endswith(".py")}
    for name in sorted(named):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("", encoding="utf-8")
    monkeypatch.setattr(caching, "CORE", tmp_path)
    caching._digest.cache_clear()
    return tmp_path


def changed(core: Path, room: str) -> set[str]:
    """The kinds of steps that run again after a change in `room`."""
    kinds = ("data_code", "training_code", "evaluation_code", "package_code")
    before = {kind: getattr(caching, kind)() for kind in kinds}
    (core / room / "code.py").write_text("name = 'changed'", encoding="utf-8")
    caching._digest.cache_clear()
    return {kind for kind in kinds if getattr(caching, kind)() != before[kind]}


def test_nothing_changed_runs_nothing_again(core: Path) -> None:
    before = caching.training_code()
    caching._digest.cache_clear()

    assert caching.training_code() == before


@pytest.mark.parametrize(
    ("room", "kinds"),
    [
        ("data", {"data_code"}),
        ("packages", {"package_code"}),
        ("samples", {"data_code"}),
        ("candidates", {"training_code"}),
        ("models", {"training_code", "evaluation_code"}),
        ("tables", {"data_code", "training_code", "evaluation_code"}),
        ("evaluation", {"evaluation_code"}),
        ("urls", {"data_code", "training_code", "evaluation_code"}),
    ],
)
def test_a_change_runs_again_what_uses_it(core: Path, room: str, kinds: set[str]) -> None:
    assert changed(core, room) == kinds


def test_another_way_to_choose_thresholds_trains_again(core: Path) -> None:
    before = caching.training_code()
    (core / "evaluation" / "thresholds.py").write_text("CAP = 9", encoding="utf-8")
    caching._digest.cache_clear()

    assert caching.training_code() != before


EVERYWHERE = {
    "compiling.py",
    *(f"configuration/{name}.py" for name in ("loop", "model", "resources", "sections", "serving")),
    *("errors.py", "nearest.py", "progress.py", "records.py"),
}
"""What decides nothing: it names, checks and tells."""


def imported(path: Path) -> set[str]:
    """The modules of the core that a file imports, inside functions too, but not for types."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for_types = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
        for part in ast.walk(node)
    }
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and id(node) not in for_types:
            found |= {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
    return {name for name in found if name.startswith("switchyard.")}


def closure(step: str) -> set[str]:
    """All files of the core that a step's module leads to."""
    seen: set[str] = set()
    waiting = imported(ROOT / "steps" / f"{step}.py")
    while waiting:
        path = ROOT / (waiting.pop().replace(".", "/") + ".py")
        name = path.relative_to(ROOT / "switchyard").as_posix()
        if path.is_file() and name not in seen:
            seen.add(name)
            waiting |= imported(path)
    return seen


@pytest.mark.parametrize(
    ("step", "kinds", "needless"),
    [
        ("training", ("training",), ()),
        ("data", ("data", "split"), ("evaluation/",)),  # of the manifest's metrics
    ],
)
def test_all_that_a_step_leads_to_is_digested(
    step: str, kinds: tuple[str, ...], needless: tuple[str, ...]
) -> None:
    parts = [part for kind in kinds for part in caching.PARTS[kind]]
    left = {
        name
        for name in closure(step) - EVERYWHERE
        if not any(name == part or name.startswith(f"{part}/") for part in parts)
    }
    assert not {name for name in left if not name.startswith(needless)}


def test_every_room_named_exists() -> None:
    for policy in (caching.DATA, caching.SPLIT, caching.TRAINING, caching.EVALUATION):
        assert policy.cache_func is not None
    for kind in ("data", "split", "training", "evaluation", "package", "registry"):
        assert len(getattr(caching, f"{kind}_code")()) == 64
