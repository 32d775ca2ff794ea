"""One deployment of a use case at a time, over the whole cluster: a Lease.

Whoever holds it renews it. It is taken from a holder that has not renewed it for its whole time,
measured by who waits: clocks of different machines are not compared.
"""

from __future__ import annotations

import getpass
import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from stacks.deployers.kubernetes import names
from stacks.deployers.kubernetes.cluster import Cluster
from stacks.deployers.kubernetes.faults import Clash
from switchyard.errors import PlatformError, SwitchyardError

LEASE_S = 15
_RENEW_S = 4.0
_LOOK_S = 0.5

log = logging.getLogger("switchyard.deployers")

Object = dict[str, Any]


class LeaseLost(PlatformError):  # noqa: N818  a state of things
    """Another may deploy by now."""


class Held:
    """A lease that this process holds."""

    def __init__(self, cluster: Cluster, name: str, holder: str) -> None:
        self._cluster, self._name, self._holder = cluster, name, holder
        self._renewed = time.monotonic()
        self._alone = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)
        self._thread.start()

    def check(self) -> None:
        """LeaseLost when another may hold it by now: then nothing more may be changed.

        While the API server was away nobody could take it: what is still ours is renewed.
        """
        if time.monotonic() - self._renewed > LEASE_S:
            self._renew()

    def release(self) -> None:
        """Let others have it."""
        self._ended.set()
        self._thread.join(timeout=LEASE_S)
        with suppress(SwitchyardError):  # it ends by itself
            found = self._cluster.get("Lease", self._name)
            if found and _holder(found) == self._holder:
                self._cluster.replace(_held_by(found, ""))

    def _renew(self) -> None:
        with self._alone:
            found = self._cluster.get("Lease", self._name)
            if found is None or _holder(found) != self._holder:
                other = _holder(found) if found else ""
                raise LeaseLost(
                    f"this deployment lost lease '{self._name}' to '{other or 'nobody'}' while it "
                    "could not renew it; run.py status shows what serves, then run the same "
                    "command again"
                )
            asked = time.monotonic()
            self._cluster.replace(_held_by(found, self._holder))
            self._renewed = asked

    def _keep(self) -> None:
        while not self._ended.wait(_RENEW_S):
            try:
                self._renew()
            except SwitchyardError as error:
                log.warning("the lease '%s' is not renewed: %s", self._name, error)


@contextmanager
def held(cluster: Cluster, use_case: str, patience_s: float) -> Iterator[Held]:
    """Hold the lease of a use case inside the block; PlatformError when it is not to be had."""
    name, holder = names.lease(use_case), identity()
    _take(cluster, name, use_case, holder, patience_s)
    mine = Held(cluster, name, holder)
    try:
        yield mine
    finally:
        mine.release()


def identity() -> str:
    """Who deploys, as others are told: account, machine, process, and which of its deployments."""
    try:
        account = getpass.getuser()
    except (KeyError, OSError):  # an account without a name, as pods have
        account = str(os.getuid())
    return f"{account}@{socket.gethostname()}:{os.getpid()}/{os.urandom(4).hex()}"


def _take(cluster: Cluster, name: str, use_case: str, holder: str, patience_s: float) -> None:
    began = time.monotonic()
    seen: tuple[str, float] = ("", began)
    while True:
        found = cluster.get("Lease", name)
        if found is None:
            if cluster.create(_made(name, use_case, holder)):
                return
            continue
        other, version = _holder(found), found["metadata"]["resourceVersion"]
        if other == holder:  # the answer to our taking it was lost
            return
        now = time.monotonic()
        if version != seen[0]:
            seen = (version, now)
        if not other or now - seen[1] > _seconds(found):
            with suppress(Clash):  # another waiting one was quicker
                cluster.replace(_held_by(found, holder, taken=True))
                return
        elif now - began > patience_s:
            since = (found["spec"].get("acquireTime") or "")[:19]
            raise PlatformError(
                f"'{use_case}' is being deployed by {other.rpartition('/')[0]} since {since} UTC; "
                f"waited for {patience_s:g} s (busy_timeout_s); try again when that has ended"
            )
        time.sleep(_LOOK_S)


def _made(name: str, use_case: str, holder: str) -> Object:
    empty: Object = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": name, "labels": names.labels(use_case)},
        "spec": {},
    }
    return _held_by(empty, holder, taken=True)


def _held_by(lease: Object, holder: str, *, taken: bool = False) -> Object:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    spec = {**lease["spec"], "holderIdentity": holder, "leaseDurationSeconds": LEASE_S}
    spec["renewTime"] = now
    if taken:
        spec["acquireTime"] = now
        spec["leaseTransitions"] = int(spec.get("leaseTransitions") or 0) + 1
    return {**lease, "spec": spec}


def _holder(lease: Object) -> str:
    return str(lease["spec"].get("holderIdentity") or "")


def _seconds(lease: Object) -> int:
    return int(lease["spec"].get("leaseDurationSeconds") or LEASE_S)
