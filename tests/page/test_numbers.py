"""A number as the answer: its interval, its reasons, what it was really, and what it stands on."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.page.answers import Answer
from tests.page.conftest import Opened
from tests.page.tables import TableApi, loan, student, wine
from tests.page.test_access import CONTRAST


@pytest.fixture
def api(request: pytest.FixtureRequest) -> Iterator[TableApi]:
    """A service of student scores, or of the case that a test is given."""
    served = TableApi(getattr(request, "param", student)())
    yield served
    served.close()


def ask(page: Page, **values: str) -> None:
    """Take the example, change some of its numbers, ask, wait for the reasons."""
    page.get_by_role("button", name="Use an example").click()
    for name, value in values.items():
        page.get_by_label(name).fill(value)
    page.locator("#ask button[type=submit]").click()
    page.wait_for_selector(".why.ready")


def test_a_value_stands_with_its_unit_and_its_interval(opened: Opened) -> None:
    page = opened()

    ask(page)

    expect(page.locator(".verdict h3")).to_have_text("74.5\u00a0points")
    expect(page.locator(".within")).to_have_text(
        "90\u00a0% of true values lie within such an interval: 65.3 to 83.7\u00a0points."
    )
    expect(page.locator("#summary")).to_contain_text("Math: 74.5\u00a0points.")
    expect(page.locator("#facts")).to_have_text("Version 3 · predicts math in points")
    words = page.locator("main").inner_text().lower()
    assert not re.search(r"threshold|probability|log-odds|verdict|judge|benign", words)


def test_the_interval_is_drawn_on_the_range_of_the_data(opened: Opened) -> None:
    page = opened()

    ask(page)

    bar = page.locator(".interval-bar")
    track, interval = bar.locator(".track").bounding_box(), bar.locator(".interval").bounding_box()
    mark = bar.locator(".mark").bounding_box()
    assert track
    assert interval
    assert mark
    left = (interval["x"] - track["x"]) / track["width"]
    assert (left, interval["width"] / track["width"]) == pytest.approx((0.6525, 0.184), abs=0.005)
    middle = (mark["x"] + mark["width"] / 2 - track["x"]) / track["width"]
    assert middle == pytest.approx(0.7445, abs=0.01)
    expect(bar.locator("text")).to_have_text(["lowest seen 0", "highest seen 100"])
    expect(bar).to_have_attribute("aria-label", re.compile("65.3 to 83.7.+0.0 to 100.0"))


@pytest.mark.parametrize("api", [wine], indirect=True)
def test_a_value_beyond_the_data_widens_the_scale(opened: Opened) -> None:
    page = opened()

    ask(page, alcohol="17")

    expect(page.locator(".verdict h3")).to_have_text("7.08")
    expect(page.get_by_role("list", name="Warnings")).to_contain_text("'alcohol' 17 is above")
    page.get_by_role("spinbutton", name="Alcohol").fill("22")
    page.get_by_role("button", name="Predict", exact=True).click()
    expect(page.locator(".interval-bar text")).to_have_text(["lowest seen 3", "9.38"])


def test_reasons_are_in_the_unit_of_the_target_and_add_up(opened: Opened) -> None:
    page = opened()

    ask(page)

    names = page.locator(".chart .name").all_text_contents()
    assert names[:2] == ["before looking", "reading = 72"]
    assert names[-1] == "together"
    texts = page.locator(".chart .amount").all_text_contents()
    assert (texts[0], texts[1], texts[-1]) == ("60.0", "+6.8", "74.5")
    *parts, total = [
        float(text.replace("−", "-"))
        for text in page.locator(".numbers td.number").all_text_contents()
    ]
    assert sum(parts) == pytest.approx(total, abs=0.0005 * len(parts))
    expect(page.locator("figcaption")).to_contain_text("together 74.5\u00a0points")
    expect(page.locator(".chart .bar.base rect, .chart .bar.total rect")).to_have_count(0)
    expect(page.locator(".canonical, .legend")).to_have_count(0)
    expect(page.locator(".chart svg")).to_have_attribute(
        "aria-label", re.compile("Contributions in points: reading = 72 \\+6.8")
    )


def test_a_sum_beyond_what_is_possible_says_that_it_was_held(opened: Opened) -> None:
    page = opened()

    ask(page, Reading="200")

    expect(page.locator(".verdict h3")).to_have_text("100.0\u00a0points")
    expect(page.locator("figcaption")).to_contain_text(
        "The answer is held to 100.0\u00a0points, the highest that is possible."
    )


def test_the_true_number_is_recorded_and_can_be_changed(opened: Opened, api: TableApi) -> None:
    page = opened()
    ask(page)
    field = page.get_by_label("What was it really? in points")

    page.get_by_role("button", name="Record").click()
    expect(page.locator(".feedback .problem")).to_contain_text("Type the true number")
    expect(field).to_be_focused()
    field.fill("71.25")
    field.press("Enter")
    expect(page.get_by_text("Recorded as 71.25\u00a0points.")).to_be_visible()
    field.fill("0")
    page.get_by_role("button", name="Record").click()
    expect(page.get_by_text("Recorded as 0\u00a0points.")).to_be_visible()

    request = api.feedback[0]["request_id"]
    assert api.feedback == [
        {"request_id": request, "label": 71.25, "instance": 0},
        {"request_id": request, "label": 0, "instance": 0},
    ]
    expect(page.locator(".thumb")).to_have_count(0)


def test_a_true_number_that_is_refused_is_told_at_its_field(opened: Opened, api: TableApi) -> None:
    page = opened()
    ask(page)
    api.next("/feedback", Answer.problem(422, "Unprocessable", "'label': at most 100"))

    page.get_by_label("What was it really?").fill("101")
    page.get_by_role("button", name="Record").click()

    expect(page.locator(".feedback .problem")).to_contain_text("at most 100")


def test_what_stands_behind_it_has_target_and_inputs_but_no_threshold(opened: Opened) -> None:
    page = opened()

    page.get_by_text("About this model").click()

    facts = page.get_by_role("region", name="Facts")
    for words in ("math (points)", "0 to 100", "from 0 up to 100", "within ±\u00a09.2\u00a0points"):
        expect(facts).to_contain_text(words)
    expect(facts).not_to_contain_text("Threshold")
    inputs = page.get_by_role("region", name="Inputs", exact=True).locator("tr")
    expect(inputs).to_have_count(5)
    expect(inputs.nth(1)).to_have_text("race/ethnicityone of group A, group B, or another")
    expect(inputs.nth(3)).to_have_text("readingwhole number; 17 to 100 in the data; points")


@pytest.mark.parametrize("api", [loan], indirect=True)
def test_a_table_of_two_labels_is_judged_in_log_odds(opened: Opened, api: TableApi) -> None:
    page = opened()

    ask(page, income="300000")

    expect(page.locator(".verdict h3")).to_have_text("yes")
    expect(page.locator(".score-bar")).to_be_visible()
    expect(page.get_by_role("list", name="Warnings")).to_contain_text("'income' 300000")
    expect(page.locator("figcaption")).to_contain_text("log-odds")
    expect(page.locator(".chart")).to_contain_text("income = 300000")
    expect(page.locator(".tinted")).to_have_count(0)
    page.get_by_role("button", name="Wrong: it is no").click()
    expect(page.get_by_text("Recorded as no.")).to_be_visible()
    assert api.feedback[0]["label"] == "no"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_of_tables_and_numbers_stands_out(opened: Opened, scheme: str) -> None:
    page = opened(
        color_scheme=scheme, reduced_motion="reduce", viewport={"width": 360, "height": 800}
    )

    page.get_by_role("button", name="Predict", exact=True).click()
    assert page.evaluate(CONTRAST) == []
    ask(page, Reading="120")
    page.get_by_role("button", name="Record").click()
    page.get_by_text("About this model").click()
    assert page.evaluate(CONTRAST) == []
    page.get_by_label("Many rows (CSV)").check()
    page.get_by_role("button", name="Use examples").click()
    rows = page.get_by_label("Rows as CSV")
    rows.fill(f"{rows.input_value()}x\nmale,group A,none,101,5\n")
    page.get_by_role("button", name="Predict", exact=True).click()
    expect(page.locator(".sheet .refused")).to_have_count(1)

    assert page.evaluate(CONTRAST) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert "- button\n" not in page.locator("body").aria_snapshot()
