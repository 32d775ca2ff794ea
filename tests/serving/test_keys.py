"""API keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from switchyard.errors import RequestError
from switchyard.serving.keys import Keys

OLD, NEW = "old-key-of-enough-characters", "new-key-of-enough-characters"


def test_without_keys_nothing_is_wanted() -> None:
    assert not Keys({}).wanted


@pytest.mark.parametrize(
    ("authorization", "api_key", "opens"),
    [
        (None, OLD.encode(), True),
        (b"Bearer " + NEW.encode(), None, True),
        (b"bearer  " + NEW.encode(), None, True),
        (b"Basic " + NEW.encode(), None, False),
        (b"Bearer " + NEW.encode(), b"wrong", False),
        (None, b"", False),
        (None, None, False),
        (None, "ключ".encode(), False),
    ],
)
def test_each_key_opens(authorization: bytes | None, api_key: bytes | None, opens: bool) -> None:
    keys = Keys({"SWITCHYARD_API_KEYS": f"{OLD}, {NEW}"})

    assert keys.opens(authorization, api_key) is opens


def test_a_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text(f"{OLD}\n")
    keys = Keys({"SWITCHYARD_API_KEYS_FILE": str(path)})
    path.write_text(f"{NEW}\n\n")

    keys.refresh()

    assert not keys.opens(None, OLD.encode())
    assert keys.opens(None, NEW.encode())


def test_a_file_that_vanishes_or_is_emptied_keeps_the_door_shut(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text(f"{OLD}\n")
    keys = Keys({"SWITCHYARD_API_KEYS_FILE": str(path)})

    path.write_text("")
    keys.refresh()
    path.unlink()
    keys.refresh()

    assert keys.wanted
    assert keys.opens(None, OLD.encode())


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"SWITCHYARD_API_KEYS": "short"}, "fewer than 16 characters"),
        ({"SWITCHYARD_API_KEYS_FILE": "/nowhere/keys"}, "'/nowhere/keys' cannot be used"),
    ],
)
def test_useless_keys_are_refused(environment: dict[str, str], told: str) -> None:
    with pytest.raises(RequestError, match=told):
        Keys(environment)


def test_required_keys_must_be_there() -> None:
    with pytest.raises(RequestError, match="there are no API keys"):
        Keys({}, required=True)


@pytest.mark.parametrize("content", [b"short\n", b"\xff\xfe" * 20])
def test_a_wrong_file_is_refused_at_first_and_changes_nothing_later(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "keys"
    path.write_bytes(content)
    with pytest.raises(RequestError, match="cannot be used"):
        Keys({"SWITCHYARD_API_KEYS_FILE": str(path)})
    path.write_text(OLD)
    keys = Keys({"SWITCHYARD_API_KEYS_FILE": str(path)})
    path.write_bytes(content)

    for _ in range(2):
        keys.refresh()

    assert keys.opens(None, OLD.encode())
    assert caplog.text.count("the keys stay as they were") == 1
