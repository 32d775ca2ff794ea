"""What a person asks, is answered and corrects."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.page.answers import BASE, Answer
from tests.page.conftest import Opened, ask
from tests.page.fake_api import FakeApi

PHISHING = "paypa1-login.example/verify"
LONG = f"https://{PHISHING}/one/two/three/four/five/six/seven/eight/nine/ten"


def number(text: str) -> float:
    return float(text.replace("−", "-").replace("+", ""))


def amounts(page: Page, selector: str) -> list[float]:
    return [number(text) for text in page.locator(selector).all_text_contents()]


def test_one_url_gets_a_verdict_with_score_and_threshold(opened: Opened) -> None:
    page = opened()

    ask(page, PHISHING)

    expect(page.locator(".verdict h3")).to_have_text("phishing")
    expect(page.locator(".score strong")).to_have_text("99.5\u00a0%")
    expect(page.locator(".score-bar")).to_have_attribute("aria-label", re.compile(r"99\.5.+41"))
    expect(page.locator(".threshold")).to_have_attribute("x1", "41%")
    expect(page.get_by_role("status").filter(has_text="99.5")).to_have_count(1)


def test_each_line_gets_its_verdict_in_order(opened: Opened, api: FakeApi) -> None:
    page = opened()

    ask(page, PHISHING, "", "  en.wikipedia.org  ", "example.com")

    sent = [{"url": PHISHING}, {"url": "en.wikipedia.org"}, {"url": "example.com"}]
    assert api.asked("/predict")[0].json == {"instances": sent}
    expect(page.locator(".verdict .label")).to_have_text(["phishing", "benign", "benign"])
    expect(page.locator(".subject")).to_have_text([PHISHING, "en.wikipedia.org", "example.com"])
    expect(page.locator("#summary")).to_have_text("3 verdicts: 1 phishing, 2 benign.")


def test_many_verdicts_come_in_portions_that_explain_takes(opened: Opened, api: FakeApi) -> None:
    page = opened()

    ask(page, *(f"example.com/{number}" for number in range(45)))
    page.get_by_role("button", name="Show 20 more of 25 verdicts").click()
    page.get_by_role("button", name="Show 5 more of 5 verdicts").click()

    expect(page.locator(".verdict")).to_have_count(45)
    expect(page.locator(".why.ready")).to_have_count(45)
    assert [len(one.json["instances"]) for one in api.asked("/explain")] == [20, 20, 5]
    assert len(api.asked("/predict")) == 1
    expect(page.locator(".verdict").nth(40)).to_be_focused()


def test_the_table_of_reasons_adds_up(opened: Opened) -> None:
    page = opened()

    ask(page, LONG)

    *parts, total = amounts(page, ".numbers td.number")
    assert len(parts) == 16
    assert parts[0] == BASE
    assert abs(sum(parts) - total) < 0.0005 * len(parts)


def test_the_picture_shows_the_largest_and_all_else_and_adds_up(opened: Opened) -> None:
    page = opened()

    ask(page, LONG)

    expect(page.locator(".chart .name")).to_have_count(13)
    names = page.locator(".chart .name").all_text_contents()
    assert names[:3] == ["before looking", "login", "verify"]
    assert names[-2:] == ["all else (5)", "together"]
    *parts, total = amounts(page, ".chart .amount")
    assert abs(sum(parts) - total) < 0.005 * len(parts)


def test_the_text_is_tinted_by_what_its_pieces_contribute(opened: Opened) -> None:
    page = opened()

    ask(page, "https://😀login.wikipedia.example")

    expect(page.locator(".canonical")).to_have_text("😀login.wikipedia.example")
    expect(page.locator(".canonical .tint")).to_have_text(["login", "wikipedia", "example"])
    expect(page.locator(".canonical .tint").first).to_have_class(re.compile("up-5"))
    expect(page.locator(".canonical .tint").nth(1)).to_have_class(re.compile("down-5"))


def test_feedback_is_recorded_and_can_be_changed(opened: Opened, api: FakeApi) -> None:
    page = opened()
    ask(page, "example.com", PHISHING)
    card = page.locator(".verdict").nth(1)

    card.get_by_role("button", name="Right: it is phishing").click()
    expect(card.get_by_text("Recorded as phishing.")).to_be_visible()
    card.get_by_role("button", name="Wrong: it is benign").click()
    expect(card.get_by_text("Recorded as benign.")).to_be_visible()

    request = api.feedback[0]["request_id"]
    assert api.feedback == [
        {"request_id": request, "label": "phishing", "instance": 1},
        {"request_id": request, "label": "benign", "instance": 1},
    ]
    pressed = [button.get_attribute("aria-pressed") for button in card.locator(".thumb").all()]
    assert pressed == ["false", "true"]


def test_feedback_on_a_forgotten_request_is_told_at_the_thumbs(
    opened: Opened, api: FakeApi
) -> None:
    page = opened()
    ask(page, PHISHING)
    api.next("/feedback", Answer.problem(404, "Unknown request", "the id is older than 90 days"))

    page.get_by_role("button", name="Right").click()

    expect(page.locator(".feedback .problem")).to_contain_text("older than 90 days")
    expect(page.locator(".thumb[aria-pressed=true]")).to_have_count(0)


def test_a_failed_explanation_leaves_the_verdict_and_can_be_retried(
    opened: Opened, api: FakeApi
) -> None:
    page = opened()
    api.next("/explain", Answer.problem(503, "Overloaded", "the queue is full"))

    ask(page, PHISHING)
    expect(page.locator(".verdict .label")).to_have_text("phishing")
    page.locator(".why").get_by_role("button", name="Try again").click()

    expect(page.locator(".chart svg")).to_be_visible()


def test_inputs_of_a_table_become_fields(opened: Opened, api: FakeApi) -> None:
    api.inputs = {
        "study_hours": {"type": "number", "minimum": 0, "maximum": 20},
        "school": {"type": "category", "values": ["GP", "MS"]},
    }
    page = opened()

    hours = page.get_by_label("Study hours")
    page.get_by_role("button", name="Judge", exact=True).click()
    expect(page.locator("#ask-problem")).to_contain_text("Fill in Study hours, School")
    hours.fill("30.5")
    expect(page.get_by_text("outside the data's 0 to 20")).to_be_visible()
    page.get_by_label("School").select_option("MS")
    hours.press("Control+Enter")

    expect(page.locator(".subject")).to_have_text("Study hours 30.5, School MS")
    assert api.asked("/predict")[0].json == {"instances": [{"study_hours": 30.5, "school": "MS"}]}
    expect(page.locator(".chart .name").nth(1)).to_have_text("study_hours = 30.5")


def test_examples_of_the_model_can_be_used(opened: Opened, api: FakeApi) -> None:
    api.inputs["url"]["examples"] = [PHISHING, "en.wikipedia.org"]
    page = opened()

    page.get_by_role("button", name="Use examples").click()

    expect(page.get_by_label("URL", exact=True)).to_have_value(f"{PHISHING}\nen.wikipedia.org")
