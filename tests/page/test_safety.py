"""Hostile text is shown as text, and the page speaks to its own service only.

The `opened` fixture checks after every test that no script failed, no policy was broken (markup
made from strings would break it) and nothing left the origin.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.page.conftest import Opened, ask
from tests.page.fake_api import PAGE, FakeApi

HOSTILE = {
    "script": "example.com/<script>window.hacked=1</script>",
    "image": 'example.com/"><img src=x onerror=window.hacked=1>',
    "address": "javascript:window.hacked=1",
    "style": "example.com/</style><svg onload=window.hacked=1>",
    "emoji": "👩‍🚀.example/é🏳️‍🌈",
    "long": "example.com/" + "a" * 8000,
    "words": "constructor __proto__ toString",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_only_text(opened: Opened, text: str) -> None:
    page = opened(viewport={"width": 360, "height": 740})

    ask(page, text)

    shown = page.locator(".subject").inner_text().replace("U+200D", "\u200d")
    assert shown == text
    assert page.evaluate("window.hacked") is None
    expect(page.locator(".verdict a, .verdict img, .verdict script")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("letter", ["\u202e", "\u200b", "\0", "\u2066"])
def test_what_cannot_be_seen_is_shown_as_its_code(
    opened: Opened, api: FakeApi, letter: str
) -> None:
    page = opened()

    ask(page, f"example.com/a{letter}gpj.exe")

    code = f"U+{ord(letter):04X}"
    expect(page.locator(".subject .unseen")).to_have_text(code)
    expect(page.locator(".canonical .unseen")).to_have_text(code)
    assert letter not in page.locator("#verdicts").inner_text()
    assert api.asked("/predict")[0].json["instances"][0]["url"] == f"example.com/a{letter}gpj.exe"


def test_the_card_is_rendered_and_its_markup_and_addresses_stay_text(opened: Opened) -> None:
    page = opened()

    page.get_by_text("About this model").click()

    card = page.locator(".card")
    expect(card.get_by_role("heading", level=3)).to_have_text("Phishing URLs: model fast")
    expect(card.locator("blockquote strong")).to_have_text("Synthetic sample.")
    expect(card.locator("td")).to_have_text(["ROC AUC", "0.9876", "a | b"])
    expect(card.locator("pre")).to_contain_text("<b>folder</b>")
    expect(card.locator("li").nth(1)).to_contain_text("(https://evil.example/) and <script>")
    expect(card.locator("a, script, b")).to_have_count(0)
    expect(page.get_by_role("link", name="API documentation")).to_have_attribute("href", "docs")
    expect(page.locator("#about")).to_contain_text("Max instances")


def test_a_synthetic_model_says_so_in_a_banner(opened: Opened) -> None:
    page = opened()

    expect(page.locator("#notice")).to_have_text(
        "Synthetic sample: this model learnt from generated rows."
    )


def test_the_files_hold_no_inline_script_style_or_foreign_address() -> None:
    for path in PAGE.iterdir():
        text = path.read_text(encoding="utf-8")
        foreign = set(re.findall(r"https?://[^\s\"'`)]+", text)) - {"http://www.w3.org/2000/svg"}
        assert not foreign, path.name
        assert "innerHTML" not in text, path.name
        assert not re.search(r"<script(?![^>]* src=)|<style| style=| on\w+=\"", text), path.name
