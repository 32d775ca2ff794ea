"""Full names of images are taken apart; a registry is never guessed."""

from __future__ import annotations

import pytest

from stacks.registries.references import Reference, is_insecure
from switchyard.errors import RequestError

DIGEST = f"sha256:{'0' * 64}"


@pytest.mark.parametrize(
    ("reference", "parts"),
    [
        ("localhost:5000/a/b:1", ("localhost:5000", "a/b", "1")),
        ("example.com/a", ("example.com", "a", "latest")),
        (f"example.com/a@{DIGEST}", ("example.com", "a", DIGEST)),
        (f"example.com/a:1@{DIGEST}", ("example.com", "a", DIGEST)),
    ],
)
def test_a_reference_is_taken_apart(reference: str, parts: tuple[str, str, str]) -> None:
    assert Reference.of(reference) == parts


@pytest.mark.parametrize("reference", ["steps:1", "switchyard/steps:1", "UPPER/x", "localhost", ""])
def test_a_name_without_a_registry_is_refused(reference: str) -> None:
    with pytest.raises(RequestError, match="names no registry"):
        Reference.of(reference)


@pytest.mark.parametrize("text", ["r:5000/X", "r:5000/x@sha256:short", "r:5000/x:1:2"])
def test_what_is_no_image_of_a_registry_is_refused(text: str) -> None:
    with pytest.raises(RequestError, match=r"is no image of a registry; .* r:5000/"):
        Reference.of(text)


def test_only_registries_of_this_machine_may_speak_http() -> None:
    assert all(map(is_insecure, ("127.0.0.1:5000", "localhost", "localhost:5000", "[::1]:5000")))
    assert not any(
        map(is_insecure, ("10.0.0.1:5000", "example.com", "docker.io", "[fd00::1]:5000"))
    )
