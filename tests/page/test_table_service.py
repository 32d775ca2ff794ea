"""The page in front of the real service of a use case of tables."""

from __future__ import annotations

import csv
import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, ViewportSize, expect

from switchyard.capture import reading
from switchyard.configuration.layers import resolve
from tests.page.conftest import Opened
from tests.page.test_access import CONTRAST
from tests.page.test_files import DOWNLOAD
from tests.services import PATIENCE_S, ROOT, Service
from tests.table_models import package_of

pytestmark = pytest.mark.slow

PHONE: ViewportSize = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    case = resolve(ROOT / "configs" / "student.yaml", {}).use_case
    folder = tmp_path_factory.mktemp("student")
    (folder / "service").mkdir()
    package = package_of(folder, case.definition)
    made = Service(folder / "service", package, case.title, capture={"flush_s": 0.2}).start()
    yield made
    made.stop()


@pytest.fixture
def api(student: Service) -> Service:
    """The service itself instead of the stand-in."""
    return student


def predict(page: Page) -> None:
    page.get_by_role("button", name="Use an example").click()
    page.get_by_role("button", name="Predict", exact=True).click()
    page.wait_for_selector(".why.ready")


def test_a_score_is_predicted_explained_and_told(opened: Opened, student: Service) -> None:
    page = opened()
    expect(page.locator("h1")).to_contain_text("Student scores")
    example = student.get("/model").json()["examples"][0]

    predict(page)

    known = httpx.post(
        f"{student.url}/predict", json={"instances": [example]}, timeout=PATIENCE_S
    ).json()
    (expected,) = known["predictions"]
    expect(page.locator(".verdict h3")).to_have_text(f"{expected['value']:.1f}\u00a0points")
    expect(page.locator(".within")).to_contain_text(
        f"{expected['low']:.1f} to {expected['high']:.1f}\u00a0points"
    )
    assert "SYNTHETIC" in page.locator("body").inner_text()
    *parts, total = [
        float(text.replace("\u2212", "-"))
        for text in page.locator(".numbers td.number").all_text_contents()
    ]
    assert sum(parts) == pytest.approx(total, abs=0.0005 * len(parts))
    assert total == pytest.approx(expected["value"], abs=0.01)

    page.get_by_label("What was it really? in points").fill("71.25")
    page.get_by_role("button", name="Record").click()
    expect(page.get_by_text("Recorded as 71.25\u00a0points.")).to_be_visible()
    assert labels_in_the_store(student) == ["71.25"]


def labels_in_the_store(service: Service) -> list[str]:
    """Once there are any: the companion moves them there."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        found = reading.labelled(service.settings.capture_store).to_pylist()
        if found:
            return [each["true_label"] for each in found]
        time.sleep(0.2)
    return []


def test_a_value_that_was_not_trained_is_warned_of(opened: Opened) -> None:
    page = opened()
    page.get_by_role("button", name="Use an example").click()

    page.get_by_role("spinbutton", name="Writing").fill("140")
    page.get_by_role("button", name="Predict", exact=True).click()

    expect(page.get_by_role("list", name="Warnings")).to_contain_text(
        "'writing' 140 is above what was trained"
    )


def rows_with_a_bad_one(student: Service, folder: Path) -> Path:
    """A file of two good rows and one whose last number is none."""
    rows = [dict(each) for each in student.get("/model").json()["examples"][:2]]
    rows.append({**rows[0], "writing": "much"})
    path = folder / "class.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_rows_are_answered_but_for_the_one_that_cannot_be(
    opened: Opened, student: Service, tmp_path: Path
) -> None:
    page = opened()
    path = rows_with_a_bad_one(student, tmp_path)

    page.get_by_label("Many rows (CSV)").check()
    page.get_by_label("Rows as CSV").fill(path.read_text("utf-8"))
    page.get_by_role("button", name="Predict", exact=True).click()

    expect(page.locator(".sheet tbody tr")).to_have_count(3)
    expect(page.locator(".sheet .refused")).to_have_count(1)
    expect(page.locator(".sheet .refused")).to_contain_text(re.compile("writing", re.IGNORECASE))

    page.get_by_label("CSV file").set_input_files(path)
    page.get_by_role("button", name="Predict the file").click()
    with page.expect_download(timeout=180_000) as download:
        page.get_by_role("link", name=DOWNLOAD).click(timeout=180_000)
    found = list(csv.DictReader(Path(download.value.path()).read_text("utf-8").splitlines()))
    assert [bool(each["prediction"]) for each in found] == [True, True, False]
    assert found[2]["problem"] == "writing: 'much' is no number"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [{"width": 1280, "height": 900}, PHONE], ids=["desk", "phone"])
def test_the_answer_can_be_read_anywhere(
    opened: Opened, size: ViewportSize, scheme: str, tmp_path: Path
) -> None:
    page = opened(viewport=size, color_scheme=scheme, reduced_motion="reduce")

    predict(page)

    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert page.evaluate(CONTRAST) == []
    page.screenshot(path=tmp_path / f"{scheme}-{size['width']}.png", full_page=True)
