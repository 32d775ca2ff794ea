"""A namespace of a cluster: is it there, has it room, are the Secrets of its pods there."""

from __future__ import annotations

from collections.abc import Generator, Iterator

from stacks.doctor.clusters import TIMEOUT, Cluster, Refused
from stacks.doctor.findings import Finding, Told


def check_namespace(told: Told, cluster: Cluster, name: str) -> Generator[Finding, None, bool]:
    """That a namespace exists, and that no quota of it is used up.

    Returns whether there may be something in it; what else could be told would only repeat it.
    """
    try:
        found = cluster.ask(cluster.core.read_namespace, name, _request_timeout=TIMEOUT)
    except Refused as refusal:
        if refusal.status == 404:
            yield told.wrong(
                f"there is no namespace '{name}'",
                f"{cluster.kubectl} create namespace {name}, or apply deploy/platform",
            )
        else:  # who may work in a namespace often may not look at it
            yield told.note(f"namespace '{name}' was not looked at: {refusal}")
        return refusal.status != 404
    if found.status.phase != "Active":
        yield told.wrong(
            f"namespace '{name}' is {str(found.status.phase).lower()}",
            "wait until it is gone, and make it again",
        )
        return False
    yield told.ok(f"namespace '{name}' exists")
    yield from _quotas(told, cluster, name)
    return True


def _quotas(told: Told, cluster: Cluster, namespace: str) -> Iterator[Finding]:
    try:
        quotas = cluster.ask(
            cluster.core.list_namespaced_resource_quota, namespace, _request_timeout=TIMEOUT
        ).items
    except Refused as refusal:
        yield told.note(f"quotas of namespace '{namespace}' were not looked at: {refusal}")
        return
    from kubernetes.utils.quantity import parse_quantity

    for quota in quotas:
        hard, used = quota.status.hard or {}, quota.status.used or {}
        full = [
            f"{what} {used[what]} of {limit}"
            for what, limit in sorted(hard.items())
            if what in used and parse_quantity(used[what]) >= parse_quantity(limit)
        ]
        if full:
            yield told.wrong(
                f"quota '{quota.metadata.name}' of namespace '{namespace}' is used up: "
                f"{', '.join(full)}; no pod starts there",
                f"delete what is not needed, or raise it: {cluster.kubectl} -n {namespace} edit "
                f"resourcequota {quota.metadata.name}",
            )


def check_secret(told: Told, cluster: Cluster, namespace: str, name: str) -> Iterator[Finding]:
    """That a Secret exists; its content is not looked at."""
    try:
        cluster.ask(cluster.core.read_namespaced_secret, name, namespace, _request_timeout=TIMEOUT)
    except Refused as refusal:
        if refusal.status == 404:
            yield told.wrong(
                f"there is no Secret '{name}' in namespace '{namespace}', which pods take their "
                "environment from",
                f"{cluster.kubectl} -n {namespace} create secret generic {name} --from-env-file="
                "FILE, with AWS_ACCESS_KEY_ID=… and the like in it",
            )
        else:
            yield told.note(f"Secret '{name}' was not looked at: {refusal}")
        return
    yield told.ok(f"Secret '{name}' exists in namespace '{namespace}'")
