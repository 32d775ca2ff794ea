"""Orchestrators: can runs be started there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from stacks.doctor.clusters import TIMEOUT, Cluster, Refused, Unreachable
from stacks.doctor.components import Examined
from stacks.doctor.findings import Finding, Told
from stacks.doctor.namespaces import check_namespace, check_secret
from stacks.doctor.reaching import check_clock
from stacks.doctor.rights import ORCHESTRATING, SUBMITTING, check_rights

OLDEST = (1, 28)


def check_kubernetes(examined: Examined) -> Iterator[Finding]:
    """ZenML's Kubernetes orchestrator, as whoever runs pipelines finds it."""
    told = Told(examined.kind)
    settings = examined.opened().config
    try:
        cluster = Cluster(settings.kubernetes_context)
        yield from check_cluster(told, cluster)
        namespace = settings.kubernetes_namespace
        if not (yield from check_namespace(told, cluster, namespace)):
            return
        yield from check_rights(told, cluster, SUBMITTING, namespace)
        yield from _accounts(told, cluster, examined, settings)
        for name in _secrets(settings):
            yield from check_secret(told, cluster, namespace, name)
    except Unreachable as error:
        yield told.wrong(error.told, error.fix)
    except Refused as error:
        yield told.wrong(
            f"the API server refuses: {error}", "look whether the kubeconfig's account is known"
        )


def check_cluster(told: Told, cluster: Cluster) -> Iterator[Finding]:
    """That it answers, in a version that is known to work, and that its clock is ours."""
    version, headers = cluster.version()
    found = tuple(map(int, re.findall(r"\d+", version)[:2]))
    place = f"context '{cluster.context}'" if cluster.context else "this pod's cluster"
    if found < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        yield told.wrong(
            f"{place} runs Kubernetes {version}; {oldest} is the oldest that is known to work",
            "upgrade the cluster",
        )
    else:
        yield told.ok(f"{place} answers at {cluster.host}, Kubernetes {version}")
    yield from check_clock(told, "the API server", headers)


def _accounts(told: Told, cluster: Cluster, examined: Examined, settings: Any) -> Iterator[Finding]:
    """The accounts that pods run as."""
    namespace = settings.kubernetes_namespace
    for key in ("service_account_name", "step_pod_service_account_name"):
        name = getattr(settings, key)
        if not name:
            yield told.note(
                f"{key} is not set: ZenML makes an account that may change all in the namespace"
                if key == "service_account_name"
                else f"{key} is not set: steps run as the namespace's default account",
                examined.update(key, "NAME"),
            )
            continue
        try:
            cluster.ask(
                cluster.core.read_namespaced_service_account,
                name,
                namespace,
                _request_timeout=TIMEOUT,
            )
        except Refused as refusal:
            if refusal.status == 404:
                yield told.wrong(
                    f"there is no service account '{name}' in namespace '{namespace}' ({key})",
                    f"{cluster.kubectl} -n {namespace} create serviceaccount {name}, with the "
                    "rights that deploy/platform gives it",
                )
            else:
                yield told.note(f"service account '{name}' was not looked at: {refusal}")
            continue
        yield told.ok(f"service account '{name}' exists ({key})")
        if key == "service_account_name":
            account = f"{namespace}:{name}"
            yield from check_rights(told, cluster, ORCHESTRATING, namespace, account)


def _secrets(settings: Any) -> list[str]:
    """The Secrets that pods take their environment from."""
    found: dict[str, None] = {}
    for pods in (settings.pod_settings, settings.orchestrator_pod_settings):
        for source in pods.env_from if pods else ():
            name = (source.get("secretRef") or source.get("secret_ref") or {}).get("name")
            if name:
                found[str(name)] = None
    return list(found)
