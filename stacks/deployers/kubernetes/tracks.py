"""The two tracks of a use case's pods: `stable` answers clients, `candidate` is tried beside it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from stacks.deployers.kubernetes import names, rollouts
from stacks.deployers.kubernetes.cluster import Cluster
from stacks.deployers.kubernetes.faults import Clash
from stacks.deployers.kubernetes.leases import Held
from stacks.deployers.kubernetes.manifests import workload
from stacks.deployers.kubernetes.pods import Wanted
from stacks.deployers.kubernetes.reaching import reached
from stacks.deployers.kubernetes.rollouts import RolloutFailed
from switchyard.errors import PlatformError, SwitchyardError
from switchyard.guarding.counting import fetch

Object = dict[str, Any]

_BEGINNER = "switchyard-begin"
"""Sets how many pods there are at first. It is not the manager of the rest, for a manager that
leaves out a field which it alone has set deletes it."""

log = logging.getLogger("switchyard.deployers")


class Tracks:
    """Applies manifests of a release and waits for their pods.

    `notes` are what a person should know of it: fields that others have set and keep.
    """

    def __init__(self, cluster: Cluster, wanted: Wanted, lease: Held) -> None:
        self.cluster, self.wanted, self.lease = cluster, wanted, lease
        self.notes: list[str] = []

    def roll(
        self,
        track: str,
        *,
        trial: str = "",
        replicas: int | None = None,
        begun: Callable[[Object], None] = lambda _: None,
    ) -> Object:
        """Let the pods of a track be the release's; PlatformError when they do not come up.

        trial: the digest of the word that ends their trial, if they are on one; replicas: how many,
        None leaves that to the autoscaler, or to people; begun: is given the Deployment when it is
        applied, before its pods are there.
        """
        self.lease.check()
        manifest = workload(self.wanted, track, trial=trial, replicas=replicas)
        try:
            return self.settle(manifest, begun)
        except RolloutFailed as error:
            of = "the candidate" if track == names.CANDIDATE else "the new release"
            release = self.wanted.release.bento
            raise PlatformError(f"{of} '{release}' does not come up: {error}") from error

    def settle(self, manifest: Object, begun: Callable[[Object], None] = lambda _: None) -> Object:
        """Apply the manifest of a Deployment and wait for its pods; RolloutFailed.

        begun: as of `roll`.
        """
        name = manifest["metadata"]["name"]
        new = self.cluster.get("Deployment", name) is None
        applied = self.apply(manifest)
        least = self.wanted.options.autoscaling.min
        if new and "replicas" not in manifest["spec"] and least > 1:
            change = {"spec": {"replicas": least}}
            applied = self.cluster.merge("Deployment", name, change, _BEGINNER)
        begun(applied)
        limit_s = self.wanted.options.ready_timeout_s
        return rollouts.wait(self.cluster, applied, limit_s, self.lease.check)

    def apply(self, manifest: Object) -> Object:
        """Apply a manifest, and note what others keep of it."""
        kind, name = manifest["kind"], manifest["metadata"]["name"]
        try:
            applied = self.cluster.apply(manifest, _says_what_runs)
        except Clash as clash:
            raise _taken(clash, kind, name, self.cluster) from clash
        if applied.left:
            told = ", ".join(f"{path} (by '{manager}')" for path, manager in applied.left)
            self.notes.append(f"{kind} '{name}' keeps what others have set: {told}")
        return applied.object

    def pods(self, track: str) -> list[Object]:
        """The ready pods of a track; PlatformError when there is none."""
        found = self.cluster.list("Pod", names.selected(self.wanted.name, track))
        ready = [pod for pod in found if is_ready(pod)]
        if not ready:
            raise PlatformError(
                f"no pod of the {track} track of '{self.wanted.name}' is ready any more; run.py "
                "logs says why"
            )
        return ready

    def discard(self) -> None:
        """Delete the candidate; where that fails it is left to the next deployment."""
        name = names.deployment(self.wanted.name, names.CANDIDATE)
        try:
            self.cluster.delete("Deployment", name)
        except SwitchyardError as error:  # what counts is the error that is under way, if any
            log.warning("Deployment '%s' is left until the next deployment: %s", name, error)


def is_ready(pod: Object) -> bool:
    """Whether a pod answers and is not about to end."""
    conditions = (pod.get("status") or {}).get("conditions") or ()
    ready = any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
    return ready and "deletionTimestamp" not in pod["metadata"]


def counts(cluster: Cluster, pods: list[Object]) -> list[str]:
    """The texts of /metrics of pods; one that cannot be asked is left out. PlatformError if all."""
    found: list[str] = []
    last: PlatformError | None = None
    for pod in pods:
        try:
            with reached(cluster, pod) as url:
                found.append(fetch(url))
        except PlatformError as error:
            log.warning("pod '%s' has no counts: %s", pod["metadata"]["name"], error)
            last = error
    if last is not None and not found:
        raise PlatformError(f"no pod says its counts: {last}") from last
    return found


def _says_what_runs(path: str) -> bool:
    """Whether a field says which release runs: there somebody else's cannot be left as it is."""
    return path.startswith(".spec.template") and ".resources" not in path


def _taken(clash: Clash, kind: str, name: str, cluster: Cluster) -> Exception:
    theirs = [(path, manager) for path, manager in clash.owned if _says_what_runs(path)]
    if not theirs:
        return clash
    told = ", ".join(f"{path} (by '{manager}')" for path, manager in theirs)
    place = cluster.place
    mended = '[{"op": "replace", "path": "/metadata/managedFields", "value": [{}]}]'
    return PlatformError(
        f"somebody has set what says which release runs in {kind} '{name}': {told}; nothing is "
        f"changed. To give it back to the deployer: {place.kubectl} -n {place.namespace} patch "
        f"{kind.lower()} {name} --type json -p '{mended}'"
    )
