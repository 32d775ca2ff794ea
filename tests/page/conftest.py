"""A real browser on the page, served by the stand-in API; every test also checks its manners."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from playwright.sync_api import Browser, Page, Request, expect, sync_playwright

from tests.page.fake_api import FakeApi

Opened: TypeAlias = Callable[..., Page]
PATIENCE_MS = 60_000
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
EXPECTED = re.compile(r"Failed to load resource: the server responded with a status of [45]\d\d")
"""Chromium reports each refused request as an error; that is the API's answer, not a fault."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a window; ends with the module, because its loop blocks asyncio.run."""
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    if executable is None:
        pytest.skip("chromium is not installed; with Debian: apt-get install chromium")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def api() -> Iterator[FakeApi]:
    """A stand-in for the service, of this test's own."""
    served = FakeApi()
    yield served
    served.close()


@pytest.fixture
def opened(browser: Browser, api: FakeApi) -> Iterator[Opened]:
    """Opens the page with the options of a browser context.

    At the end no script failed, the security policy was kept and nothing left the origin.
    """
    faults: list[str] = []
    contexts = []

    def watch(request: Request) -> None:
        if not request.url.startswith((api.url, f"blob:{api.url}", "data:")):
            faults.append(f"asked {request.url}")

    def open_page(*, wait: str = "#room", **options: Any) -> Page:
        context = browser.new_context(**options)
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("request", watch)
        page.on("pageerror", lambda error: faults.append(f"threw {error}"))
        page.on(
            "console",
            lambda message: (
                faults.append(f"said {message.text}")
                if message.type in {"error", "warning"} and not EXPECTED.match(message.text)
                else None
            ),
        )
        page.on("dialog", lambda dialog: faults.append(f"a dialog: {dialog.message}"))
        page.goto(api.url)
        page.wait_for_selector(wait)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert faults == []


@pytest.fixture
def csv_file(tmp_path: Path) -> Path:
    """Three rows to upload."""
    path = tmp_path / "urls.csv"
    path.write_text("id,url\n1,paypa1-login.example/verify\n2,en.wikipedia.org\n3,example.com\n")
    return path


def ask(page: Page, *lines: str) -> None:
    """Type the lines, press the button, wait for the reasons of the first verdict."""
    page.get_by_label("URL", exact=True).fill("\n".join(lines))
    page.get_by_role("button", name="Judge", exact=True).click()
    page.wait_for_selector(".verdict .why.ready", state="attached")
