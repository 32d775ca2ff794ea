"""`run.py new` looks at a table, says what it guessed, and writes a use case that trains."""

from __future__ import annotations

import gzip
import time
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipelines import creating
from pipelines.creating import create, free_port
from run import main
from switchyard.candidates.catalogue import CATALOGUE, check_task
from switchyard.candidates.tuning import tune
from switchyard.configuration.layers import resolve
from switchyard.configuration.model import UseCase
from switchyard.configuration.tables import Column, Target
from switchyard.data.loading import load
from switchyard.data.preparing import clean_rows
from switchyard.errors import DataError, RequestError
from switchyard.tables.coding import learn_inputs, rows_of, sizes_of
from switchyard.tables.peeking import peek
from switchyard.tables.targets import guess_target

CLASSIFIES = any("table-classification" in entry.tasks for entry in CATALOGUE.values())


def created(
    tmp_path: Path, data: str | Path, target: str, columns: str | None = None, name: str = "mine"
) -> UseCase:
    """The use case as its file is read again; data: a file, or the content of one."""
    if isinstance(data, str):
        (tmp_path / "file.csv").write_text(data, encoding="utf-8")
        data = tmp_path / "file.csv"
    output = tmp_path / "configs" / f"{name}.yaml"
    assert create(name, str(data), target, output, columns, force=False) == 0
    return resolve(output, {}).use_case


def refusal(tmp_path: Path, data: str | bytes, target: str = "price") -> str:
    file = tmp_path / "file.csv"
    file.write_bytes(data.encode() if isinstance(data, str) else data)
    with pytest.raises(DataError) as told:
        create("mine", str(file), target, tmp_path / "mine.yaml", None, force=False)
    assert not (tmp_path / "mine.yaml").exists()
    return str(told.value)


def inputs(case: UseCase) -> dict[str, Column]:
    assert case.table is not None
    return {column.name: column for column in case.table.inputs}


def houses(rows: int = 400, seed: int = 1) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    area = random.integers(20, 300, rows)
    place = random.choice(["town", "village", "sea"], rows)
    price = 3.0 * area + 90.0 * (place == "sea") + random.normal(0, 20, rows)
    return pd.DataFrame({"area": area, "place": place, "price": price.round(1)})


def learnt(case: UseCase) -> float:
    """What cleaning, coding and tuning of the first candidate make of the use case's file."""
    loaded = load(case.data, case.definition, case.seed)
    frame = clean_rows(loaded.raw, case.data, case.definition).frame
    assert case.table is not None
    found = learn_inputs(frame, case.table)
    for candidate in case.candidates:
        check_task(candidate, case.task)
    result = tune(
        case.candidates[0],
        rows_of(frame, found),
        frame["label"].to_numpy(),
        frame["group"].to_numpy(),
        case.tuning.model_copy(update={"jobs": 1}),
        case.seed,
        sizes=sizes_of(found),
        numbers=True,
    )
    return float(result.mean)


def test_the_file_that_is_written_holds_what_was_guessed(tmp_path: Path) -> None:
    case = created(tmp_path, houses().to_csv(index=False), "price")
    assert (case.name, case.task, case.serve) == ("mine", "regression", "best")
    assert case.target is not None
    assert case.target.column == "price"
    assert inputs(case)["place"].values == ("sea", "town", "village")
    area = inputs(case)["area"]
    assert area.type == "number"
    assert area.minimum is not None
    assert area.maximum is not None
    assert 0 <= area.minimum < 20
    assert 300 < area.maximum < 400
    assert len(case.candidates) >= 3
    assert learnt(case) > 0.9


def test_what_was_guessed_and_what_to_do_next_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    created(tmp_path, houses().assign(id=range(400)).to_csv(index=False), "price")
    told = capsys.readouterr().out
    assert "read       400 rows, 4 columns (delimited, cut at commas)" in told
    assert "'price': a number, so the task is regression" in told
    assert "left out   'id': an identifier" in told
    assert "uv run run.py --pipeline training --config" in told
    assert "uv run run.py --pipeline deployment --config" in told


