"""Many rows as CSV: read by name, told apart by row, answered as a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from switchyard.tables.casting import NOTHING
from tests.page.conftest import Opened
from tests.page.tables import TableApi, loan, student, wine

HEADER = "id,gender,race/ethnicity,test preparation course,reading,writing"
ROW = "s1,female,group B,none,72,74"


@pytest.fixture
def api(request: pytest.FixtureRequest) -> Iterator[TableApi]:
    """A service of student scores, or of the case that a test is given."""
    served = TableApi(getattr(request, "param", student)())
    yield served
    served.close()


def paste(page: Page, text: str, ask: str = "Predict") -> None:
    page.get_by_label("Many rows (CSV)").check()
    page.get_by_label("Rows as CSV").fill(text)
    page.get_by_role("button", name=ask, exact=True).click()


def downloaded(page: Page) -> list[dict[str, str]]:
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as CSV").click()
    text = Path(download.value.path()).read_bytes().decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_rows_are_matched_by_name_converted_and_answered(opened: Opened, api: TableApi) -> None:
    page = opened()

    rows = ["40,male,7,50,group A", "", '1e2,female,"8",60.5,"group ""C"""']
    paste(page, "\n".join(["reading,gender,id,writing,race/ethnicity", *rows]))

    expect(page.locator(".sheet tbody tr")).to_have_count(2)
    expect(page.locator(".sheet thead th")).to_have_text(
        ["Row", "reading", "Math (points)", "Interval", "Why"]
    )
    expect(page.locator(".sheet tbody tr").nth(0)).to_contain_text("50.3")
    expect(page.locator(".sheet tbody tr").nth(0)).to_contain_text("41.1 to 59.5")
    expect(page.get_by_text("90\u00a0% of true values lie within such intervals.")).to_be_visible()
    assert api.asked("/predict")[0].json["instances"] == [
        {"gender": "male", "race/ethnicity": "group A", "test preparation course": None,
         "reading": 40, "writing": 50},
        {"gender": "female", "race/ethnicity": 'group "C"', "test preparation course": None,
         "reading": 100, "writing": 60.5},
    ]  # fmt: skip


def test_the_summary_has_least_mean_and_greatest(opened: Opened) -> None:
    page = opened()

    paste(page, f"{HEADER}\n{ROW}\n{ROW.replace('72', '32')}\n{ROW.replace('72', '42')}\n")

    expect(page.locator("#summary")).to_have_text(
        "3 predictions: minimum 54.5\u00a0points, mean 62.8\u00a0points, maximum 74.5\u00a0points."
    )
    expect(page.locator("#summary")).to_be_visible()
    assert "phishing" not in page.locator("main").inner_text()


def test_faulty_rows_are_told_and_the_others_answered(opened: Opened, api: TableApi) -> None:
    page = opened()
    bad = [
        "s2,female,group B,none,abc,74", "s3,neither,group B,none,72,74",
        "s4,female,group B,none,,74", "s5,female", 's6,female,group B,none,"7,5",74',
        "s7,female,group B,none,666,74",
    ]  # fmt: skip

    paste(page, "\n".join([HEADER, *bad, ROW]))

    items = page.locator("#ask-problem li")
    expect(items).to_have_text(
        [
            'Row 1: reading is "abc", not a number',
            'Row 2: gender is "neither"; known: female, male',
            "Row 3: reading is missing",
            "Row 4: has 2 cells, the header 6",
            'Row 5: reading is "7,5", not a number (decimals take a point)',
            "Row 6: reading: the service does not know that",
        ]
    )
    expect(page.locator("#ask-problem")).to_contain_text("6 of 7 rows cannot be predicted")
    expect(page.locator(".sheet .refused")).to_have_count(6)
    expect(page.locator("#summary")).to_contain_text("6 rows could not be predicted")
    page.get_by_role("button", name="Row 2").click()
    selected = "area => area.value.slice(area.selectionStart, area.selectionEnd)"
    assert page.get_by_label("Rows as CSV").evaluate(selected) == bad[1]


def test_the_table_can_be_downloaded_with_the_columns_of_its_own(opened: Opened) -> None:
    page = opened()

    header, high = HEADER.replace("id", "low"), ROW.replace("72", "200").replace("s1", '"a,\n""b"')
    paste(page, f"{header}\r\n{ROW}\r\n{high}\r\ns3,female,group B,none,x,1\r\n")
    expect(page.locator(".sheet")).to_be_visible()
    first, second, third = downloaded(page)

    assert list(first) == [
        *header.split(","), "prediction", "predicted_low", "high", "model_version", "problem",
        "warning",
    ]  # fmt: skip
    assert [
        float(first[name]) for name in ("prediction", "predicted_low", "high")
    ] == pytest.approx([74.45, 65.25, 83.65])
    assert (first["low"], first["model_version"], first["problem"]) == ("s1", "3", "")
    assert (second["low"], second["prediction"]) == ('a,\n"b', "100")
    assert second["warning"] == "'reading' 200 is above what was trained (17 to 100)"
    assert (third["prediction"], third["problem"]) == ("", 'reading is "x", not a number')


def test_cells_beyond_the_header_are_kept_in_the_download(opened: Opened) -> None:
    page = opened()

    paste(page, f"{HEADER}\n{ROW}\n{ROW},more,\n")
    expect(page.locator(".sheet")).to_be_visible()
    first, second = downloaded(page)

    assert list(first)[6:9] == ["column 7", "column 8", "prediction"]
    assert (first["column 7"], second["column 7"]) == ("", "more")
    assert second["problem"] == "has 8 cells, the header 6"


