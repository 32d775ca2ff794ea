"""A whole file: uploaded, watched, downloaded."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.page.answers import Answer
from tests.page.conftest import Opened
from tests.page.fake_api import FakeApi

SCORE = "Judge the file"
DOWNLOAD = "Download the result"


def upload(page: Page, path: Path) -> None:
    page.get_by_label("CSV file").set_input_files(path)
    page.get_by_role("button", name=SCORE).click()


def test_a_csv_file_is_judged_and_downloaded(opened: Opened, api: FakeApi, csv_file: Path) -> None:
    page = opened()

    upload(page, csv_file)
    with page.expect_download() as download:
        page.get_by_role("link", name=DOWNLOAD).click()

    result = Path(download.value.path()).read_text()
    assert result.splitlines()[0] == "id,url,label,score,model_version,problem"
    assert len(result.splitlines()) == 4
    (request,) = api.asked("/jobs")
    assert request.query == {"format": ["csv"]}
    assert request.headers["Content-Type"] == "text/csv"
    assert request.body == csv_file.read_bytes()
    expect(page.get_by_text("Done: 3 rows, by version 3.")).to_be_visible()


def test_the_result_is_downloaded_with_the_key_where_one_is_needed(
    opened: Opened, api: FakeApi, csv_file: Path
) -> None:
    api.key = "secret"
    page = opened(wait="#key form")
    page.get_by_label("API key").fill("secret")
    page.get_by_label("API key").press("Enter")

    upload(page, csv_file)
    with page.expect_download() as download:
        page.get_by_role("button", name=DOWNLOAD).click()

    assert len(Path(download.value.path()).read_text().splitlines()) == 4
    assert download.value.suggested_filename == "verdicts.csv"


def test_progress_is_shown_while_the_job_runs(opened: Opened, api: FakeApi, csv_file: Path) -> None:
    running = {
        "id": "j1", "status": "running", "created": "2026-01-01T00:00:00Z", "rows": 2000,
        "rows_done": 500, "rows_rejected": 0, "error": None, "model_version": "3", "format": "csv",
    }  # fmt: skip
    api.next("/jobs/j1", *[Answer.json(running)] * 50)
    page = opened()

    upload(page, csv_file)

    expect(page.get_by_text("500 rows of 2000 judged")).to_be_visible()
    assert page.get_by_role("progressbar").evaluate("bar => [bar.value, bar.max]") == [500, 2000]


def test_a_failed_job_tells_why(opened: Opened, api: FakeApi, csv_file: Path) -> None:
    failed = {
        "id": "j1", "status": "failed", "created": "2026-01-01T00:00:00Z", "rows": None,
        "rows_done": 0, "rows_rejected": 0, "error": "there is no column url; there are: a, b",
        "model_version": "3", "format": "csv",
    }  # fmt: skip
    api.next("/jobs/j1", Answer.json(failed))
    page = opened()

    upload(page, csv_file)

    expect(page.locator(".job .problem")).to_contain_text("there is no column url")
    expect(page.get_by_text(DOWNLOAD)).to_have_count(0)


def test_a_refused_upload_is_told_at_the_form(opened: Opened, api: FakeApi, csv_file: Path) -> None:
    page = opened()
    api.next("/jobs", Answer.problem(503, "Queue full", "1000 jobs wait", retry_after=30))

    upload(page, csv_file)
    expect(page.locator("#file-problem")).to_contain_text("Try again in 30 seconds")
    page.get_by_role("button", name="Try again").click()

    expect(page.get_by_role("link", name=DOWNLOAD)).to_be_visible()
    expect(page.locator("#file-problem .problem")).to_have_count(0)


def test_files_that_cannot_work_are_not_sent(opened: Opened, api: FakeApi, tmp_path: Path) -> None:
    page = opened()
    picture, large = tmp_path / "cat.png", tmp_path / "large.csv"
    picture.write_bytes(b"\x89PNG")
    large.write_bytes(b"url\n" + b"example.com\n" * 100_000)

    page.get_by_role("button", name=SCORE).click()
    expect(page.locator("#file-problem")).to_contain_text("Choose a file first")
    upload(page, picture)
    expect(page.locator("#file-problem")).to_contain_text("Choose a CSV, NDJSON or Parquet file")
    upload(page, large)
    expect(page.locator("#file-problem")).to_contain_text("1.2 MB; the service takes up to 1 MB")

    assert api.asked("/jobs") == []


def test_a_job_is_found_again_after_a_reload_until_removed(opened: Opened, csv_file: Path) -> None:
    page = opened()
    upload(page, csv_file)
    expect(page.get_by_role("link", name=DOWNLOAD)).to_be_visible()

    page.reload()
    expect(page.locator(".job")).to_contain_text("urls.csv")
    expect(page.get_by_role("link", name=DOWNLOAD)).to_be_visible()
    page.get_by_role("button", name="Remove").click()
    expect(page.locator(".job")).to_have_count(0)
    page.reload()

    expect(page.locator("#room")).to_be_visible()
    expect(page.locator(".job")).to_have_count(0)


def test_a_job_that_is_gone_can_be_put_away(opened: Opened, api: FakeApi, csv_file: Path) -> None:
    gone = Answer.problem(404, "Not Found", "there is no job j1; results are kept for 7 days")
    api.next("/jobs/j1", gone)
    page = opened()

    upload(page, csv_file)
    expect(page.locator(".job .problem")).to_contain_text("results are kept for 7 days")
    page.get_by_role("button", name="Remove").click()

    expect(page.locator(".job")).to_have_count(0)
