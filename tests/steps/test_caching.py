"""A cached step depends on the code that does its work."""

from __future__ import annotations

from pathlib import Path

import pytest

from steps import caching

ROOMS = (
    *("data", "urls", "models", "text", "candidates", "evaluation", "packages", "tables", "tasks"),
)


@pytest.fixture
def core(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small core in place of ours."""
    for room in ROOMS:
        (tmp_path / room).mkdir()
        (tmp_path / room / "code.py").write_text(f"name = '{room}'", encoding="utf-8")
    for name in ("pages.py", *caching.DEFINITIONS, *caching.RULES):
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
        ("candidates", {"training_code"}),
        ("models", {"training_code", "evaluation_code"}),
        ("tables", {"data_code", "training_code", "evaluation_code", "package_code"}),
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


def test_every_room_named_exists() -> None:
    for policy in (caching.DATA, caching.SPLIT, caching.TRAINING, caching.EVALUATION):
        assert policy.cache_func is not None
    for kind in ("data", "split", "training", "evaluation", "package", "registry"):
        assert len(getattr(caching, f"{kind}_code")()) == 64
