"""What the Kubernetes deployer does, without ZenML."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from stacks.deployers.kubernetes import (
    addresses,
    connections,
    leases,
    names,
    records,
    rollouts,
    switching,
)
from stacks.deployers.kubernetes.cluster import Cluster
from stacks.deployers.kubernetes.manifests import workload
from stacks.deployers.kubernetes.options import Options
from stacks.deployers.kubernetes.pods import SERVICE, Wanted
from stacks.deployers.kubernetes.records import Memory, Releases, Running
from stacks.deployers.kubernetes.switching import Smoke
from stacks.deployers.kubernetes.tracks import Tracks, counts, is_ready
from switchyard.configuration.serving import Serving
from switchyard.errors import PlatformError, RequestError
from switchyard.serving.releases import Deployment, Release

Object = dict[str, Any]

_UNFINISHED = (
    "a deployment of version {version} was cut off before its end; the next deployment or rollback "
    "settles it"
)

log = logging.getLogger("switchyard.deployers")


class Deployments:
    """All deployments of one namespace; see `BentoDeployer` for the methods."""

    def __init__(self, options: Options) -> None:
        self._options = options

    @cached_property
    def _cluster(self) -> Cluster:
        return connections.connect(self._options)

    def deploy(self, release: Release, serving: Serving, smoke: Smoke) -> Deployment:
        """Replace what runs under the release's name once `smoke` has passed its candidate."""
        return self._replace(release.name, lambda _: release, serving, smoke)

    def rollback(self, name: str, serving: Serving, smoke: Smoke) -> Deployment:
        """Deploy the release before the current one."""
        _previous(name, self._known(name))  # before anything is held
        return self._replace(
            name, lambda known: _previous(name, known or self._known(name)), serving, smoke
        )

    def start(self, name: str) -> Deployment:
        """Start what was stopped."""
        with self._alone(name) as (memory, lease):
            known = self._settled(memory, name, lease) or self._known(name)
            current = _current(name, known)
            tracks = self._tracks(current.release, Serving(), lease)
            tracks.settle(current.manifest)
            switching.attend(tracks)
            return self._shown(memory.write(known.begun()))

    def current(self, name: str) -> Deployment | None:
        """What should run under a name; None when nothing was deployed, or a person ended it."""
        known = Memory(self._cluster, name).read()
        if known is None or known.current is None or known.stopped:
            return None
        return self._shown(known)

    def all(self, *, stopped: bool = False) -> list[Deployment]:
        """Every deployment, by name."""
        found = records.every(self._cluster).values()
        return [
            self._shown(each)
            for each in found
            if each.current is not None and (stopped or not each.stopped)
        ]

    def stop(self, name: str) -> bool:
        """End a deployment; False when it was not there or had ended."""
        known = Memory(self._cluster, name).read()
        if known is None or known.current is None:
            return False
        with self._alone(name) as (memory, lease):
            known = memory.read() or known
            lease.check()
            for kind in ("Ingress", "HorizontalPodAutoscaler", "PodDisruptionBudget"):
                self._cluster.delete(kind, name)
            self._cluster.delete("Deployment", names.deployment(name, names.CANDIDATE))
            ran = self._cluster.delete("Deployment", names.deployment(name, names.STABLE))
            memory.write(known.ended())
        return ran or not known.stopped

    def logs(self, name: str, lines: int) -> str:
        """The last lines of each pod's log; of a container that was started again, its end too."""
        self._known(name)
        found = []
        for pod in self._pods(name):
            called = pod["metadata"]["name"]
            if _restarts(pod):
                before = self._cluster.logs(called, SERVICE, lines, before=True)
                found.append(f"--- {called}, before it was started again\n{before}")
            found.append(f"--- {called}\n{self._cluster.logs(called, SERVICE, lines)}")
        return "\n".join(found) if found else f"no pod of '{name}' is there"

    def counts(self, name: str) -> list[str]:
        """The texts of /metrics of the pods that serve now."""
        return counts(self._cluster, [pod for pod in self._pods(name) if is_ready(pod)])

    def _replace(
        self,
        name: str,
        choose: Callable[[Releases | None], Release],
        serving: Serving,
        smoke: Smoke,
    ) -> Deployment:
        """Deploy what is chosen once nobody else deploys."""
        names.checked(name)
        with self._alone(name) as (memory, lease):
            known = self._settled(memory, name, lease)
            tracks = self._tracks(choose(known), serving, lease)
            switching.prepare(tracks)
            with switching.candidate(tracks, smoke) as word:
                if known is not None and known.serving is not None:
                    switching.compare(tracks, known.serving.release)
                return self._switch(memory, known or Releases(), tracks, word)

    def _switch(self, memory: Memory, known: Releases, tracks: Tracks, word: str) -> Deployment:
        """Replace the stable pods, and remember it: what is remembered first can be settled.

        word: as of `switching.promote`.
        """
        release = tracks.wanted.release
        since = datetime.now(UTC).isoformat(timespec="milliseconds")
        manifest = workload(tracks.wanted, names.STABLE)
        to = Running(release=release, since=since, manifest=manifest)
        memory.write(known.switching(to))
        old = known.serving
        try:
            switching.promote(tracks, None if old is None else old.manifest, word)
        except leases.LeaseLost:
            raise
        except PlatformError:
            memory.write(known.settled())
            raise
        switching.attend(tracks)
        restarts = self._restarts(to)
        return self._shown(memory.write(known.switched(to, restarts, tuple(tracks.notes))))

    def _settled(self, memory: Memory, name: str, lease: leases.Held) -> Releases | None:
        """Bring a switch to its end that a deployer has left; nobody else deploys now.

        One whose pods are all there has taken place; another has not, and the release before comes
        back.
        """
        known = memory.read()
        self._cluster.delete("Deployment", names.deployment(name, names.CANDIDATE))
        if known is None or known.pending is None:
            return known
        pending, stable = known.pending, names.deployment(name, names.STABLE)
        found = self._cluster.get("Deployment", stable)
        if found is not None and _runs(found, pending.manifest) and rollouts.complete(found):
            log.warning("the switch to %s was cut off, and had succeeded", pending.release.bento)
            return memory.write(known.switched(pending, 0, ()))
        log.warning("the switch to %s was cut off, and is undone", pending.release.bento)
        if known.serving is not None:
            before = known.serving
            self._tracks(before.release, Serving(), lease).settle(before.manifest)
        elif found is not None:
            self._cluster.delete("Deployment", stable)
        return memory.write(known.settled())

    def _tracks(self, release: Release, serving: Serving, lease: leases.Held) -> Tracks:
        return Tracks(self._cluster, Wanted(release, serving, self._options), lease)

    @contextmanager
    def _alone(self, name: str) -> Iterator[tuple[Memory, leases.Held]]:
        with leases.held(self._cluster, name, self._options.busy_timeout_s) as lease:
            yield Memory(self._cluster, name), lease

    def _known(self, name: str) -> Releases:
        known = Memory(self._cluster, name).read()
        if known is None:
            there = ", ".join(records.every(self._cluster)) or "nothing yet"
            place = self._cluster.place
            raise RequestError(
                f"'{name}' was not deployed in namespace '{place.namespace}' of {place.cluster}; "
                f"deployed are: {there}"
            )
        return known

    def _restarts(self, running: Running) -> int:
        """How often its pods' containers were started again; other releases' pods may be ending."""
        pods = self._cluster.list("Pod", {names.TEMPLATE: _mark(running.manifest)})
        return sum(map(_restarts, pods))

    def _pods(self, name: str) -> list[Object]:
        return self._cluster.list("Pod", names.selected(name, names.STABLE))

    def _shown(self, known: Releases) -> Deployment:
        """The deployment as people and the guard see it; it is as healthy as the cluster says."""
        current = known.current
        assert current is not None
        name = current.release.name
        found = None if known.stopped else self._cluster.get("Deployment", name)
        restarts = 0 if found is None else self._restarts(current)
        url, told = addresses.address(self._cluster, name, self._options)
        notes = [*known.notes, *told]
        if known.pending is not None:
            notes.append(_UNFINISHED.format(version=known.pending.release.model_version))
        return Deployment(
            release=current.release,
            url=url,
            since=current.since,
            previous=known.previous,
            healthy=found is not None
            and bool((found.get("status") or {}).get("availableReplicas")),
            restarts=max(0, restarts - known.restarts),
            stopped=known.stopped,
            supervised=found is not None,
            notes=tuple(notes),
        )


def _current(name: str, known: Releases) -> Running:
    if known.current is None:
        raise RequestError(f"'{name}' was never deployed to its end; deploy it first")
    return known.current


def _previous(name: str, known: Releases) -> Release:
    if known.previous is None:
        raise RequestError(
            f"'{name}' has no release before {_current(name, known).release.bento} to go back to"
        )
    return known.previous


def _runs(deployment: Object, manifest: Object) -> bool:
    """Whether the Deployment's pods are to be those of the manifest."""
    return _mark(deployment) == _mark(manifest)


def _mark(deployment: Object) -> str:
    return str(deployment["spec"]["template"]["metadata"]["labels"].get(names.TEMPLATE, ""))


def _restarts(pod: Object) -> int:
    status = pod.get("status") or {}
    return sum(int(each.get("restartCount") or 0) for each in status.get("containerStatuses") or ())
