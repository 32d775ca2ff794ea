"""One retraining at a time, whoever asks and however the others ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from switchyard.monitoring.records import MonitoringStore
from switchyard.retraining.leases import UNTOLD, Lease
from switchyard.retraining.locks import LEASE, holder, lease

HOLDING = """
import sys, time
from switchyard.monitoring.records import MonitoringStore
from switchyard.retraining.locks import lease

with lease(MonitoringStore(sys.argv[1])) as other:
    print("refused" if other else "got", flush=True)
    sys.stdin.readline()
"""


def asking(store: MonitoringStore) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", HOLDING, store.location],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def ended(process: subprocess.Popen[str]) -> None:
    process.communicate("\n", timeout=180)


@pytest.fixture
def store(tmp_path: Path) -> MonitoringStore:
    return MonitoringStore(str(tmp_path / "monitoring"))


def of_another_machine(beat: float) -> Lease:
    return Lease(owner="x", host="elsewhere", pid=1, start="1", since=beat, beat=beat)


def test_it_is_got_and_given_back(store: MonitoringStore) -> None:
    with lease(store) as other:
        assert other is None
        assert holder(store) is not None
    assert holder(store) is None


def test_a_second_one_is_told_who_has_it(store: MonitoringStore) -> None:
    with lease(store), lease(store) as other:
        assert other is not None
        assert other.pid == os.getpid()


def test_what_goes_on_with_the_owners_work_has_it_at_once(store: MonitoringStore) -> None:
    with lease(store, owner="run"), lease(store, owner="run") as again:
        assert again is None
    with lease(store, owner="run"), lease(store, owner="another") as other:
        assert other is not None


def test_the_one_that_was_refused_does_not_give_it_back(store: MonitoringStore) -> None:
    with lease(store):
        with lease(store):
            pass
        assert holder(store) is not None


def test_a_failure_gives_it_back(store: MonitoringStore) -> None:
    with pytest.raises(ZeroDivisionError), lease(store):
        raise ZeroDivisionError
    assert holder(store) is None


@pytest.mark.slow
def test_of_many_processes_one_gets_it(store: MonitoringStore) -> None:
    asked = [asking(store) for _ in range(4)]

    answers = sorted(said(process) for process in asked)

    for process in asked:
        ended(process)
    assert answers == ["got", "refused", "refused", "refused"]


@pytest.mark.slow
def test_the_lease_of_a_killed_process_is_taken_over_at_once(store: MonitoringStore) -> None:
    killed = asking(store)
    assert said(killed) == "got"
    with lease(store) as other:
        assert other is not None
    killed.send_signal(signal.SIGKILL)
    killed.communicate()

    with lease(store) as other:
        assert other is None


@pytest.mark.slow
def test_a_number_that_another_process_has_by_now_holds_nothing(store: MonitoringStore) -> None:
    with lease(store):
        content = store.read(LEASE)
    assert content is not None
    mine = Lease.model_validate_json(content)
    now = time.time()
    store.write(
        LEASE, mine.model_copy(update={"start": "1", "beat": now}).model_dump_json().encode()
    )

    assert holder(store) is None


@pytest.mark.parametrize(("ago", "lost"), [(10.0, False), (130.0, True), (-3_600.0, True)])
def test_another_machine_loses_it_by_silence(
    store: MonitoringStore, ago: float, lost: bool
) -> None:
    held = of_another_machine(time.time() - ago)
    store.write(LEASE, held.model_dump_json().encode())

    assert (holder(store) is None) is lost


@pytest.mark.parametrize("step", [-3_600.0, -200.0, 200.0, 3_600.0])
def test_a_living_process_of_this_machine_keeps_it_when_the_clock_steps(
    store: MonitoringStore, step: float
) -> None:
    with lease(store):
        held = holder(store)
        assert held is not None
        moved = held.model_copy(update={"beat": held.beat - step})
        store.write(LEASE, moved.model_dump_json().encode())

        with lease(store) as other:
            assert other is not None
            assert other.owner == held.owner


def test_where_the_system_does_not_tell_processes_apart_silence_decides(
    store: MonitoringStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("switchyard.retraining.leases.start_of", lambda pid: UNTOLD)
    with lease(store):
        held = holder(store)
        assert held is not None
        silent = held.model_copy(update={"beat": time.time() - 130.0})
        store.write(LEASE, silent.model_dump_json().encode())

        assert holder(store) is None


def test_it_is_kept_alive(store: MonitoringStore) -> None:
    with lease(store, silence_s=0.2):
        first = holder(store)
        assert first is not None
        deadline = time.monotonic() + 180
        while (now := holder(store)) is None or now.beat == first.beat:
            assert time.monotonic() < deadline, "there was no beat"
            time.sleep(0.01)


def test_a_damaged_lease_holds_nobody_up(store: MonitoringStore) -> None:
    store.write(LEASE, b"{")

    with lease(store) as other:
        assert other is None
