"""One deployment at a time, whatever the clocks of machines say."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from stacks.deployers.kubernetes import leases
from stacks.deployers.kubernetes.leases import LeaseLost, held
from switchyard.errors import PlatformError
from tests.deployers.kubernetes.test_records import Objects

KEY = ("Lease", "phishing-deploying")


@pytest.fixture
def objects(monkeypatch: pytest.MonkeyPatch) -> Objects:
    monkeypatch.setattr(leases, "_LOOK_S", 0.01)
    monkeypatch.setattr(leases, "_RENEW_S", 0.02)
    return Objects()


def holder(objects: Objects) -> str:
    return str(objects.kept[KEY]["spec"]["holderIdentity"])


def taken_by(objects: Objects, other: str, **spec: Any) -> None:
    found = objects.get(*KEY)
    assert found is not None
    objects.replace({**found, "spec": {**found["spec"], "holderIdentity": other, **spec}})


def test_it_is_held_inside_the_block_and_free_after_it(objects: Any) -> None:
    with held(objects, "phishing", 0) as lease:
        assert holder(objects)
        lease.check()

    assert holder(objects) == ""
    with held(objects, "phishing", 0):
        assert holder(objects)


def test_it_is_free_after_an_error(objects: Any) -> None:
    with pytest.raises(ValueError, match="x"), held(objects, "phishing", 0):
        raise ValueError("x")

    assert holder(objects) == ""


def test_a_second_one_waits_and_is_told_who_is_at_it(objects: Any) -> None:
    with (
        held(objects, "phishing", 0),
        pytest.raises(PlatformError, match=r"'phishing' is being deployed by .*@.*:\d+ since 20"),
        held(objects, "phishing", 0.1),
    ):
        raise AssertionError("it was held twice")


def test_a_second_one_goes_on_when_the_first_has_ended(objects: Any) -> None:
    begun, enough = threading.Event(), threading.Event()

    def first() -> None:
        with held(objects, "phishing", 0):
            begun.set()
            enough.wait(10)

    thread = threading.Thread(target=first)
    thread.start()
    begun.wait(10)
    threading.Timer(0.2, enough.set).start()
    with held(objects, "phishing", 10):
        assert enough.is_set()
    thread.join()


def test_a_dead_owner_loses_it_however_wrong_its_clock_was(objects: Any) -> None:
    with held(objects, "phishing", 0):
        pass
    late = "2099-01-01T00:00:00.000000Z"
    taken_by(objects, "dead@machine:1/x", renewTime=late, leaseDurationSeconds=1)

    with held(objects, "phishing", 5):
        assert not holder(objects).startswith("dead")


def test_an_owner_that_renews_it_keeps_it(objects: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "LEASE_S", 1)
    with (
        held(objects, "phishing", 0) as lease,
        pytest.raises(PlatformError, match="is being deployed by"),
        held(objects, "phishing", 1.5),
    ):
        lease.check()


def test_who_has_lost_it_changes_nothing_more(
    objects: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with held(objects, "phishing", 0) as lease:
        taken_by(objects, "other@machine:2/y")
        monkeypatch.setattr(leases, "LEASE_S", -1)
        with pytest.raises(LeaseLost, match="'other@machine:2/y'"):
            lease.check()

    assert holder(objects) == "other@machine:2/y"
