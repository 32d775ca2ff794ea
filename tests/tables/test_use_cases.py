"""The use cases that are shipped read their files, and refuse damaged ones by their cells."""

from __future__ import annotations

from pathlib import Path

import pytest

from switchyard.configuration.layers import resolve
from switchyard.configuration.model import Source, UseCase
from switchyard.data.cards import data_card
from switchyard.data.loading import load
from switchyard.data.preparing import clean_rows
from switchyard.errors import DataError
from tests.conftest import ROOT


def shipped(name: str, *files: Path) -> UseCase:
    case = resolve(ROOT / "configs" / f"{name}.yaml", {}).use_case
    sources = tuple(Source(location=str(file)) for file in files)
    return case.model_copy(update={"data": case.data.model_copy(update={"sources": sources})})


def rows(case: UseCase) -> int:
    loaded = load(case.data, case.definition, case.seed)
    cleaned = clean_rows(loaded.raw, case.data, case.definition)
    card = data_card(cleaned, loaded.provenance, case.definition)
    assert card.oddities == ()
    return card.rows


@pytest.mark.parametrize("name", ["student", "wine"])
def test_without_a_source_a_sample_is_generated(name: str) -> None:
    assert rows(shipped(name)) > 10_000


def test_student_scores_are_read(real_data: Path) -> None:
    assert rows(shipped("student", real_data / "StudentsPerformance.csv")) == 1_000


def test_wine_is_read_with_and_without_its_header(real_data: Path, tmp_path: Path) -> None:
    plain = real_data / "winequality-red.csv"
    assert rows(shipped("wine", plain)) == 1_359  # 240 rows repeat others
    _, *lines = plain.read_text().splitlines()
    (tmp_path / "bare.csv").write_text("\n".join(lines))
    assert rows(shipped("wine", tmp_path / "bare.csv")) == 1_359
    (tmp_path / "semicolons.csv").write_text(plain.read_text().replace(",", ";"))
    assert rows(shipped("wine", tmp_path / "semicolons.csv")) == 1_359


def test_the_damaged_wine_is_refused_with_its_cells_named(real_data: Path) -> None:
    case = shipped("wine", real_data / "winequality-red-damaged.csv")
    with pytest.raises(DataError) as refusal:
        rows(case)
    told = str(refusal.value)
    assert "82 of 1,599 rows are rejected" in told
    assert told.count("row ") == 82
