"""A table is cleaned column by column, and each cell that is wrong is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from switchyard.configuration.model import Data, Definition, Source
from switchyard.configuration.tables import Column, Table, Target
from switchyard.data.cards import data_card
from switchyard.data.cleaning import Cleaned
from switchyard.data.digests import dataset_digest
from switchyard.data.loading import load
from switchyard.data.preparing import clean_rows
from switchyard.data.schema import validate
from switchyard.errors import DataError
from switchyard.tables import cleaning
from switchyard.tables.casting import Fault, told

SIZES = Column(name="size, in “cm” 🍷", minimum=0, maximum=300)
KINDS = Column(name="label", type="category", values=("red", "white"))
TARGET = Target(column="price")
WHAT = Definition(task="regression", table=Table(inputs=(SIZES, KINDS)), target=TARGET)


def lines(*extra: str, rows: int = 60) -> str:
    head = '"size, in “cm” 🍷",label,price'
    plain = [f"{at}.5,{'red' if at % 2 else 'white'},{at * 2}" for at in range(rows)]
    return "\n".join([head, *extra, *plain]) + "\n"


def cleaned(tmp_path: Path, text: str, what: Definition = WHAT, **data: object) -> Cleaned:
    (tmp_path / "table.csv").write_text(text, encoding="utf-8")
    source = Source.of({"location": str(tmp_path / "table.csv"), **data.pop("source", {})})  # type: ignore[dict-item]
    settings = Data(sources=(source,)).model_copy(update=data)
    loaded = load(settings, what, 1)
    found = clean_rows(loaded.raw, settings, what)
    validate(found.frame, what)
    assert data_card(found, loaded.provenance, what).digest == dataset_digest(found.frame)
    return found


def test_columns_are_typed_and_stored_under_names_of_their_own(tmp_path: Path) -> None:
    frame = cleaned(tmp_path, lines()).frame
    assert list(frame) == [
        *("size, in “cm” 🍷", "input_label", "label", "source", "first_seen", "group"),
    ]
    assert frame.iloc[1, :3].tolist() == [1.5, "red", 2.0]
    assert frame["label"].dtype == np.float64


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("much,red,3", "'much' is no number"),
        (",red,3", "is missing"),
        ("NA,red,3", "'NA' is missing"),
        ("1e999,red,3", "'1e999' is no number"),
        ("1e39,red,3", "'1e39' is above 300"),
        ("1,red,-1e39", "price: '-1e39' is too large a number"),
        ("301,red,3", "'301' is above 300"),
        ("-1,red,3", "'-1' is below 0"),
        ("1,rosé,3", "'rosé' is none of 'red', 'white'"),
        ("1,,3", "is missing"),
        ("1,red,", "price: is missing"),
        ("1,red,dear", "price: 'dear' is no number"),
    ],
)
def test_a_wrong_cell_rejects_its_row_and_is_named(tmp_path: Path, row: str, reason: str) -> None:
    found = cleaned(tmp_path, lines(row))
    assert found.rejects["row"].tolist() == [1]
    assert found.rejects["reason"].iloc[0].endswith(reason)
    assert found.counts["rejected"] == 1
    assert len(found.frame) == 60


def test_a_number_too_large_for_any_model_is_named_though_no_bounds_are_declared(
    tmp_path: Path,
) -> None:
    what = WHAT.model_copy(update={"table": Table(inputs=(Column(name=SIZES.name), KINDS))})
    found = cleaned(tmp_path, lines("1e39,red,3", "1e30,red,3"), what)
    assert found.rejects["reason"].tolist() == [f"{SIZES.name}: '1e39' is too large a number"]


def test_missing_values_may_be_allowed(tmp_path: Path) -> None:
    inputs = tuple(each.model_copy(update={"missing": "allow"}) for each in (SIZES, KINDS))
    what = WHAT.model_copy(update={"table": Table(inputs=inputs)})
    frame = cleaned(tmp_path, lines(",red,3", "1,,3"), what).frame
    assert frame.dtypes.iloc[0] == np.float64
    assert frame.isna().iloc[0, 0]
    assert frame.isna().iloc[1, 1]


def test_too_many_wrong_cells_are_all_named(tmp_path: Path) -> None:
    with pytest.raises(DataError) as refusal:
        cleaned(tmp_path, lines("900,red,1", "901,green,2", rows=30))
    told = str(refusal.value)
    assert "2 of 32 rows are rejected" in told
    assert "for 3 cells" in told
    for cell in ("row 1: size", "'900' is above 300", "row 2: label: 'green'"):
        assert cell in told


def test_whole_rows_that_repeat_go_and_equal_inputs_stay_together(tmp_path: Path) -> None:
    found = cleaned(tmp_path, lines("0.5,white,0", "0.5,white,7"))
    assert found.counts["duplicates"] == 1
    groups = found.frame.groupby("group").size()
    assert groups.max() == 2
    assert len(groups) == len(found.frame) - 1


def test_key_columns_keep_rows_together(tmp_path: Path) -> None:
    table = Table(inputs=(SIZES,), group=("label",))
    what = WHAT.model_copy(update={"table": table})
    frame = cleaned(tmp_path, lines(), what).frame
    assert frame["group"].nunique() == 2
    assert "input_label" not in frame


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_other_delimiters_are_found(tmp_path: Path, mark: str) -> None:
    text = mark.join(("a", "b", "price")) + "\n"
    text += "".join(f"{at}{mark}{at}{mark}{at}\n" for at in range(50))
    table = Table(inputs=(Column(name="a"), Column(name="b")))
    assert len(cleaned(tmp_path, text, WHAT.model_copy(update={"table": table})).frame) == 50


def test_without_a_header_the_columns_are_inputs_and_target_in_order(tmp_path: Path) -> None:
    text = "".join(f"{at},red,{at * 3}\n" for at in range(50))
    frame = cleaned(tmp_path, text).frame
    assert frame.iloc[7, :3].tolist() == [7.0, "red", 21.0]


def test_columns_may_be_named_and_added(tmp_path: Path) -> None:
    text = "".join(f"{at * 3};{at}\n" for at in range(50))
    given = {"columns": ["price", SIZES.name], "constants": {"label": "white"}}
    frame = cleaned(tmp_path, text, source=given).frame
    assert frame.iloc[7, :3].tolist() == [7.0, "white", 21.0]


def test_columns_that_are_not_there_are_all_named(tmp_path: Path) -> None:
    text = "size,label,pryce\n" + "1,red,2\n" * 50
    with pytest.raises(DataError, match=r"lacks 2 of 3 columns: .*'price' \(is it 'pryce'\?\)"):
        cleaned(tmp_path, text)


def test_a_target_that_never_changes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="'price' is 5 in every row"):
        cleaned(tmp_path, "".join([lines(rows=0), *(f"{at},red,5\n" for at in range(50))]))


def test_odd_columns_are_told_of(tmp_path: Path) -> None:
    text = "a,b,price\n" + "".join(f"{at // 3},1,{at // 3 * 2}\n" for at in range(300))
    table = Table(inputs=(Column(name="a"), Column(name="b")))
    what = WHAT.model_copy(update={"table": table})
    (tmp_path / "t.csv").write_text(text)
    data = Data(sources=(Source(location=str(tmp_path / "t.csv")),), drop_duplicates=False)
    loaded = load(data, what, 1)
    card = data_card(clean_rows(loaded.raw, data, what), loaded.provenance, what)
    assert "'a' alone tells the target almost wholly" in card.oddities[0]
    assert "'b' has one value in every row" in card.oddities[1]
    assert "Look at this: 'a' alone" in card.to_markdown()


def test_two_thousand_columns_are_read(tmp_path: Path) -> None:
    names = [f"c{at}" for at in range(2_000)]
    text = ",".join([*names, "price"]) + "\n"
    text += "".join(",".join(str(at + row) for at in range(2_001)) + "\n" for row in range(50))
    table = Table(inputs=tuple(Column(name=name) for name in names))
    assert cleaned(tmp_path, text, WHAT.model_copy(update={"table": table})).frame.shape[0] == 50


def test_of_a_wholly_wrong_file_the_first_cells_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the others are put into words: there may be one for each cell of a large file."""
    made: list[int] = []

    def counted(fault: Fault, texts: pa.LargeStringArray) -> pa.LargeStringArray:
        made.append(len(texts))
        return told(fault, texts)

    monkeypatch.setattr(cleaning, "told", counted)
    with pytest.raises(DataError) as refusal:
        cleaned(tmp_path, lines(*["much,green,3"] * 500))
    assert sum(made) == 100
    assert "for 1,000 cells: row 1: size" in str(refusal.value)
    assert "row 50: label: 'green' is none of" in str(refusal.value)
    assert "and 900 more" in str(refusal.value)


def test_when_the_run_goes_on_all_wrong_cells_are_kept(tmp_path: Path) -> None:
    found = cleaned(tmp_path, lines(*["much,green,3"] * 150), max_reject_share=0.9)
    assert len(found.rejects) == 300
    assert found.rejects["row"].tolist() == sorted([*range(1, 151)] * 2)
    assert found.rejects["url"].tolist()[:2] == ["much", "green"]


def test_of_several_sources_that_of_a_wrong_cell_is_named(tmp_path: Path) -> None:
    for name, text in (("one.csv", lines()), ("two.csv", lines(*["900,red,1"] * 60))):
        (tmp_path / name).write_text(text, encoding="utf-8")
    sources = tuple(Source(location=str(tmp_path / name)) for name in ("one.csv", "two.csv"))
    data = Data(sources=sources)
    with pytest.raises(DataError, match=r"row 1 of [^:]*two[^:]*: size.*'900' is above 300"):
        clean_rows(load(data, WHAT, 1).raw, data, WHAT)
