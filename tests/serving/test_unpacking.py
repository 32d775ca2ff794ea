"""Packed bodies."""

from __future__ import annotations

import gzip
import zlib

import pytest

from switchyard.serving.problems import Problem
from switchyard.serving.unpacking import unpacked


@pytest.mark.parametrize(
    ("packed", "encoding"),
    [
        (gzip.compress(b"hello", mtime=0), b"gzip"),
        (gzip.compress(b"hello", mtime=0), b" X-GZIP "),
        (zlib.compress(b"hello"), b"deflate"),
        (b"hello", b"identity"),
        (b"hello", b""),
    ],
)
def test_bodies_are_unpacked(packed: bytes, encoding: bytes) -> None:
    assert unpacked(packed, encoding, 5) == b"hello"


@pytest.mark.parametrize(
    ("packed", "encoding", "status"),
    [
        (gzip.compress(b"hello", mtime=0), b"br", 415),
        (gzip.compress(b"hello", mtime=0), b"gzip, gzip", 415),
        (b"hello", b"gzip", 400),
        (gzip.compress(b"hello", mtime=0)[:-9], b"gzip", 400),
        (gzip.compress(b"x" * 10_000_000, mtime=0), b"gzip", 413),
    ],
)
def test_others_are_refused(packed: bytes, encoding: bytes, status: int) -> None:
    with pytest.raises(Problem) as refusal:
        unpacked(packed, encoding, 1000)

    assert refusal.value.status == status


def test_members_that_follow_one_another_are_one_body() -> None:
    packed = gzip.compress(b'{"a":', mtime=0) + gzip.compress(b"1}", mtime=0)

    assert unpacked(packed, b"gzip", 100) == b'{"a":1}'
    with pytest.raises(Problem, match="not gzip"):
        unpacked(gzip.compress(b"1", mtime=0) + b"rubbish", b"gzip", 100)
    with pytest.raises(Problem, match="more than 6 bytes"):
        unpacked(packed, b"gzip", 6)
