"""Logins that Docker and Podman have left are found, and what is broken hides none."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from stacks.registries.logins import login_of

AUTH = {"auth": base64.b64encode(b"me:sec:ret").decode()}


@pytest.fixture(autouse=True)
def homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folders of nobody else: docker/, home/.docker/, run/containers/."""
    for folder in ("docker", "home/.docker", "run/containers"):
        (tmp_path / folder).mkdir(parents=True)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    return tmp_path


@pytest.mark.parametrize(
    "file", ["docker/config.json", "home/.docker/config.json", "run/containers/auth.json"]
)
def test_a_login_is_found_where_it_was_left(homes: Path, file: str) -> None:
    (homes / file).write_text(json.dumps({"auths": {"r:5000": AUTH}}))

    assert login_of("r:5000") == ("me", "sec:ret")
    assert login_of("other:5000") is None


@pytest.mark.parametrize(
    ("host", "left"),
    [
        ("r:5000", {"https://r:5000": AUTH}),
        ("r:5000", {"r:5000": {"username": "me", "password": "sec:ret"}}),
        ("docker.io", {"https://index.docker.io/v1/": AUTH}),
    ],
)
def test_the_ways_in_which_logins_are_written(homes: Path, host: str, left: Any) -> None:
    (homes / "docker" / "config.json").write_text(json.dumps({"auths": left}))

    assert login_of(host) == ("me", "sec:ret")


@pytest.mark.parametrize("broken", ["no JSON", '{"auths": {"r:5000": {"auth": "?"}}}', "{}"])
def test_a_file_that_cannot_be_read_hides_no_other(homes: Path, broken: str) -> None:
    (homes / "docker" / "config.json").write_text(broken)
    assert login_of("r:5000") is None

    (homes / "home" / ".docker" / "config.json").write_text(json.dumps({"auths": {"r:5000": AUTH}}))
    assert login_of("r:5000") == ("me", "sec:ret")
