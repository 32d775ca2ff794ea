"""What goes wrong is told in words, near its place."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.page.answers import Answer
from tests.page.conftest import Opened, ask
from tests.page.fake_api import FakeApi

JUDGE = "Judge"


def test_an_empty_form_is_told_without_a_request(opened: Opened, api: FakeApi) -> None:
    page = opened()

    page.get_by_role("button", name=JUDGE, exact=True).click()

    expect(page.locator("#ask-problem")).to_contain_text("Type or paste at least one URL")
    expect(page.get_by_label("URL", exact=True)).to_be_focused()
    assert api.asked("/predict") == []


def test_a_refused_instance_is_named_by_its_line_and_led_to(opened: Opened) -> None:
    page = opened()
    field = page.get_by_label("URL", exact=True)
    field.fill("example.com\n\n" + "a" * 8200)

    page.get_by_role("button", name=JUDGE, exact=True).click()
    expect(page.locator("#ask-problem")).to_contain_text("is longer than 8192 characters")
    expect(field).to_have_attribute("aria-invalid", "true")
    page.get_by_role("button", name="Line 3").click()

    assert field.evaluate("area => [area.selectionStart, area.selectionEnd]") == [13, 8213]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer.problem(413, "Too large", "the body has 11 MB"), "more than the service accepts"),
        (Answer.problem(413, "Too large", "the body has 11 MB"), "the body has 11 MB"),
        (
            Answer.problem(503, "Busy", "the queue is full", retry_after=2),
            "Try again in 2 seconds",
        ),
        (Answer(502, b"<html>Bad gateway</html>"), "Status 502"),
        (Answer(200, b"<html>", {"Content-Type": "text/html"}), "not JSON"),
    ],
)
def test_a_refusal_is_put_in_words(
    opened: Opened, api: FakeApi, answer: Answer, words: str
) -> None:
    page = opened()
    api.next("/predict", answer)
    page.get_by_label("URL", exact=True).fill("example.com")

    page.get_by_role("button", name=JUDGE, exact=True).click()

    expect(page.locator("#ask-problem")).to_contain_text(words)
    expect(page.get_by_role("button", name=JUDGE, exact=True)).to_be_enabled()


def test_a_problem_goes_when_the_next_request_succeeds(opened: Opened, api: FakeApi) -> None:
    page = opened()
    api.next("/predict", Answer.problem(503, "Busy", "the queue is full"))
    page.get_by_label("URL", exact=True).fill("example.com")
    page.get_by_role("button", name=JUDGE, exact=True).click()
    expect(page.locator("#ask-problem .problem")).to_be_visible()

    ask(page, "example.com")

    expect(page.locator("#ask-problem .problem")).to_have_count(0)


def test_more_lines_than_the_limit_are_not_sent(opened: Opened, api: FakeApi) -> None:
    page = opened()
    page.get_by_label("URL", exact=True).fill("example.com\n" * 201)

    page.get_by_role("button", name=JUDGE, exact=True).click()

    expect(page.locator("#ask-problem")).to_contain_text("201 lines; the service takes up to 200")
    assert api.asked("/predict") == []


def test_a_service_without_a_model_is_told_and_asked_again(opened: Opened, api: FakeApi) -> None:
    api.next("/model", Answer.problem(503, "Not ready", "the model is being loaded"))
    page = opened(wait="#trouble .problem")
    expect(page.locator("#trouble")).to_contain_text("the model is being loaded")

    page.get_by_role("button", name="Try again").click()

    expect(page.get_by_role("heading", name="Phishing URLs", level=1)).to_be_visible()
    expect(page.locator("#room")).to_be_visible()


def test_a_key_is_asked_for_then_kept_for_the_tab(opened: Opened, api: FakeApi) -> None:
    api.key = "secret-1"
    page = opened(wait="#key form")
    field = page.get_by_label("API key")
    expect(field).to_be_focused()

    field.fill("wrong")
    field.press("Enter")
    expect(page.get_by_text("refused that key")).to_be_visible()
    page.get_by_label("API key").fill("secret-1")
    page.get_by_role("button", name="Use this key").click()
    expect(page.locator("#room")).to_be_visible()
    ask(page, "example.com")
    page.reload()

    expect(page.locator("#room")).to_be_visible()
    expect(page.locator("#key form")).to_have_count(0)
    assert api.asked("/predict")[0].headers["X-API-Key"] == "secret-1"


def test_a_key_revoked_meanwhile_is_asked_for_and_the_request_goes_on(
    opened: Opened, api: FakeApi
) -> None:
    page = opened()
    api.key = "secret-2"
    page.get_by_label("URL", exact=True).fill("example.com")
    page.get_by_role("button", name=JUDGE, exact=True).click()

    page.get_by_label("API key").fill("secret-2")
    page.get_by_label("API key").press("Enter")

    expect(page.locator(".verdict .label")).to_have_text("benign")


def test_a_key_that_no_header_can_carry_is_not_sent(opened: Opened, api: FakeApi) -> None:
    api.key = "secret"
    page = opened(wait="#key form")
    before = len(api.requests)

    page.get_by_label("API key").fill("naïve ключ")
    page.get_by_role("button", name="Use this key").click()

    expect(page.get_by_text("without spaces")).to_be_visible()
    assert len(api.requests) == before