@pytest.mark.parametrize("api", [wine], indirect=True)
def test_numbers_that_are_missing_are_written_as_in_other_files(
    opened: Opened, api: TableApi
) -> None:
    page = opened()

    paste(page, "alcohol,fixed acidity,pH\n" + "".join(f"9,7,{each}\n" for each in NOTHING))

    expect(page.locator(".sheet tbody tr")).to_have_count(len(NOTHING))
    asked = api.asked("/predict")[0].json["instances"]
    assert [each["pH"] for each in asked] == [None] * len(NOTHING)


@pytest.mark.parametrize("api", [wine], indirect=True)
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Paste rows with a header, or drop a file"),
        ("fixed acidity,alcohol\n", "There is a header, but no row below it"),
        ("fixed acidity,pH\n7,3\n", "The header has no alcohol"),
        ("7.4,3.5,9.4\n7.5,3.4,9.5", "The first line must name the columns"),
        ("alcohol,alcohol,fixed acidity\n1,2,3", "The header names alcohol twice"),
        ('alcohol,fixed acidity\n9,"7', "The quote in line 2 is never closed"),
    ],
)
def test_a_table_that_cannot_work_is_not_sent(
    opened: Opened, api: TableApi, text: str, words: str
) -> None:
    page = opened()

    paste(page, text)

    expect(page.locator("#ask-problem")).to_contain_text(words)
    expect(page.get_by_label("Rows as CSV")).to_be_focused()
    assert api.asked("/predict") == []


@pytest.mark.parametrize("api", [wine], indirect=True)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_file_is_taken_with_any_delimiter(
    opened: Opened, api: TableApi, tmp_path: Path, delimiter: str
) -> None:
    path = tmp_path / "wine.csv"
    rows = [['"fixed acidity"', '"pH"', "alcohol", '"a; b, c"'], ["7.4", "", "9.4", '"x,;\t"']]
    path.write_text("\ufeff" + "\r\n".join(delimiter.join(row) for row in rows))
    page = opened()

    page.get_by_label("Many rows (CSV)").check()
    page.get_by_label("Rows from a file").set_input_files(path)
    expect(page.get_by_text("wine.csv is in the field above.")).to_be_visible()
    page.get_by_role("button", name="Predict", exact=True).click()

    expect(page.locator(".sheet tbody tr")).to_have_count(1)
    assert api.asked("/predict")[0].json["instances"] == [
        {"fixed acidity": 7.4, "pH": None, "alcohol": 9.4}
    ]


@pytest.mark.parametrize("api", [wine], indirect=True)
def test_a_dropped_file_is_taken(opened: Opened, api: TableApi) -> None:
    page = opened()
    page.get_by_label("Many rows (CSV)").check()

    held = page.evaluate_handle(
        "() => { const held = new DataTransfer();"
        "held.items.add(new File(['alcohol,fixed acidity\\n9,7\\n'], 'w.csv')); return held; }"
    )
    page.locator(".rows").dispatch_event("drop", {"dataTransfer": held})

    expect(page.get_by_label("Rows as CSV")).to_have_value("alcohol,fixed acidity\n9,7\n")


@pytest.mark.parametrize("api", [wine], indirect=True)
def test_more_rows_than_a_request_takes_go_in_portions(opened: Opened, api: TableApi) -> None:
    page = opened()

    paste(page, "alcohol,fixed acidity\n" + "".join(f"9.{at},7\n" for at in range(450)))

    expect(page.locator("#summary")).to_contain_text("450 predictions")
    assert [len(one.json["instances"]) for one in api.asked("/predict")] == [200, 200, 50]
    expect(page.locator(".sheet tbody tr")).to_have_count(100)
    page.get_by_role("button", name="Show 100 more of 350 rows").click()
    expect(page.locator(".sheet tbody tr")).to_have_count(200)
    assert api.asked("/explain") == []


@pytest.mark.parametrize("api", [wine], indirect=True)
def test_one_row_can_be_explained_and_corrected(opened: Opened, api: TableApi) -> None:
    page = opened()
    paste(page, "alcohol,fixed acidity\n" + "".join(f"{at},7\n" for at in range(8, 12)))

    page.get_by_role("button", name="Why row 3").click()
    expect(page.locator(".detail .subject")).to_contain_text("Row 3: Fixed acidity 7, pH not known")
    expect(page.locator(".detail .verdict")).to_be_focused()
    expect(page.locator(".chart")).to_contain_text("alcohol = 10")
    page.get_by_label("What was it really?").fill("6")
    page.get_by_role("button", name="Record").click()
    expect(page.get_by_text("Recorded as 6.")).to_be_visible()

    assert [(one["instance"], one["label"]) for one in api.feedback] == [(2, 6)]


@pytest.mark.parametrize("api", [loan], indirect=True)
def test_labels_of_many_rows_stand_in_the_table(opened: Opened, api: TableApi) -> None:
    page = opened()

    paste(page, "income,housing\n52000,own\n190000,rent\n", ask="Judge")

    expect(page.locator("#summary")).to_have_text("2 verdicts: 1 yes, 1 no.")
    expect(page.locator(".sheet thead th")).to_have_text(
        ["Row", "income", "Label", "Probability of yes", "Why"]
    )
    rows = downloaded(page)
    assert [row["label"] for row in rows] == ["no", "yes"]
    assert 0.41 <= float(rows[1]["score"]) <= 1
    assert "low" not in rows[0]
