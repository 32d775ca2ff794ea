"""Processes killed for real: what was acknowledged is in the store, once."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from switchyard.capture import reading

ROOT = Path(__file__).resolve().parents[2]
Make = Callable[..., Any]

OPEN = """
import os, sys, time
from switchyard.capture.compaction import Compactor
from switchyard.capture.recorder import Recorder, SpoolFull
from switchyard.serving.settings import Settings
settings = Settings.model_validate_json(sys.argv[1])
"""
WRITE = f"""{OPEN}
recorder = Recorder(settings, "d", True)
url = "a.example/" + "x" * 300
for number in range(10**9):
    key = recorder.issue(1)
    body = '{{"instances":[{{"url":"%s"}}]}}' % url
    answer = '{{"model_version":"3","threshold":0.4,"predictions":[{{"label":"x","score":0.5}}]}}'
    while True:
        try:
            recorder.prediction(key, body.encode(), answer.encode())
            break
        except SpoolFull:  # not answered, and tried again when the compactors have caught up
            time.sleep(0.01)
            recorder.tick()
    label = number % 200 == 0
    if label:
        recorder.feedback(key.decode(), 0, "benign")
    os.write(1, key + (b" labelled\\n" if label else b"\\n"))
    if number % 500 == 0:
        recorder.tick()
"""
COMPACT = f"""{OPEN}
compactor = Compactor(settings)
os.write(1, b"ready\\n")
while True:
    compactor.run_once()
"""


def start(code: str, kept: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", code, kept.settings.model_dump_json()],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )


def kill(process: subprocess.Popen[bytes]) -> list[bytes]:
    """Kill the process and return the whole lines that it had still written."""
    process.send_signal(signal.SIGKILL)
    rest, _ = process.communicate()
    return rest.split(b"\n")[:-1]


def lines(process: subprocess.Popen[bytes], count: int) -> list[bytes]:
    assert process.stdout is not None
    found = [process.stdout.readline().rstrip() for _ in range(count)]
    assert found[-1], "the process ended by itself"
    return found


@pytest.mark.slow
def test_all_that_a_killed_process_acknowledged_is_in_the_store(service: Make) -> None:
    kept = service(max_spool_mb=32)  # segments of 4 MB
    writers = [start(WRITE, kept) for _ in range(2)]
    told = [line for writer in writers for line in lines(writer, 4_000)]
    told += [line for writer in writers for line in kill(writer)]

    kept.compactor().run_once()

    found = reading.predictions(kept.store)["request_id"].to_pylist()
    acknowledged = {line[:40].decode() for line in told}
    assert len(found) == len(set(found))
    assert acknowledged <= set(found)
    assert len(found) - len(acknowledged) <= len(writers)  # written, but not yet told
    labelled = {line[:40].decode() for line in told if b"labelled" in line}
    assert labelled
    assert labelled <= set(reading.feedback(kept.store)["request_id"].to_pylist())
    assert kept.segments == []


@pytest.mark.slow
def test_killed_compactors_beside_a_writer_lose_and_double_nothing(service: Make) -> None:
    kept = service(max_spool_mb=32, flush_s=0.01)
    writer = start(WRITE, kept)
    told = lines(writer, 1_000)
    for _ in range(4):
        compactors = [start(COMPACT, kept) for _ in range(2)]
        for compactor in compactors:
            lines(compactor, 1)
        told += lines(writer, 1_500)
        for compactor in compactors:
            kill(compactor)
    told += kill(writer)

    kept.compactor().run_once()

    times = Counter(reading.predictions(kept.store)["request_id"].to_pylist())
    assert {line[:40].decode() for line in told} <= set(times)
    assert set(times.values()) == {1}
    assert kept.compactor().damaged == 0