ODD = {
    "semicolons, tabs of blanks and gaps": lambda: (
        houses()
        .assign(area=lambda f: f["area"].where(f.index % 9 > 0))
        .to_csv(index=False, sep=";")
        .replace(";", " ; ")
    ),
    "names that YAML would misread": lambda: (
        houses()
        .assign(yes=lambda f: np.where(f["area"] > 100, "null", "no"), one=1)
        .rename(columns={"area": "1e5", "place": ": # 🍷 'a' \"b\"", "one": "constant"})
        .to_csv(index=False)
    ),
    "rare towns, codes, dates and notes": lambda: (
        houses(600)
        .assign(
            town=lambda f: np.where(f.index % 40 == 0, "t" + f.index.astype(str), f["place"]),
            **{"zip code": lambda f: np.where(f["place"] == "sea", "00501", "10115")},
            sold=lambda f: pd.Series(f"20{10 + n % 10}-03-05" for n in f.index),
            notes=lambda f: pd.Series(f'said "{n}"\nand more, or less of it' for n in f.index),
        )
        .to_csv(index=False)
    ),
}


@pytest.mark.parametrize("odd", list(ODD))
def test_odd_files_are_learnt_from(tmp_path: Path, odd: str) -> None:
    assert learnt(created(tmp_path, ODD[odd](), "price")) > 0.8


def test_gaps_are_allowed_where_there_are_some(tmp_path: Path) -> None:
    found = inputs(created(tmp_path, ODD["semicolons, tabs of blanks and gaps"](), "price"))
    assert (found["area"].missing, found["place"].missing) == ("allow", "error")


def test_rare_categories_become_other_and_notes_are_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = created(tmp_path, ODD["rare towns, codes, dates and notes"](), "price")
    found = inputs(case)
    assert (found["town"].unknown, found["town"].values) == ("other", ())
    assert found["zip code"].values == ("00501", "10115")
    assert case.data.columns.first_seen == ("sold",)
    assert "notes" not in found
    assert "'notes': its texts run over several lines" in capsys.readouterr().out


def test_categories_that_begin_alike_for_long_are_those_of_the_training_rows(
    tmp_path: Path,
) -> None:
    """They are cut where they are looked at: two would be one, and none that of the file."""
    frame = houses()
    frame["deed"] = [f"{'x' * 250}{at % 3}" for at in range(len(frame))]

    case = created(tmp_path, frame.to_csv(index=False), "price")

    assert inputs(case)["deed"].type == "category"
    assert inputs(case)["deed"].values == ()
    assert learnt(case) > 0.5


def test_names_that_yaml_would_misread_are_kept(tmp_path: Path) -> None:
    found = inputs(created(tmp_path, ODD["names that YAML would misread"](), "price"))
    assert list(found) == ["1e5", ": # 🍷 'a' \"b\"", "yes"]
    assert found["yes"].values == ("no", "null")


def test_an_input_that_knows_the_target_is_warned_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    leaking = houses().assign(tax=lambda f: f["price"] * 0.19)
    created(tmp_path, leaking.to_csv(index=False), "price")
    assert "'tax' tells nearly all of the target" in capsys.readouterr().out
    text = (tmp_path / "configs" / "mine.yaml").read_text()
    assert "name: tax" in text
    assert "is it known before the target is?" in text


def test_values_far_from_all_others_are_named_and_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damaged = houses().astype({"area": float})
    damaged.loc[7, "area"] = 956666666666667.0
    case = created(tmp_path, damaged.to_csv(index=False), "price")
    assert inputs(case)["area"].maximum == 330
    assert "1 rows have cells that do not fit" in capsys.readouterr().out
    assert learnt(case) > 0.9


