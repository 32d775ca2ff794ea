"""What a service is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from switchyard.configuration.serving import Serving
from switchyard.errors import PlatformError, RequestError
from switchyard.serving.settings import Settings, read


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    settings = Settings(
        name="phishing",
        title="Phishing",
        model_version="3",
        content_sha256="0" * 64,
        serving=Serving(state_dir="/state"),
    )
    (tmp_path / "service.json").write_text(json.dumps(settings.plain()))
    return tmp_path


def test_places_default_to_the_state_folder(folder: Path) -> None:
    settings = read(folder, {})

    assert settings.spool == Path("/state/phishing/capture/spool")
    assert settings.capture_store == "/state/phishing/capture/store"
    assert settings.queue == "sqlite:////state/phishing/jobs/queue.db"
    assert settings.jobs_store == "/state/phishing/jobs/files"


def test_the_environment_stands_above_the_file(folder: Path) -> None:
    settings = read(
        folder,
        {
            "SWITCHYARD__SERVING__PORT": "3100",
            "SWITCHYARD__SERVING__CAPTURE__STORE": "s3://rows/phishing",
            "SWITCHYARD__TUNING__FOLDS": "7",
        },
    )

    assert settings.serving.port == 3100
    assert settings.capture_store == "s3://rows/phishing"


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("SWITCHYARD__SERVING__PORT", "none", "SWITCHYARD__SERVING__PORT: 'serving.port'"),
        ("SWITCHYARD__SERVING__PROT", "3000", "unknown key 'serving.prot'.*port"),
    ],
)
def test_a_wrong_variable_is_named(folder: Path, variable: str, value: str, told: str) -> None:
    with pytest.raises(RequestError, match=told):
        read(folder, {variable: value})


def test_a_missing_or_broken_file_is_the_platforms_fault(folder: Path) -> None:
    (folder / "service.json").write_text("{")

    with pytest.raises(PlatformError, match=r"service\.json"):
        read(folder, {})
