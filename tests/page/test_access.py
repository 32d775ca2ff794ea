"""Everybody's page: keyboard only, small screens, light and dark, without movement."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.page.conftest import Opened, ask
from tests.page.fake_api import FakeApi

PHISHING = "paypa1-login.example/verify"
PHONE: ViewportSize = {"width": 360, "height": 740}

CONTRAST = """() => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const rgba = (colour) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const over = ([r, g, b, a], under) =>
    [r, g, b].map((part, at) => part * a / 255 + under[at] * (1 - a / 255));
  const ground = (node) => node === null ? [255, 255, 255]
    : over(rgba(getComputedStyle(node).backgroundColor), ground(node.parentElement));
  const light = (colour) => { const [r, g, b] = colour.map((part) => { part /= 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const poor = [];
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some((each) => each.nodeType === 3 && each.data.trim());
    if (!own || node.closest("svg, noscript, option") || !node.getClientRects().length) continue;
    const [a, b] = [light(over(rgba(getComputedStyle(node).color), ground(node))),
                    light(ground(node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.push(`${node.className || node.tagName}: ${ratio.toFixed(2)}`);
  }
  return poor;
}"""

SHIFTS = """() => { window.shifted = 0; new PerformanceObserver((list) => {
  for (const one of list.getEntries()) window.shifted += one.value;
}).observe({type: "layout-shift", buffered: true}); }"""


def tab_to(page: Page, reached: Callable[[], bool]) -> None:
    for _ in range(40):
        page.keyboard.press("Tab")
        if reached():
            return
    raise AssertionError(f"not reachable by Tab; the focus is at {focus(page)}")


def focus(page: Page) -> str:
    return str(page.evaluate("document.activeElement.outerHTML.slice(0, 200)"))


def test_the_whole_journey_works_by_keyboard(opened: Opened, api: FakeApi) -> None:
    page = opened()

    page.keyboard.press("Tab")
    assert "Skip to the form" in focus(page)
    page.keyboard.press("Enter")
    tab_to(page, lambda: "<textarea" in focus(page))
    page.keyboard.type(PHISHING)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".chart svg")).to_be_visible()
    tab_to(page, lambda: "As a table" in focus(page))
    page.keyboard.press("Enter")
    expect(page.locator(".numbers table")).to_be_visible()
    tab_to(page, lambda: "Wrong" in focus(page))
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    page.keyboard.press("Space")
    expect(page.get_by_text("Recorded as benign.")).to_be_visible()
    tab_to(page, lambda: "file-field" in focus(page))
    tab_to(page, lambda: "About this model" in focus(page))

    assert outline == "solid"
    assert api.feedback[0]["label"] == "benign"


def test_every_control_has_a_name_and_results_are_announced(opened: Opened) -> None:
    page = opened()

    ask(page, PHISHING)

    tree = page.locator("body").aria_snapshot()
    assert '- textbox "URL"' in tree
    assert "- button\n" not in tree
    assert 'img "Contributions in log-odds: login +2.50' in tree
    expect(page.locator("#summary")).to_have_attribute("role", "status")


@pytest.mark.parametrize("touch", [True, False])
def test_a_phone_needs_no_sideways_scrolling(opened: Opened, touch: bool) -> None:
    page = opened(viewport=PHONE, has_touch=touch, is_mobile=touch)

    ask(page, "https://" + "averylongword" * 20 + ".example/" + "verify/" * 60)
    page.get_by_text("As a table").click()
    page.get_by_text("About this model").click()

    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    small = "[...document.querySelectorAll('button, .button')].filter((one) => one.offsetHeight "
    assert page.evaluate(small + "&& one.offsetHeight < 44).length") == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_stands_out_from_its_ground(opened: Opened, scheme: str) -> None:
    page = opened(color_scheme=scheme, reduced_motion="reduce")

    page.get_by_role("button", name="Judge", exact=True).click()
    ask(page, PHISHING, "en.wikipedia.org/a\u202eb")
    page.get_by_role("button", name="Judge the file").click()
    for summary in page.locator("summary").all():
        if summary.is_visible():
            summary.click()
    page.locator(".thumb").first.click()
    expect(page.get_by_text("Recorded as")).to_be_visible()

    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(22, 24, 28)"
    assert dark == (scheme == "dark")
    assert page.evaluate(CONTRAST) == []


def test_nothing_moves_while_verdicts_arrive(opened: Opened) -> None:
    page = opened(viewport={"width": 1280, "height": 900})
    page.evaluate(SHIFTS)

    ask(page, PHISHING)
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    assert page.evaluate("window.shifted") < 0.01


def test_the_picture_fits_its_room_after_turning_the_phone(opened: Opened) -> None:
    page = opened(viewport=PHONE)
    ask(page, PHISHING)

    page.set_viewport_size({"width": 740, "height": 360})

    expect(page.locator(".chart svg")).not_to_have_attribute("width", "0")
    page.wait_for_function(
        "document.querySelector('.chart svg').clientWidth === "
        "Math.floor(document.querySelector('.chart').clientWidth)"
    )
