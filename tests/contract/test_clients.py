"""Clients of other servers, each in an environment of its own: their pins do not suit ours."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.services import Service

pytestmark = pytest.mark.slow

CLIENTS = Path(__file__).with_name("clients")
URLS = ["paypa1-login.example/verify", "en.wikipedia.org/wiki/Yard"]


def asked(program: str, package: str, service: Service) -> Any:
    uv = shutil.which("uv")
    if uv is None:
        pytest.skip("uv is not installed, which makes the clients' environments")
    command = [uv, "run", "--no-project", "--isolated", "--with", package]
    done = subprocess.run(
        [*command, str(CLIENTS / program), service.url, *URLS],
        capture_output=True,
        text=True,
        cwd=service.folder,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_kserves_client_works_unchanged(service: Service) -> None:
    found = asked("kserve_asks.py", "kserve==0.21.0", service)

    expected = service.predict(*URLS).json()["predictions"]
    assert found["ready"] == [True, True, True]
    assert found["label"] == [each["label"] for each in expected]
    assert found["score"] == [each["score"] for each in expected]


def test_mlservers_types_and_codecs_work_unchanged(service: Service) -> None:
    found = asked("mlserver_asks.py", "mlserver==1.7.1", service)

    expected = service.predict(*URLS).json()["predictions"]
    assert found["label"] == [each["label"] for each in expected]
    assert found["score"] == [each["score"] for each in expected]
