"""One row of a table: its fields, what they accept, and what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.page.answers import Answer
from tests.page.conftest import Opened
from tests.page.tables import TableApi, broad, student, wine

EXAMPLE = "Use an example"


@pytest.fixture
def api(request: pytest.FixtureRequest) -> Iterator[TableApi]:
    """A service of student scores, or of the case that a test is given."""
    served = TableApi(getattr(request, "param", student)())
    yield served
    served.close()


def predict(page: Page) -> None:
    page.get_by_role("button", name="Predict", exact=True).click()


def sent(api: TableApi) -> list[object]:
    return [one for request in api.asked("/predict") for one in request.json["instances"]]


def test_an_example_fills_every_field_and_the_next_one_too(opened: Opened, api: TableApi) -> None:
    page = opened()

    page.get_by_role("button", name=EXAMPLE).click()
    predict(page)
    expect(page.locator(".verdict h3")).to_be_visible()
    page.get_by_role("button", name="Another example").click()
    expect(page.get_by_label("Gender")).to_have_value("1")
    page.get_by_role("spinbutton", name="Reading").press("Control+Enter")
    expect(page.locator(".subject")).to_contain_text("Gender male")

    assert sent(api) == api.case.examples


def test_a_category_may_be_another_or_not_known(opened: Opened, api: TableApi) -> None:
    page = opened()
    page.get_by_role("button", name=EXAMPLE).click()

    group = page.get_by_label("Race/ethnicity", exact=True)
    assert group.locator("option").all_text_contents() == [
        "choose…", "group A", "group B", "other…",
    ]  # fmt: skip
    group.select_option("other…")
    expect(page.get_by_label("Other Race/ethnicity")).to_be_focused()
    predict(page)
    expect(page.locator("#ask-problem")).to_contain_text("Fill in Race/ethnicity")
    page.get_by_label("Other Race/ethnicity").fill(" group Z ")
    page.get_by_label("Test preparation course").select_option("not known")
    predict(page)

    expect(page.locator(".subject")).to_contain_text("Test preparation course not known")
    expect(page.locator(".chart")).to_contain_text("test preparation course = not known")
    expected = {
        **api.case.examples[0], "race/ethnicity": "group Z", "test preparation course": None,
    }  # fmt: skip
    assert sent(api) == [expected]


def test_what_is_needed_is_told_at_each_field(opened: Opened, api: TableApi) -> None:
    page = opened()

    predict(page)

    expect(page.locator("#ask-problem")).to_contain_text(
        "Fill in Gender, Race/ethnicity, Reading, Writing."
    )
    expect(page.get_by_label("Gender")).to_be_focused()
    expect(page.get_by_label("Reading")).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".fault:visible")).to_have_text(["is needed"] * 4)
    expect(page.get_by_label("Test preparation course")).not_to_have_attribute(
        "aria-invalid", "true"
    )
    page.get_by_label("Gender").select_option("male")
    expect(page.locator(".fault:visible")).to_have_count(3)
    assert api.asked("/predict") == []


def test_a_number_outside_the_data_is_warned_of_and_answered(opened: Opened, api: TableApi) -> None:
    page = opened()
    page.get_by_role("button", name=EXAMPLE).click()
    reading = page.get_by_role("spinbutton", name="Reading")
    hint = page.locator(".field").filter(has_text="Reading").locator(".hint")
    expect(hint).to_have_text("17 to 100, whole")
    expect(reading).to_have_attribute("step", "1")

    reading.fill("71.5")
    expect(hint).to_have_text("only whole numbers in the data")
    reading.fill("120")
    expect(hint).to_have_text("outside the data's 17 to 100")
    predict(page)

    expect(page.get_by_role("list", name="Warnings")).to_have_text(
        "'reading' 120 is above what was trained (17 to 100)"
    )
    expect(reading).not_to_have_attribute("aria-invalid", "true")


@pytest.mark.parametrize("api", [wine], indirect=True)
def test_a_number_that_may_be_missing_is_sent_as_such_but_half_a_number_is_not(
    opened: Opened, api: TableApi
) -> None:
    page = opened()
    page.get_by_role("button", name=EXAMPLE).click()

    page.get_by_label("pH").fill("")
    page.get_by_label("pH").press_sequentially("-")
    predict(page)
    expect(page.locator("#ask-problem")).to_contain_text("Not a number: pH")
    page.get_by_label("pH").fill("")
    predict(page)

    expect(page.locator(".verdict h3")).to_be_visible()
    assert sent(api) == [{"fixed acidity": 7.4, "pH": None, "alcohol": 9.4}]


def test_what_the_service_refuses_is_told_at_its_field(opened: Opened, api: TableApi) -> None:
    page = opened()
    page.get_by_role("button", name=EXAMPLE).click()
    page.get_by_label("Writing").fill("666")

    predict(page)

    field = page.locator(".field").filter(has_text="Writing")
    expect(field.locator(".fault")).to_have_text("the service does not know that")
    page.locator("#ask-problem").get_by_role("button", name="Writing").click()
    expect(page.get_by_label("Writing")).to_be_focused()
    expect(page.get_by_label("Writing")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("[aria-invalid]")).to_have_count(1)
    described = page.get_by_label("Writing").get_attribute("aria-describedby") or ""
    assert field.locator(".fault").get_attribute("id") in described.split()


@pytest.mark.parametrize("api", [lambda: broad(40)], indirect=True)
@pytest.mark.parametrize(
    ("where", "label"),
    [
        ("instances.0.a.b", "a.b"),
        ("instances.0.a.b.c", "a.b.c"),
        ("instances.0.a.b.float", "a.b"),
        ('instances.0.say "hi"', 'say "hi"'),
        ("instances.0.🍷 wine", "🍷 wine"),
        ("instances.0.__proto__", "__proto__"),
    ],
)
def test_an_error_finds_its_field_whatever_its_name_holds(
    opened: Opened, api: TableApi, where: str, label: str
) -> None:
    errors = [{"where": where, "message": "is odd"}]
    api.next("/predict", Answer.problem(422, "Unprocessable", "no", errors))
    page = opened()
    page.get_by_role("button", name=EXAMPLE).click()

    predict(page)

    expect(page.locator("[aria-invalid]")).to_have_count(1)
    expect(page.get_by_label(label, exact=True)).to_have_attribute("aria-invalid", "true")


@pytest.mark.parametrize("api", [lambda: broad(2000)], indirect=True)
def test_two_thousand_fields_can_be_searched_filled_and_sent(opened: Opened, api: TableApi) -> None:
    page = opened(viewport={"width": 390, "height": 800})

    predict(page)
    expect(page.locator("#ask-problem")).to_contain_text("and 1,995 more")
    page.get_by_label("Find a field").fill("column 198")
    expect(page.get_by_text("11 of 2,000 fields")).to_be_visible()
    expect(page.locator(".field:visible")).to_have_count(11)
    page.get_by_role("button", name=EXAMPLE).click()
    page.get_by_label("column 1985").fill("")
    page.get_by_label("Find a field").fill("wine")
    predict(page)
    expect(page.get_by_label("column 1985")).to_be_focused()
    page.get_by_label("Only those that are empty").check()
    expect(page.locator(".field:visible")).to_have_count(1)
    page.get_by_label("column 1985").fill("0.25")
    page.get_by_label("column 1985").press("Control+Enter")

    expect(page.locator(".chart svg")).to_be_visible()
    assert sent(api) == [{**api.case.examples[0], "column 1985": 0.25}]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(page.locator(".subject")).to_contain_text(re.compile("and 1,988 more fields$"))


def test_two_names_that_read_the_same_are_told_apart(opened: Opened, api: TableApi) -> None:
    number = {"type": "number", "minimum": 0, "maximum": 1}
    api.case.inputs = api.inputs = {"a_b": number, "a b": number}
    page = opened()

    expect(page.get_by_label("a_b", exact=True)).to_have_count(1)
    expect(page.get_by_label("a b", exact=True)).to_have_count(1)
