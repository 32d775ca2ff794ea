from __future__ import annotations

import re
import socket
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import requests

from stacks.evidently_page import command_of
from switchyard.configuration.model import UseCase
from switchyard.errors import RequestError
from switchyard.monitoring.drift import compare
from switchyard.monitoring.records import MonitoringStore
from switchyard.monitoring.reports import add_to_workspace
from tests.labels import PHISHING


def case(store: str) -> UseCase:
    return UseCase.of(
        {
            "name": "phishing",
            "title": "Phishing",
            "serve": "fast",
            "labels": PHISHING.plain(),
            "candidates": [{"name": "fast", "estimator": "hashed-ngrams"}],
            "monitoring": {"store": store},
        }
    )


def test_without_a_history_the_next_step_is_told(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="--pipeline monitoring"):
        command_of(case(str(tmp_path)), "127.0.0.1", 8000)


def test_an_object_store_has_no_workspace() -> None:
    with pytest.raises(RequestError, match="object store"):
        command_of(case("memory://monitoring"), "127.0.0.1", 8000)


@pytest.mark.slow
def test_evidentlys_page_shows_the_history(tmp_path: Path) -> None:
    values = {"score": np.linspace(0, 1, 500, dtype=np.float32)}
    comparison = compare(values, values, 0.1, moment=datetime(2026, 9, 7, tzinfo=UTC))
    add_to_workspace(MonitoringStore(str(tmp_path)), "phishing", comparison)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    page = subprocess.Popen(command_of(case(str(tmp_path)), "127.0.0.1", port))
    try:
        projects = _answer(f"http://127.0.0.1:{port}/api/projects", page)
    finally:
        page.terminate()
        page.wait(30)
    assert re.search(r'"name":\s*"phishing"', projects)


def _answer(url: str, process: subprocess.Popen[bytes]) -> str:
    """What the page answers as soon as it answers at all."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        try:
            return requests.get(url, timeout=5).text
        except requests.ConnectionError:
            time.sleep(0.2)
    raise AssertionError(f"the page did not answer; exit code {process.poll()}")
