"""What /jobs promises."""

from __future__ import annotations

import time

import httpx

from tests.services import Service


def test_jobs_are_scored_like_requests(service: Service) -> None:
    csv = b"name,url\none,paypa1-login.example/verify\ntwo,\n"
    posted = service.post("/jobs?format=json", csv, content_type="text/csv")
    assert posted.status_code == 202, posted.text

    deadline = time.monotonic() + 180
    while (job := service.get(posted.headers["location"]).json())["status"] != "succeeded":
        assert time.monotonic() < deadline, job
        time.sleep(0.05)
    rows = service.get(f"{posted.headers['location']}/result").json()

    rows = rows["instances"] if isinstance(rows, dict) else rows
    (expected,) = service.predict("paypa1-login.example/verify").json()["predictions"]
    assert (rows[0]["label"], rows[0]["score"]) == (expected["label"], expected["score"])
    assert rows[1]["score"] is None
    assert rows[1]["problem"] == "empty"
    assert job["rows"] == 2
    assert job["rows_rejected"] == 1


def test_a_deleted_job_is_gone(service: Service) -> None:
    posted = service.post("/jobs", b"url\na.com\n", content_type="text/csv")
    place = f"{service.url}{posted.headers['location']}"

    assert httpx.delete(place).status_code == 204
    assert httpx.get(place).status_code == 404
    assert httpx.delete(place).status_code == 404


def test_a_job_of_another_kind_of_file_is_refused(service: Service) -> None:
    answer = service.post("/jobs", b"<xml/>", content_type="text/xml")

    assert answer.status_code == 415
    assert "text/csv" in answer.json()["detail"]
