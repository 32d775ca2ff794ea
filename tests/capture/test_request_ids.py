from __future__ import annotations

import base64
import stat
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from switchyard.capture import request_ids
from switchyard.capture.request_ids import KEY_VARIABLE, RequestIds, load_key, time_of
from switchyard.errors import PlatformError, RequestError

KEY = b"k" * 32


@settings(deadline=None)
@given(st.integers(1, 2**32 - 1), st.sampled_from([0.0, 1.0]))
def test_an_id_says_what_it_was_issued_for(instances: int, sample: float) -> None:
    ids = RequestIds(KEY, sample)
    before = time.time_ns() // 1000
    issued = ids.issue(instances)

    found = RequestIds(KEY, 0.5).read(issued.decode())

    assert found is not None
    assert (found.instances, found.kept) == (instances, sample == 1.0)
    assert before <= found.time_us <= time.time_ns() // 1000
    assert time_of(issued) == found.time_us


def test_ids_are_40_characters_that_any_address_or_file_name_takes() -> None:
    ids = RequestIds(KEY, 1.0)
    for _ in range(200):
        issued = ids.issue(1).decode()
        assert len(issued) == 40
        assert issued.replace("-", "").replace("_", "").isalnum()


def test_no_two_ids_are_equal_though_the_clock_stands_still(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(request_ids, "time_ns", lambda: 1_700_000_000_000_000_000)
    one, other = RequestIds(KEY, 1.0), RequestIds(KEY, 1.0)
    issued = [ids.issue(1) for ids in (one, other) for _ in range(1000)]
    assert len(set(issued)) == 2000


@settings(deadline=None)
@given(st.integers(0, 239))
def test_an_id_with_any_bit_changed_is_unknown(bit: int) -> None:
    ids = RequestIds(KEY, 1.0)
    content = bytearray(base64.urlsafe_b64decode(ids.issue(1)))
    content[bit // 8] ^= 1 << bit % 8
    assert ids.read(base64.urlsafe_b64encode(content).decode()) is None


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_unknown_rather_than_an_error(text: str) -> None:
    assert RequestIds(KEY, 1.0).read(text) is None


def test_an_id_in_the_other_alphabet_of_base64_is_unknown() -> None:
    ids = RequestIds(KEY, 1.0)
    issued = next(
        text for text in (ids.issue(1).decode() for _ in range(1000)) if "-" in text or "_" in text
    )
    assert ids.read(issued) is not None
    assert ids.read(issued.replace("-", "+").replace("_", "/")) is None


def test_an_id_of_another_key_is_unknown() -> None:
    assert RequestIds(b"x" * 32, 1.0).read(RequestIds(KEY, 1.0).issue(1).decode()) is None


def test_the_share_of_kept_ids_is_the_sample() -> None:
    ids = RequestIds(KEY, 0.25)
    kept = sum(ids.issue(1).startswith(b"K") for _ in range(20_000))
    assert 4_600 < kept < 5_400  # six standard deviations


def test_the_key_is_made_once_and_for_the_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    first = load_key(folder)
    assert load_key(folder) == first
    assert len(first) == 32
    assert [path.name for path in folder.iterdir()] == [request_ids.KEY_FILE]
    assert stat.S_IMODE((folder / request_ids.KEY_FILE).stat().st_mode) == 0o600


def test_of_two_processes_that_make_the_key_both_use_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = load_key(tmp_path)
    monkeypatch.setattr(Path, "exists", lambda _: False)  # as if it had come in between
    assert load_key(tmp_path) == first


def test_the_variable_comes_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "ab" * 16)
    assert load_key(tmp_path) == b"\xab" * 16
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("value", ["", "no key", "ab" * 15])
def test_a_variable_that_is_no_key_is_refused_without_repeating_it(
    value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, value)
    with pytest.raises(RequestError, match="openssl rand") as caught:
        load_key(tmp_path)
    assert not value or value not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"zz"])
def test_a_damaged_key_file_is_named(content: bytes, tmp_path: Path) -> None:
    (tmp_path / request_ids.KEY_FILE).write_bytes(content)
    with pytest.raises(PlatformError, match=r"request-id\.key"):
        load_key(tmp_path)
