from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import requests

from stacks.evidently_page import show_history
from switchyard.errors import RequestError
from switchyard.monitoring.drift import compare
from switchyard.monitoring.records import MonitoringStore
from switchyard.monitoring.reports import add_to_workspace

RUN = str(Path(__file__).resolve().parents[2] / "run.py")


def test_without_a_history_the_next_step_is_told(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="--pipeline monitoring"):
        show_history(MonitoringStore(str(tmp_path)), "phishing", "127.0.0.1", 8000)


@pytest.mark.slow
@pytest.mark.parametrize("given", ["one", "state"])
def test_evidentlys_page_shows_the_history_and_ends_when_it_is_asked_to(
    tmp_path: Path, given: str
) -> None:
    values = {"score": np.linspace(0, 1, 500, dtype=np.float32)}
    comparison = compare(values, values, 0.1, moment=datetime(2026, 9, 7, tzinfo=UTC))
    place = tmp_path / "phishing" / "monitoring"
    add_to_workspace(MonitoringStore(str(place)), "phishing", comparison)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    named = ["--state", str(tmp_path)]
    if given == "one":
        named = ["--set", f"monitoring.store={place}"]
    page = subprocess.Popen([sys.executable, RUN, "ui", "evidently", *named, "--port", str(port)])
    try:
        projects = _answer(f"http://127.0.0.1:{port}/api/projects", page)
    finally:
        page.terminate()
        code = page.wait(600)  # for hangs only
    assert re.search(r'"name":\s*"phishing"', projects)
    assert code == 0


def _answer(url: str, process: subprocess.Popen[bytes]) -> str:
    """What the page answers as soon as it answers at all."""
    deadline = time.monotonic() + 600
    while time.monotonic() < deadline and process.poll() is None:
        try:
            return requests.get(url, timeout=5).text
        except requests.ConnectionError:
            time.sleep(0.2)
    raise AssertionError(f"the page did not answer; exit code {process.poll()}")
