"""One retraining at a time where there is no lock: on a real object store."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest

from switchyard.monitoring.records import MonitoringStore
from switchyard.retraining import tickets
from switchyard.retraining.leases import Lease, new_lease
from switchyard.retraining.locks import holder, lease
from switchyard.retraining.tickets import Tickets
from tests.backends import ObjectStore
from tests.retraining.test_locks import asking, ended, said


@pytest.fixture(params=["memory", "s3"])
def store(request: pytest.FixtureRequest) -> Iterator[MonitoringStore]:
    if request.param == "s3":
        objects: ObjectStore = request.getfixturevalue("object_store")
        yield MonitoringStore(objects.url("monitoring"))
        return
    made = MonitoringStore("memory://monitoring-lease")
    yield made
    for path in made.paths("lease"):
        made.delete(path)


def put(store: MonitoringStore, other: Lease) -> None:
    store.write(f"lease/{other.owner}.json", other.model_dump_json().encode())


def of_another_machine(**changes: Any) -> Lease:
    return new_lease().model_copy(update={"host": "elsewhere", "place": "elsewhere", **changes})


def test_it_is_got_and_given_back_and_leaves_nothing(store: MonitoringStore) -> None:
    with lease(store) as other:
        assert other is None
        assert holder(store) is not None

    assert holder(store) is None
    assert store.paths("lease") == []


def test_a_second_one_is_told_who_has_it(store: MonitoringStore) -> None:
    with lease(store), lease(store) as other:
        assert other is not None
        assert holder(store) == other


def test_another_machine_loses_it_by_silence(store: MonitoringStore) -> None:
    put(store, of_another_machine())

    with lease(store, silence_s=60.0) as other:
        assert other is not None
        assert other.host == "elsewhere"
    deadline = time.monotonic() + 60.0
    while True:
        with lease(store, silence_s=1.5) as other:
            if other is None:
                break
        assert time.monotonic() < deadline
        time.sleep(0.2)

    assert store.paths("lease") == []


def test_what_goes_on_with_the_owners_work_has_it_at_once(store: MonitoringStore) -> None:
    put(store, of_another_machine(owner="run"))

    with lease(store, owner="run") as other:
        assert other is None
        with lease(store, owner="another") as third:
            assert third is not None

    assert store.paths("lease") == []


def test_clocks_that_differ_do_not_matter(
    store: MonitoringStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, of_another_machine())
    monkeypatch.setattr(time, "time", lambda: 4e9)

    with lease(store) as other:
        assert other is not None
        assert other.host == "elsewhere"


def test_of_two_who_ask_at_once_the_lower_name_waits_for_the_higher_to_go(
    store: MonitoringStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    low, high = of_another_machine(owner="a"), of_another_machine(owner="b")
    put(store, high.model_copy(update={"held": False}))
    answers: list[Lease | None] = []

    def the_other_looks(pause_s: float) -> None:
        answers.append(Tickets(store, 60.0).take(high))

    monkeypatch.setattr(time, "sleep", the_other_looks)

    assert Tickets(store, 60.0).take(low) is None
    assert [answer and answer.owner for answer in answers] == ["a"]


def test_one_that_slept_while_it_asked_does_not_take_what_another_has_by_now(
    store: MonitoringStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, quick = of_another_machine(owner="b"), of_another_machine(owner="a")
    held: list[Lease | None] = []
    hold = Tickets._hold

    def falls_asleep(self: Tickets, mine: Lease) -> Lease | None:
        """It has seen nobody; before it says so, another asks and gives up waiting for it."""
        if mine == slow:
            monkeypatch.setattr(tickets, "RIVAL_S", -1.0)
            held.append(Tickets(store, 60.0).take(quick))
        return hold(self, mine)

    monkeypatch.setattr(Tickets, "_hold", falls_asleep)

    other = Tickets(store, 60.0).take(slow)

    assert held == [None]
    assert other is not None
    assert other.owner == "a"


def test_who_was_silent_too_long_is_told_at_its_next_beat(store: MonitoringStore) -> None:
    silent, other = of_another_machine(owner="a"), of_another_machine(owner="b")
    assert Tickets(store, 60.0).take(silent) is None
    store.delete("lease/a.json")  # as who takes it over does
    assert Tickets(store, 60.0).take(other) is None

    found = Tickets(store, 60.0).beat(silent)

    assert found is not None
    assert found.owner == "b"
    assert store.paths("lease") == ["lease/b.json"]


def test_a_damaged_ticket_holds_nobody_up(store: MonitoringStore) -> None:
    store.write("lease/x.json", b"{")

    with lease(store) as other:
        assert other is None


@pytest.mark.slow
def test_of_many_processes_one_gets_it(object_store: ObjectStore) -> None:
    store = MonitoringStore(object_store.url("monitoring"))
    for _ in range(3):
        asked = [asking(store) for _ in range(4)]

        answers = sorted(said(process) for process in asked)

        for process in asked:
            ended(process)
        assert answers == ["got", "refused", "refused", "refused"]


@pytest.mark.slow
def test_that_of_a_killed_process_of_this_machine_is_taken_over_at_once(
    object_store: ObjectStore,
) -> None:
    store = MonitoringStore(object_store.url("monitoring"))
    killed = asking(store)
    assert said(killed) == "got"
    killed.send_signal(signal.SIGKILL)
    killed.communicate()

    with lease(store) as other:
        assert other is None
