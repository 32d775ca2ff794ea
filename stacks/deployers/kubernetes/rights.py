"""What the deployer must be allowed to do in the namespace of services: no more, and no less."""

from __future__ import annotations

_APPLIED = ("get", "create", "patch", "delete")

RIGHTS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("", "configmaps", ("get", "list", "create", "update")),
    ("", "pods", ("list", "patch")),
    ("", "pods/log", ("get",)),
    ("", "pods/portforward", ("create", "get")),
    ("", "secrets", ("create",)),
    ("", "serviceaccounts", ("create", "patch")),
    ("", "services", ("get", "create", "patch")),
    ("apps", "deployments", (*_APPLIED, "watch", "list")),
    ("apps", "replicasets", ("list",)),
    ("autoscaling", "horizontalpodautoscalers", ("create", "patch", "delete")),
    ("coordination.k8s.io", "leases", ("get", "create", "update")),
    ("networking.k8s.io", "ingresses", ("create", "patch", "delete")),
    ("networking.k8s.io", "networkpolicies", ("create", "patch")),
    ("policy", "poddisruptionbudgets", ("create", "patch", "delete")),
)
"""Group, resource, verbs. Inside the cluster pods are asked at their addresses: without
pods/portforward."""
