"""Why pods do not come up, read from what the cluster says of them: plain functions of its objects.

A container's message holds the last lines of its log (terminationMessagePolicy), so that its last
words are known without the right to read logs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from stacks.deployers.kubernetes.faults import Place, full_quota
from stacks.deployers.kubernetes.pods import FETCH
from switchyard.serving.fetching import ABSENT, DIFFERENT, UNREADABLE

Object = dict[str, Any]

_CRASHES = 2
"""A container that has ended so often by itself will do so again."""

_HOPELESS = re.compile(
    r"not found|manifest unknown|unauthorized|authentication required|denied|forbidden|"
    r"invalid reference|no match for platform",
    re.I,
)
_UNPULLED = ("ErrImagePull", "ImagePullBackOff")
_WRONG_IMAGE = ("InvalidImageName", "ErrImageNeverPull")
_MISCONFIGURED = ("CreateContainerConfigError", "CreateContainerError", "RunContainerError")
_OUT_OF_MEMORY = 137
_RUNNING = (
    "pod '{pod}' runs, and /readyz does not say that it is ready",
    "pod '{pod}' is still fetching the release from the object store",
)


class Symptom(NamedTuple):
    """What is wrong, in a sentence that names what mends it. final: waiting does not help."""

    told: str
    final: bool = False


def symptom(
    deployment: Object, pods: Sequence[Object], place: Place, *, more_room: bool = False
) -> Symptom | None:
    """What keeps these pods from being ready; None when nothing is known yet.

    more_room: others are about to end, so that a quota which is used up is no end of it.
    """
    found = [each for pod in pods for each in _of(pod, place)]
    refusal = _creation(deployment, place, more_room=more_room)
    if refusal is not None:
        found.append(refusal)
    return min(found, key=lambda each: not each.final, default=None)


def _creation(deployment: Object, place: Place, *, more_room: bool) -> Symptom | None:
    """Why the cluster makes no pod at all."""
    for condition in _conditions(deployment):
        if condition.get("type") == "ReplicaFailure" and condition.get("status") == "True":
            message = str(condition.get("message", ""))
            _, full, told = message.partition("exceeded quota: ")
            if full:
                return Symptom(full_quota(told, place.namespace, place.kubectl), not more_room)
            return Symptom(f"no pod can be made: {message}", final="forbidden" in message)
    return None


def _of(pod: Object, place: Place) -> Iterator[Symptom]:
    name, status = pod["metadata"]["name"], pod.get("status") or {}
    if status.get("phase") == "Failed":
        why = status.get("message") or status.get("reason") or "no reason is given"
        yield Symptom(f"pod '{name}' has failed ({status.get('reason') or 'Failed'}): {why}")
    for condition in _conditions(pod):
        if condition.get("type") == "PodScheduled" and condition.get("reason") == "Unschedulable":
            yield Symptom(
                f"no node has room for pod '{name}': {condition.get('message', '')}; ask for less "
                "(resources of the model_deployer), stop what is not needed, or add a node"
            )
    for container in _containers(status):
        waits = _waiting(container, name, place)
        if waits is not None:
            yield waits
        ends = _ended(container, name)
        if ends is not None:
            yield ends


def _containers(status: Mapping[str, Any]) -> list[Object]:
    return [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]


def _waiting(container: Object, pod: str, place: Place) -> Symptom | None:
    waiting = (container.get("state") or {}).get("waiting")
    if not waiting:
        return None
    reason, message = str(waiting.get("reason", "")), str(waiting.get("message", ""))
    if reason in (*_UNPULLED, *_WRONG_IMAGE):
        hopeless = reason in _WRONG_IMAGE or bool(_HOPELESS.search(message))
        told = f": {message}" if message and not message.startswith("Back-off") else ""
        return Symptom(
            f"image '{container.get('image', '')}' cannot be pulled ({reason}{told}); check its "
            "name and that it was pushed (`run.py image build serving`), that the nodes reach the "
            "registry, and image_pull_secrets of the model_deployer",
            final=hopeless,
        )
    if reason in _MISCONFIGURED:
        missing = re.search(r'secret "([^"]+)" not found', message)
        advice = (
            f"; {place.kubectl} -n {place.namespace} create secret generic {missing[1]} "
            "--from-literal=… makes it, or leave it out of `secrets` of the model_deployer"
            if missing
            else ""
        )
        return Symptom(f"pod '{pod}' cannot start ({reason}): {message}{advice}", bool(missing))
    return None


def _ended(container: Object, pod: str) -> Symptom | None:
    """How the container ended last, if it was not as it should."""
    state = container.get("state") or {}
    ended = state.get("terminated") or (container.get("lastState") or {}).get("terminated")
    runs = "running" in state
    if container.get("ready"):
        return None
    if not ended or not ended.get("exitCode"):
        return Symptom(_RUNNING[container.get("name") == FETCH].format(pod=pod)) if runs else None
    code, words = int(ended["exitCode"]), last_words(str(ended.get("message") or ""))
    again = 0 if runs else int(container.get("restartCount") or 0)
    if ended.get("reason") == "OOMKilled" or (code == _OUT_OF_MEMORY and not words):
        return Symptom(
            f"pod '{pod}' was killed for want of memory; give resources.memory_limit of the "
            "model_deployer more",
            final=again >= _CRASHES,
        )
    if container.get("name") == FETCH:
        return _unfetched(code, words, again)
    told = f"; its last words: {words}" if words else ""
    return Symptom(f"the service ended with code {code}{told}", final=again >= _CRASHES)


def _unfetched(code: int, words: str, again: int) -> Symptom:
    if code == DIFFERENT:
        how = "somebody has changed it: publish the release again by another deployment"
        return Symptom(f"the release cannot be used: {words}; {how}", final=True)
    if code == ABSENT:
        return Symptom(f"the release cannot be had: {words}; deploy it again", final=True)
    if code == UNREADABLE:
        how = "check the object store, the Secrets of the model_deployer and network.egress_ports"
        return Symptom(f"the release cannot be had: {words}; {how}")
    return Symptom(f"fetching the release ended with code {code}: {words}", again >= _CRASHES)


def last_words(log: str) -> str:
    """What the last line of a log says: a record's message, or the line itself."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    if not lines:
        return ""
    with suppress(ValueError, KeyError, TypeError):
        return str(json.loads(lines[-1])["message"])
    return lines[-1][:400]


def _conditions(found: Object) -> list[Object]:
    return list((found.get("status") or {}).get("conditions") or ())