def test_a_key_is_suggested_as_the_group(tmp_path: Path) -> None:
    keyed = houses().assign(owner_id=lambda f: 1_000 + f.index // 4)
    created(tmp_path, keyed.to_csv(index=False), "price")
    assert "# group: [owner_id]" in (tmp_path / "configs" / "mine.yaml").read_text()


@pytest.mark.parametrize("kind", ["parquet", "jsonl", "json", "gz", "zip", "tsv", "txt"])
def test_other_kinds_of_files_are_read(tmp_path: Path, kind: str) -> None:
    table = houses()
    file = tmp_path / f"file.{kind}"
    text = table.to_csv(index=False, sep={"tsv": "\t", "txt": "|"}.get(kind, ","))
    match kind:
        case "parquet":
            table.to_parquet(file)
        case "jsonl":
            table.to_json(file, orient="records", lines=True)
        case "json":
            table.to_json(file, orient="records")
        case "gz":
            file.write_bytes(gzip.compress(text.encode()))
        case "zip":
            with zipfile.ZipFile(file, "w") as archive:
                archive.writestr("file.csv", text)
        case _:
            file.write_text(text)
    case = created(tmp_path, file, "price")
    assert list(inputs(case)) == ["area", "place"]
    assert learnt(case) > 0.9


def test_a_file_without_header_needs_names(tmp_path: Path) -> None:
    bare = houses().to_csv(index=False, header=False)
    assert "seems to have no header line" in refusal(tmp_path, bare)
    case = created(tmp_path, bare, "price", columns="area,place,price")
    assert learnt(case) > 0.9
    (source,) = case.data.sources
    assert source.columns == ("area", "place", "price")


def test_names_for_a_file_without_header_are_as_many_as_its_columns(tmp_path: Path) -> None:
    bare = houses().to_csv(index=False, header=False)
    with pytest.raises(DataError, match="have 3 fields, --columns names 2"):
        created(tmp_path, bare, "price", columns="area,price")


HEAD = "area,place,price\n"
ROWS = "".join(f"{at},{'town' if at % 2 else 'sea'},{at * 3}.5\n" for at in range(50))


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (HEAD.replace("price", "prices") + ROWS, "did you mean 'prices'?"),
        ("", "is empty"),
        (" \n\n", "nothing but white space"),
        (HEAD, "has a header and no rows"),
        ("price\n" + "1\n" * 50, "has one column"),
        ("a,a,price\n" + ROWS, "has two columns 'a'"),
        (HEAD + ROWS[:90].rpartition("\n")[0], "too few to learn from"),
        (HEAD + ROWS + "1,town,\n" * 20, "missing in 20 of 70 rows, the first is row 51"),
        (HEAD + "".join(f"{at},town,5\n" for at in range(50)), "'5' in every row"),
        (HEAD + "".join(f"{at},t,{'abc'[at % 3]}\n" for at in range(60)), "has 3 classes"),
        (HEAD + "".join(f"{at},t,{'ab'[at > 2]}\n" for at in range(60)), "is 'a' in 3 rows"),
        ("place,price\n" + "".join(f"town,{at}\n" for at in range(60)), "in every row"),
        ((HEAD + ROWS).encode("utf-16"), "UTF-16"),
        ((HEAD + ROWS.replace("sea", "Köln")).encode("latin-1"), "iconv -f WINDOWS-1252"),
        (HEAD.replace("area", "größe").encode("latin-1") + ROWS.encode(), "is not UTF-8"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 99, "a picture"),
    ],
)
def test_what_cannot_be_learnt_from_is_refused(
    tmp_path: Path, data: str | bytes, told: str
) -> None:
    assert told in refusal(tmp_path, data)


def test_free_text_alone_is_told_what_text_classification_takes(tmp_path: Path) -> None:
    rows = "".join(f"www.site-{at}.example/a,{'bad' if at % 2 else 'good'}\n" for at in range(90))
    told = refusal(tmp_path, "address,verdict\n" + rows, "verdict")
    assert "task: text-classification" in told
    assert "url: [address], label: [verdict]" in told


def test_nothing_is_overwritten_without_being_asked(tmp_path: Path) -> None:
    created(tmp_path, houses().to_csv(index=False), "price")
    output, data = tmp_path / "configs" / "mine.yaml", str(tmp_path / "file.csv")
    before = output.read_text()
    with pytest.raises(RequestError, match="--force"):
        create("mine", data, "area", output, None, force=False)
    assert output.read_text() == before
    create("mine", data, "area", output, None, force=True)
    assert resolve(output, {}).use_case.target == Target(column="area")


