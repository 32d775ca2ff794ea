"""The page in front of the real service."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.page.conftest import Opened, ask
from tests.page.test_files import DOWNLOAD, upload
from tests.services import Service


@pytest.fixture
def api(service: Service) -> Service:
    """The service itself instead of the stand-in."""
    return service


def test_urls_are_judged_and_explained(opened: Opened) -> None:
    page = opened()

    ask(page, "paypa1-login.example/verify", "en.wikipedia.org/wiki/Yard")

    assert page.locator(".verdict").count() == 2
    assert page.locator(".verdict svg").count() >= 2
    assert "SYNTHETIC" in page.locator("body").inner_text()


def test_feedback_is_recorded(opened: Opened) -> None:
    page = opened()
    ask(page, "paypa1-login.example/verify")

    page.locator(".verdict button[aria-pressed]").first.click()

    page.wait_for_selector(".verdict button[aria-pressed=true]")


def test_a_file_is_scored_and_can_be_had(opened: Opened, csv_file: Path) -> None:
    page = opened()

    upload(page, csv_file)
    with page.expect_download(timeout=180_000) as download:
        page.get_by_role("link", name=DOWNLOAD).click(timeout=180_000)

    lines = Path(download.value.path()).read_text().splitlines()
    assert lines[0] == "id,url,label,score,model_version,problem"
    assert len(lines) == 4


def test_the_document_of_the_api_is_shown_without_the_internet(
    opened: Opened, service: Service
) -> None:
    page = opened()

    page.goto(f"{service.url}/docs")

    page.wait_for_selector(".opblock >> text=/predict")
