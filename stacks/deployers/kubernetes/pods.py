"""The pod of a service: what it runs, and what it may not do."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stacks.deployers.kubernetes import names
from stacks.deployers.kubernetes.options import Options
from switchyard.capture.request_ids import KEY_VARIABLE
from switchyard.configuration.serving import Serving
from switchyard.serving import fetching, trials
from switchyard.serving.releases import Release

PORT = 3000
SERVICE, FETCH = "service", "fetch"
"""The containers."""

TRIAL = "--trial"
"""The argument of a service that is tried."""

_TRIALS = (trials.DIGEST, trials.KEPT)

FOLDER, STATE, TEMPORARY = "/bento", "/state", "/tmp"  # noqa: S108  a container's own
USER = 10_001
HANDOVER_S = 60
FLUSH_S = HANDOVER_S + 5
"""What a pod that ends may take beyond its requests: captured rows go to their store."""


@dataclass(frozen=True)
class Wanted:
    """What is to run: a release, as the stack's file and the use case's settings say."""

    release: Release
    serving: Serving
    options: Options

    @property
    def name(self) -> str:
        """The use case."""
        return self.release.name


def template(wanted: Wanted, track: str, *, trial: str = "") -> dict[str, Any]:
    """The pod template of a track. trial: of pods that are tried, and get no requests of clients;
    the digest of the word that ends it.

    Its label `switchyard/template` is a digest of all the rest.
    """
    name = wanted.name
    labels = {
        **names.labels(name),
        names.TRACK: track,
        names.VERSION: names.value(wanted.release.model_version),
        names.BENTO: names.value(wanted.release.bento.partition(":")[2]),
    }
    if not trial:
        labels[names.SERVING] = "yes"
    made = {
        "metadata": {
            "labels": labels,
            "annotations": {"kubectl.kubernetes.io/default-container": SERVICE},
        },
        "spec": _pod(wanted, trial),
    }
    labels[names.TEMPLATE] = names.mark(made)
    return made


def _pod(wanted: Wanted, trial: str) -> dict[str, Any]:
    options, name = wanted.options, wanted.name
    pod: dict[str, Any] = {
        "serviceAccountName": name,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "terminationGracePeriodSeconds": grace_s(options),
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "kubernetes.io/hostname",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": {names.NAME: name}},
            }
        ],
        "containers": [_service(wanted, trial)],
        "volumes": _volumes(wanted),
    }
    if fetches(wanted):
        pod["initContainers"] = [_fetch(wanted)]
    if options.image_pull_secrets:
        pod["imagePullSecrets"] = [{"name": each} for each in options.image_pull_secrets]
    return pod


def fetches(wanted: Wanted) -> bool:
    """Whether the pod has its service from the store, and not with its image."""
    return not wanted.release.image


def grace_s(options: Options) -> int:
    """What a pod gets from the order to end until it is killed."""
    return options.pause_s + options.drain_s + FLUSH_S


def _image(wanted: Wanted) -> str:
    return wanted.release.image or wanted.options.image


def _service(wanted: Wanted, trial: str) -> dict[str, Any]:
    options = wanted.options
    arguments = ["--listen", f"0.0.0.0:{PORT}", "--limit", str(options.drain_s)]
    mounts: list[dict[str, Any]] = [
        {"name": "state", "mountPath": STATE},
        {"name": "temporary", "mountPath": TEMPORARY},
    ]
    if fetches(wanted):
        mounts.insert(0, {"name": "bento", "mountPath": FOLDER, "readOnly": True})
    container: dict[str, Any] = {
        "name": SERVICE,
        "image": _image(wanted),
        "command": ["python", "-m", "bento.worker"],
        "args": [*arguments, TRIAL] if trial else arguments,
        "workingDir": FOLDER,
        "ports": [{"name": "http", "containerPort": PORT, "protocol": "TCP"}],
        "env": _environment(wanted, trial),
        "envFrom": _secrets(options),
        "resources": _resources(options),
        "volumeMounts": mounts,
        "securityContext": _confined(),
        # A start-up probe would cost a second at each start: readiness is looked at after it.
        "readinessProbe": _probe("/readyz", 1, 3),
        "livenessProbe": {
            **_probe("/livez", 10, 6),
            "initialDelaySeconds": int(options.ready_timeout_s),
        },
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }
    if options.pause_s:
        # Requests come for a moment after the pod has left its Service.
        pause = {"exec": {"command": ["sleep", str(options.pause_s)]}}
        container["lifecycle"] = {"preStop": pause}
    return container


def _fetch(wanted: Wanted) -> dict[str, Any]:
    release = wanted.release
    return {
        "name": FETCH,
        "image": _image(wanted),
        "command": ["python", "-c", inspect.getsource(fetching)],
        "args": [release.archive, release.archive_sha256, FOLDER],
        "env": [{"name": "HOME", "value": TEMPORARY}],
        "envFrom": _secrets(wanted.options),
        "resources": _resources(wanted.options),
        "volumeMounts": [
            {"name": "bento", "mountPath": FOLDER},
            {"name": "temporary", "mountPath": TEMPORARY},
        ],
        "securityContext": _confined(),
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }


def _environment(wanted: Wanted, trial: str) -> list[dict[str, Any]]:
    settings = {
        "HOME": TEMPORARY,
        "PYTHONPATH": FOLDER,
        "SWITCHYARD_SERVICE_DIR": FOLDER,
        "BENTOML_HOME": f"{TEMPORARY}/bentoml",
        "BENTOML_DO_NOT_TRACK": "true",
        # Counts outlive the container, not the pod.
        "PROMETHEUS_MULTIPROC_DIR": f"{STATE}/metrics",
        "SWITCHYARD__SERVING__HOST": "0.0.0.0",  # noqa: S104  a pod's own address
        "SWITCHYARD__SERVING__PORT": str(PORT),
        "SWITCHYARD__SERVING__STATE_DIR": STATE,
        "SWITCHYARD__SERVING__CAPTURE__HANDOVER_S": str(HANDOVER_S),
        "SWITCHYARD__SERVING__WORKERS": "1",  # more pods, not more processes in one
        **wanted.options.environment,
    }
    if trial:
        settings |= {trials.DIGEST: trial, trials.KEPT: f"{STATE}/passed"}
    key = {"name": names.request_key(wanted.name), "key": KEY_VARIABLE}
    return [
        *({"name": each, "value": settings[each]} for each in sorted(settings)),
        {"name": KEY_VARIABLE, "valueFrom": {"secretKeyRef": key}},
    ]


def _secrets(options: Options) -> list[dict[str, Any]]:
    return [{"secretRef": {"name": each}} for each in options.secrets]


def _resources(options: Options) -> dict[str, Any]:
    asked = options.resources
    limits = {"cpu": asked.cpu_limit, "memory": asked.memory_limit}
    found: dict[str, Any] = {"requests": {"cpu": asked.cpu, "memory": asked.memory}}
    if any(limits.values()):
        found["limits"] = {key: limit for key, limit in limits.items() if limit}
    return found


def _confined() -> dict[str, Any]:
    return {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def _probe(path: str, every_s: int, failures: int) -> dict[str, Any]:
    return {
        "httpGet": {"path": path, "port": "http", "scheme": "HTTP"},
        "periodSeconds": every_s,
        "timeoutSeconds": 5,
        "failureThreshold": failures,
    }


def _volumes(wanted: Wanted) -> list[dict[str, Any]]:
    serving = wanted.serving
    # Damaged segments and counts lie beside the spool.
    state = int(serving.capture.max_spool_mb * 1.5) + 256
    temporary = int(serving.limits.max_job_mb * 4) + 256
    sizes = {"state": f"{state}Mi", "temporary": f"{temporary}Mi"}
    if fetches(wanted):
        sizes["bento"] = "1Gi"
    return [{"name": each, "emptyDir": {"sizeLimit": sizes[each]}} for each in sorted(sizes)]


def untried(template: Mapping[str, Any]) -> dict[str, Any]:
    """A template as it would be if it was neither of a track nor tried: what else it says."""
    bare = copy.deepcopy(dict(template))
    for label in (names.TRACK, names.SERVING, names.TEMPLATE):
        bare["metadata"]["labels"].pop(label, None)
    for container in bare["spec"]["containers"]:
        container["args"] = [each for each in container.get("args") or () if each != TRIAL]
        given = container.get("env") or ()
        container["env"] = [each for each in given if each["name"] not in _TRIALS]
    return bare
