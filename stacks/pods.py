"""The settings of ZenML's Kubernetes orchestrator for our pods.

Ours are defaults: what the stack's file says of pods is added, and wins where both say something.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stacks.adapting.entrypoint import BUILDS
from switchyard.configuration.model import UseCase
from switchyard.configuration.resources import Pod

USER = 10001
"""As of the image."""

DEPLOYER_ACCOUNT = "switchyard-deployer"
"""May do what an orchestrator may, and what a deployer needs in the services' namespace."""

POLLED_S = 1.0
KEPT_S = 86_400
"""A pod that has ended is there to be looked at for a day."""

RESTARTS = 3
"""How often a pod that died otherwise than by an error of its step is replaced."""

ONLY_DEATHS: dict[str, list[dict[str, Any]]] = {
    "rules": [
        # Evicted, preempted, or its node is gone: another pod, as often as it takes.
        {
            "action": "Ignore",
            "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}],
        },
        # The step has failed and said why: it would fail again.
        {
            "action": "FailJob",
            "onExitCodes": {"containerName": "main", "operator": "In", "values": [1]},
        },
        {
            "action": "Count",
            "onExitCodes": {"containerName": "main", "operator": "NotIn", "values": [0]},
        },
    ]
}


def of_pipeline(
    configured: Mapping[str, Any], case: UseCase, *, deploys: bool = False, builds: bool = False
) -> dict[str, Any]:
    """Of the pod that runs a pipeline and its small steps.

    configured: of the orchestrator's component; deploys: whether those steps deploy; builds:
    whether they begin with building a Bento.
    """
    own = dict(configured.get("orchestrator_pod_settings") or {})
    ahead = {"env": [{"name": BUILDS, "value": "yes"}]} if builds else {}
    account = {"service_account_name": DEPLOYER_ACCOUNT} if deploys else {}
    return {
        "orchestrator_pod_settings": _merged(_pod(case, case.resources.pipeline) | ahead, own),
        "pod_settings": _merged(_pod(case, case.resources.pipeline), _of_steps(configured)),
        "orchestrator_job_backoff_limit": RESTARTS,
        "job_monitoring_interval": POLLED_S,
        "ttl_seconds_after_finished": KEPT_S,
        **account,
    }


def of_steps_pod(configured: Mapping[str, Any], case: UseCase, pod: Pod) -> dict[str, Any]:
    """Of a step with a pod of its own."""
    account = configured.get("step_pod_service_account_name")
    return {
        "pod_settings": _merged(_pod(case, pod), _of_steps(configured)),
        "pod_failure_policy": ONLY_DEATHS,
        "backoff_limit_margin": RESTARTS,
        "ttl_seconds_after_finished": KEPT_S,
        # ZenML lets such a step run as what started it, which may do more.
        **({"service_account_name": account} if account else {}),
    }


def _of_steps(configured: Mapping[str, Any]) -> dict[str, Any]:
    return dict(configured.get("pod_settings") or {})


def _pod(case: UseCase, pod: Pod) -> dict[str, Any]:
    """Of any pod of ours: no rights on its machine, a disk that is read-only but for /tmp."""
    return {
        "resources": {
            "requests": {"cpu": pod.cpu, "memory": pod.memory},
            "limits": {"memory": pod.memory},
        },
        "labels": {
            "app.kubernetes.io/part-of": "switchyard",
            "app.kubernetes.io/component": "pipeline",
            "switchyard/use-case": case.name,
        },
        "volumes": [{"name": "tmp", "emptyDir": {}}],
        "volume_mounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108  a pod's own
        "container_security_context": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        "additional_pod_spec_args": {
            "security_context": {
                "runAsNonRoot": True,
                "runAsUser": USER,
                "runAsGroup": USER,
                "fsGroup": USER,
                "seccompProfile": {"type": "RuntimeDefault"},
            }
        },
    }


def _merged(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    """Both; lists one after the other, and theirs where both have a value."""
    found = dict(ours)
    for key, value in theirs.items():
        known = found.get(key)
        if isinstance(known, dict) and isinstance(value, Mapping):
            found[key] = _merged(known, value)
        elif isinstance(known, list) and isinstance(value, list):
            found[key] = [*known, *value]
        else:
            found[key] = value
    return found
