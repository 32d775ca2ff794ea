"""The use cases that are shipped read their files, and refuse damaged ones by their cells."""

from __future__ import annotations

from pathlib import Path

import pytest

from switchyard.candidates.catalogue import build
from switchyard.configuration.layers import resolve
from switchyard.configuration.model import Candidate, Source, UseCase
from switchyard.data.cards import data_card
from switchyard.data.exploration import exploration_html
from switchyard.data.loading import load
from switchyard.data.preparing import clean_rows
from switchyard.errors import DataError
from switchyard.tables.coding import learn_inputs, rows_of, sizes_of
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


@pytest.mark.parametrize(("name", "count"), [("student", 1_000), ("wine", 1_600)])
def test_without_a_source_a_sample_is_generated(name: str, count: int) -> None:
    assert rows(shipped(name)) == count


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


def both_colours(tmp_path: Path, red: Path) -> Path:
    """The configuration with what it shows in its comments, on two files of the original layout."""
    semicolons = red.read_text().replace(",", ";")
    for name in ("red", "white"):
        (tmp_path / f"winequality-{name}.csv").write_text(semicolons)
    text = (ROOT / "configs" / "wine.yaml").read_text()
    text = text.replace("  sources: []", "  # none")
    for commented in ("sources:\n", "  - {location", "- {name: colour"):
        assert f"# {commented}" in text
        text = text.replace(f"# {commented}", commented)
    text = text.replace("winequality-", f"{tmp_path}/winequality-")
    (tmp_path / "wine.yaml").write_text(text)
    return tmp_path / "wine.yaml"


def test_red_and_white_wine_are_read_together(real_data: Path, tmp_path: Path) -> None:
    case = resolve(both_colours(tmp_path, real_data / "winequality-red.csv"), {}).use_case
    loaded = load(case.data, case.definition, case.seed)
    frame = clean_rows(loaded.raw, case.data, case.definition).frame
    assert frame["colour"].value_counts().to_dict() == {"red": 1_359, "white": 1_359}


@pytest.mark.parametrize("name", ["student", "wine"])
def test_a_sample_can_be_learnt_well_enough_for_every_floor(name: str) -> None:
    case = shipped(name)
    loaded = load(case.data, case.definition, case.seed)
    cleaned = clean_rows(loaded.raw, case.data, case.definition)
    assert case.table is not None
    frame, inputs = cleaned.frame, learn_inputs(cleaned.frame, case.table)
    rows, target = rows_of(frame, inputs), frame["label"].to_numpy()
    half = len(frame) // 2
    ridge = build(Candidate(name="ridge", estimator="ridge"), 1, sizes_of(inputs))
    error = target[half:] - ridge.fit(rows[:half], target[:half]).predict(rows[half:])
    r2 = 1 - (error**2).mean() / target[half:].var()
    assert 0.98 > r2 > 0.6 >= case.promotion.floors["r2"]
    card = data_card(cleaned, loaded.provenance, case.definition)
    assert card.synthetic
    assert "synthetic sample" in card.to_markdown()
    assert "synthetic sample" in exploration_html(frame, card)


def test_the_damaged_wine_is_refused_with_its_cells_named(real_data: Path) -> None:
    case = shipped("wine", real_data / "winequality-red-damaged.csv")
    with pytest.raises(DataError) as refusal:
        rows(case)
    told = str(refusal.value)
    assert "82 of 1,599 rows are rejected" in told
    assert told.count("row ") == 82
