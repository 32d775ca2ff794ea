"""What of a service's places is written down."""

from __future__ import annotations

from pathlib import Path

import pytest

from switchyard.configuration.serving import Serving
from switchyard.errors import RequestError
from switchyard.serving.locations import for_a_service, settled

QUEUE = "SWITCHYARD__SERVING__JOBS__QUEUE"
SECRET = "redis://:secret@queue.example:6379/0"


def test_relative_places_become_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    serving = Serving.of(
        {
            "state_dir": "state",
            "jobs": {"queue": "sqlite:///jobs.db", "store": "jobs"},
            "capture": {"store": "s3://bucket/rows"},
        }
    )

    found = settled(serving, {})

    assert found.state_dir == f"{tmp_path}/state"
    assert found.jobs.queue == f"sqlite:///{tmp_path}/jobs.db"
    assert found.jobs.store == f"{tmp_path}/jobs"
    assert found.capture.store == "s3://bucket/rows"
    assert settled(found, {}) == found


def test_what_is_usual_stays_as_it_is() -> None:
    assert settled(Serving(), {}) == Serving()


def test_a_password_stays_in_the_environment() -> None:
    serving = Serving.of({"jobs": {"queue": SECRET}})

    assert settled(serving, {QUEUE: SECRET}).jobs.queue == "redis://queue.example:6379/0"
    with pytest.raises(RequestError, match=rf"serving\.jobs\.queue holds a password.*{QUEUE}"):
        settled(serving, {})


def test_a_service_reads_passwords_and_no_other_settings_of_who_deploys_it() -> None:
    told = {QUEUE: SECRET, "SWITCHYARD__SERVING__PORT": "1", "SWITCHYARD_API_KEYS": "k", "A": "b"}

    assert for_a_service(told) == {QUEUE: SECRET, "SWITCHYARD_API_KEYS": "k", "A": "b"}