def test_each_use_case_gets_a_port_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(creating, "CONFIGS", tmp_path / "configs")
    data = houses().to_csv(index=False)
    ports = [created(tmp_path, data, "price", name=name).serving.port for name in ("a", "b", "c")]
    assert ports == [3000, 3001, 3002]
    assert free_port(tmp_path / "configs" / "b.yaml") == 3001


def test_a_name_is_given_to_one_use_case(tmp_path: Path) -> None:
    created(tmp_path, houses().to_csv(index=False), "price")
    other = tmp_path / "configs" / "other.yaml"
    with pytest.raises(RequestError, match="called 'mine' too"):
        create("mine", str(tmp_path / "file.csv"), "price", other, None, force=False)


@pytest.mark.parametrize(
    ("name", "meant"), [("My Case!", "my-case"), ("1st", "st"), ("Ünder_score", "under-score")]
)
def test_a_name_that_cannot_be_is_refused(tmp_path: Path, name: str, meant: str) -> None:
    with pytest.raises(RequestError, match=f"take '{meant}'"):
        create(name, "file.csv", "price", tmp_path / "x.yaml", None, force=False)


def test_the_command_line_writes_it_or_says_why_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "houses.csv"
    file.write_text(houses().to_csv(index=False))
    output = tmp_path / "mine.yaml"
    asked = ["new", "mine", "--data", str(file), "--output", str(output), "--target"]
    assert main([*asked, "cost"]) == 2
    assert "there is no column 'cost'" in capsys.readouterr().err
    assert main([*asked, "price"]) == 0
    assert resolve(output, {}).use_case.name == "mine"


def test_two_thousand_columns_are_guessed(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    wide = pd.DataFrame(random.normal(size=(100, 2_000)), columns=[f"c {n}" for n in range(2_000)])
    wide["price"] = wide["c 7"] * 2
    case = created(tmp_path, wide.to_csv(index=False), "price")
    assert len(inputs(case)) == 2_000


def test_a_million_rows_take_seconds_and_give_the_bounds_of_all(tmp_path: Path) -> None:
    rows = 1_000_000
    random = np.random.default_rng(4)
    table = pd.DataFrame({"a": random.integers(0, 50, rows), "b": random.choice(["x", "y"], rows)})
    table["price"] = table["a"] + random.integers(0, 5, rows)
    table.loc[17, "a"] = 59
    file = tmp_path / "long.parquet"
    table.to_parquet(file)
    began = time.perf_counter()
    case = created(tmp_path, file, "price")
    assert time.perf_counter() - began < 60
    assert inputs(case)["a"].maximum == 65


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("0", "1"), ("sold", "not-sold")),
        (("No", "yes "), ("yes", "no")),
        (("nein", "JA"), ("ja", "nein")),
        (("🍺", "🍷"), ("sold", "not-sold")),
    ],
)
def test_two_values_are_two_classes(
    tmp_path: Path, words: tuple[str, str], names: tuple[str, str]
) -> None:
    sold = np.where(houses()["price"] > 800, *words[::-1])
    houses().assign(sold=sold).to_csv(tmp_path / "file.csv", index=False)
    labels = guess_target(peek(tmp_path / "file.csv", "sold"), "sold").labels
    assert labels is not None
    assert (labels.positive, labels.negative) == names
    assert labels.positive_words == (words[1].strip().lower(),)
    assert labels.negative_words == (words[0].strip().lower(),)


@pytest.mark.skipif(not CLASSIFIES, reason="the catalogue has no classifier of tables")
def test_a_classification_is_written_with_its_labels(tmp_path: Path) -> None:
    sold = np.where(houses()["price"] > 800, "no", "yes")
    case = created(tmp_path, houses().assign(sold=sold).to_csv(index=False), "sold")
    assert case.task == "table-classification"
    assert (case.labels.positive, case.labels.negative) == ("yes", "no")
    loaded = load(case.data, case.definition, case.seed)
    assert set(clean_rows(loaded.raw, case.data, case.definition).frame["label"]) == {0, 1}
    for candidate in case.candidates:
        check_task(candidate, case.task)
