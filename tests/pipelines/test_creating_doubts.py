"""What `run.py new` says of columns that are not what they look like, and of what is there."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipelines import creating
from pipelines.creating import create, free_port
from switchyard.data.loading import load
from switchyard.data.preparing import clean_rows
from switchyard.errors import RequestError
from switchyard.tables.guessing import Guess, guess_inputs
from switchyard.tables.peeking import peek
from switchyard.tables.targets import TargetGuess, guess_target
from tests.pipelines.test_creating import created, houses, inputs


def target_of(folder: Path, table: pd.DataFrame, target: str = "price") -> TargetGuess:
    table.to_csv(folder / "file.csv", index=False)
    return guess_target(peek(folder / "file.csv", target), target)


def guessed(folder: Path, table: pd.DataFrame) -> Guess:
    target = target_of(folder, table)
    return guess_inputs(peek(folder / "file.csv", "price"), target)


@pytest.mark.parametrize("rows", [60, 100, 240, 1_000])
def test_a_leak_is_seen_in_few_rows_too_and_chance_is_none(tmp_path: Path, rows: int) -> None:
    random = np.random.default_rng(5)
    table = houses(rows).drop(columns="area")
    table = table.assign(tax=table["price"] * 0.19, chance=random.normal(size=rows))

    assert list(guessed(tmp_path, table).leaks) == ["tax"]


def test_it_is_said_that_not_all_of_many_columns_were_looked_at(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    random = np.random.default_rng(3)
    wide = pd.DataFrame(random.normal(size=(80, 201)).round(3)).add_prefix("c")
    text = wide.assign(price=random.normal(size=80)).to_csv(index=False)
    created(tmp_path, text, "price")
    assert "only the first 200 inputs were looked at" in capsys.readouterr().out


@pytest.mark.parametrize(
    "name", ["Partner_No", "StreamingTV_No", "is_id_verified", "no", "index", "id"]
)
def test_a_flag_is_an_input_whatever_its_name(tmp_path: Path, name: str) -> None:
    table = houses().assign(**{name: lambda f: f["area"] % 2})

    assert name in {column.name for column in guessed(tmp_path, table).inputs}


@pytest.mark.parametrize(
    ("name", "per"), [("heat_index", 6), ("id_of_batch", 6), ("customerID", 0), ("row no", 0)]
)
def test_identifiers_are_those_that_name_what_they_count(
    tmp_path: Path, name: str, per: int
) -> None:
    random = np.random.default_rng(2)
    values = random.integers(60, 60 + 400 // per, 400) if per else random.permutation(4_000)[:400]

    found = guessed(tmp_path, houses().assign(**{name: values}))

    assert (name in {column.name for column in found.inputs}) == (per > 0)


def test_numbers_that_may_be_no_amounts_are_doubted(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    table = houses().assign(
        zip_code=random.integers(10_001, 99_999, 400),
        began=random.integers(1_600_000_000, 1_700_000_000, 400),
        account=random.permutation(900_000)[:400],
        serial=random.permutation(900_000)[:400],
        order_date=pd.date_range("2020-01-01", periods=400).strftime("%Y%m%d"),
    )

    found = guessed(tmp_path, table)

    assert "codes, by its name" in found.notes["zip_code"]
    assert "codes, by its name" in found.notes["account"]
    assert "times since 1970" in found.notes["began"]
    assert "an identifier?" in found.notes["serial"]
    assert "area" not in found.notes
    assert [(each.name, each.reason[:5]) for each in found.left] == [("order_date", "dates")]


def test_rows_are_not_dated_by_births_nor_by_dates_with_gaps(tmp_path: Path) -> None:
    days = pd.Series(pd.date_range("1960-01-01", periods=400).strftime("%Y-%m-%d"))
    table = houses().assign(birth_date=days, closedOn=days, called=days.where(days.index % 9 > 0))

    assert guessed(tmp_path, table).first_seen is None
    assert guessed(tmp_path, table.assign(sold=days)).first_seen == "sold"


@pytest.mark.parametrize(
    ("words", "positive"),
    [
        (("1", "2"), "2"),
        (("2", "1"), "1"),
        (("1", "0"), "1"),
        (("1", "-1"), "1"),
        (("1", "3"), "3"),
    ],
)
def test_one_says_yes_only_beside_nought_or_minus_one(
    tmp_path: Path, words: tuple[str, str], positive: str
) -> None:
    """words: the more frequent one first."""
    sold = np.where(np.arange(400) % 3 > 0, *words)

    labels = target_of(tmp_path, houses().assign(sold=sold), "sold").labels

    assert labels is not None
    assert labels.positive_words == (positive,)


def test_what_the_classes_are_called_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sold = np.where(np.arange(400) % 3 > 0, "1", "2")
    created(tmp_path, houses().assign(sold=sold).to_csv(index=False), "sold")
    told = capsys.readouterr().out
    assert "'sold': two classes, '2' (to be found) and '1'" in told
    assert "'2' is called 'sold' and '1' 'not-sold'" in told


@pytest.mark.parametrize("lines", [True, False])
def test_keys_that_the_first_object_leaves_out_are_columns(tmp_path: Path, lines: bool) -> None:
    rows = [
        {name: value for name, value in row.items() if name != "area" or at % 7}
        for at, row in enumerate(houses().to_dict("records"))
    ]
    text = "\n".join(map(json.dumps, rows)) if lines else json.dumps(rows)
    (tmp_path / "file.json").write_text(text)

    case = created(tmp_path, tmp_path / "file.json", "price")

    assert inputs(case)["area"].missing == "allow"
    (tmp_path / "file.json").write_text(text.replace('"area"', '"other"'))
    again = load(case.data, case.definition, case.seed)
    assert clean_rows(again.raw, case.data, case.definition).frame["area"].isna().all()


def test_use_cases_of_the_project_keep_their_names_and_ports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    created(tmp_path, houses().to_csv(index=False), "price")
    monkeypatch.setattr(creating, "CONFIGS", tmp_path / "configs")
    elsewhere = tmp_path / "elsewhere" / "other.yaml"

    assert free_port(elsewhere) == free_port(tmp_path / "configs" / "mine.yaml") + 1
    with pytest.raises(RequestError, match="called 'mine' too"):
        create("mine", str(tmp_path / "file.csv"), "price", elsewhere, None, force=False)
