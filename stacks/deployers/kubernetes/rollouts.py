"""Wait until a Deployment's pods are what its manifest says, or until it is known why they are not.

The Deployment is watched, not polled: what it becomes is known as soon as the cluster knows.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from stacks.deployers.kubernetes import names
from stacks.deployers.kubernetes.cluster import Cluster
from stacks.deployers.kubernetes.symptoms import Symptom, symptom
from switchyard.errors import PlatformError

Object = dict[str, Any]

_LOOK_S = 1
"""So long the Deployment may be silent before the pods are looked at."""

_TRIED_AGAIN_S = 5.0
"""What a cluster may take to see that a quota has room again, if it has just been tried."""


class RolloutFailed(PlatformError):  # noqa: N818  the deployer turns it into what follows from it
    """The new pods did not become ready; the text says why."""


def wait(
    cluster: Cluster, deployment: Object, limit_s: float, alive: Callable[[], None] = lambda: None
) -> Object:
    """The Deployment, once all its pods are new and ready; RolloutFailed when they do not become.

    deployment: as the API has answered to its manifest. alive: is called now and then, and may
    raise.
    """
    name = deployment["metadata"]["name"]
    mark = deployment["spec"]["template"]["metadata"]["labels"].get(names.TEMPLATE, "")
    deadline = time.monotonic() + limit_s
    now = deployment
    last: Symptom | None = None
    room = _Room()
    while not complete(now):
        alive()
        if now["spec"].get("replicas") == 0:
            raise RolloutFailed(
                f"Deployment '{name}' is scaled to 0 by somebody, so that nothing can be rolled "
                f"out: {cluster.place.kubectl} -n {cluster.place.namespace} scale deployment "
                f"{name} --replicas 1"
            )
        since = now["metadata"]["resourceVersion"]
        heard = False
        for state in cluster.changes("Deployment", name, since, _LOOK_S):
            now, heard = state, True
            if complete(now):
                return now
        if not heard:
            now = cluster.get("Deployment", name) or _gone(name)
            if complete(now):
                return now
        pods = cluster.list("Pod", {names.NAME: now["metadata"]["labels"][names.NAME]})
        new = [pod for pod in pods if pod["metadata"]["labels"].get(names.TEMPLATE) == mark]
        last = symptom(now, new, cluster.place, more_room=room.may_come(pods))
        if last is not None and last.final:
            raise RolloutFailed(last.told)
        if time.monotonic() > deadline:
            told = last.told if last else "they started and did not say why; run.py logs may"
            raise RolloutFailed(f"no new pod was ready after {limit_s:g} s: {told}")
    return now


class _Room:
    """Whether what a quota refuses may be made yet: pods that end leave room for others.

    The cluster tries again at longer and longer intervals, each as long as all before it.
    """

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._until = 0.0

    def may_come(self, pods: list[Object]) -> bool:
        """pods: all that the use case has now."""
        now = time.monotonic()
        if any("deletionTimestamp" in pod["metadata"] for pod in pods):
            self._until = now + (now - self._began) + _TRIED_AGAIN_S
        return now < self._until


def complete(deployment: Object) -> bool:
    """Whether all pods are of the newest template, ready, and none of an older one is left."""
    status = deployment.get("status") or {}
    wanted = deployment["spec"].get("replicas", 1)
    counts = [int(status.get(key) or 0) for key in ("updatedReplicas", "replicas")]
    return (
        int(status.get("observedGeneration") or 0) >= deployment["metadata"]["generation"]
        and all(count == wanted for count in counts)
        and int(status.get("availableReplicas") or 0) >= wanted
    )


def _gone(name: str) -> Object:
    raise RolloutFailed(f"Deployment '{name}' was deleted by somebody while it was rolled out")
