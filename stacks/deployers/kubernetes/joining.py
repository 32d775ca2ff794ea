"""The candidate's pod becomes the first of the new stable pods, instead of being started once more.

A ReplicaSet takes pods that have its labels and no owner. With one pod too many it gives up those
first that are not ready: the one that it has just begun itself. Where the candidate cannot join
nothing is lost, for that one goes on.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from stacks.deployers.kubernetes import names, rollouts
from stacks.deployers.kubernetes.cluster import Cluster
from stacks.deployers.kubernetes.pods import untried
from stacks.deployers.kubernetes.reaching import reached
from stacks.deployers.kubernetes.tracks import Tracks, is_ready
from switchyard.errors import PlatformError, SwitchyardError
from switchyard.serving import trials

Object = dict[str, Any]

_PATIENCE_S = 5.0
_LOOK_S = 0.05

log = logging.getLogger("switchyard.deployers")


def join(tracks: Tracks, stable: Object, word: str) -> None:
    """Make the candidate's ready pods stable ones, as many as are wanted now; its others end.

    stable: the Deployment as it was applied; word: ends the trial of pods that are on one.
    """
    cluster, name = tracks.cluster, tracks.wanted.name
    tried = cluster.get("Deployment", names.deployment(name, names.CANDIDATE))
    if tried is None or rollouts.complete(stable) or not _alike(tried, stable):
        return
    try:
        new = _replicas(cluster, name, stable)
        found = cluster.list("Pod", names.selected(name, names.CANDIDATE))
        labels = new["metadata"]["labels"]  # those of its pods, its own hash among them
        for pod in [each for each in found if is_ready(each)][: new["spec"]["replicas"]]:
            _end_trial(cluster, pod, tried, word)
            change = {"labels": labels, "ownerReferences": None}
            cluster.merge("Pod", pod["metadata"]["name"], {"metadata": change}, names.MANAGER)
        tracks.discard()
    except SwitchyardError as error:
        log.warning("the candidate's pod does not join the stable ones: %s", error)


def _alike(tried: Object, stable: Object) -> bool:
    """Whether pods of both are the same, but for the trial: people may have changed the stable."""
    ours, theirs = (untried(each["spec"]["template"]) for each in (tried, stable))
    return ours == theirs


def _replicas(cluster: Cluster, name: str, stable: Object) -> Object:
    """The ReplicaSet of the Deployment's newest template, once it wants pods; PlatformError."""
    mark = stable["spec"]["template"]["metadata"]["labels"][names.TEMPLATE]
    wanted = {**names.selected(name, names.STABLE), names.TEMPLATE: mark}
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        for each in cluster.list("ReplicaSet", wanted):
            if each["spec"].get("replicas"):
                return each
        if time.monotonic() > deadline:
            raise PlatformError(f"Deployment '{name}' has not begun after {_PATIENCE_S:g} s")
        time.sleep(_LOOK_S)


def _end_trial(cluster: Cluster, pod: Object, tried: Object, word: str) -> None:
    """Let the pod know that what it is asked from now on counts; PlatformError."""
    import requests

    if tried["spec"]["template"]["metadata"]["labels"].get(names.SERVING):
        return  # a canary, which is not on trial
    name = pod["metadata"]["name"]
    try:
        with reached(cluster, pod) as url, requests.Session() as session:
            session.trust_env = False
            answer = session.post(
                f"{url}{trials.PATH}", headers={"authorization": f"Bearer {word}"}, timeout=10
            )
    except requests.RequestException as error:
        raise PlatformError(f"pod '{name}' is not told that it has passed: {error}") from error
    if answer.status_code != 204:  # 404: of a release that cannot be told
        raise PlatformError(f"pod '{name}' answers {answer.status_code} when it is told to serve")
