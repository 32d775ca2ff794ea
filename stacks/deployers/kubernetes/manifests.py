"""The objects of a use case beside its pods, as plain dictionaries."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from stacks.deployers.kubernetes import names
from stacks.deployers.kubernetes.options import Options
from stacks.deployers.kubernetes.pods import PORT, Wanted, template
from switchyard.capture.request_ids import KEY_VARIABLE

Manifest = dict[str, Any]

_PORTS = {"http": 80, "https": 443, "postgresql": 5432, "redis": 6379, "rediss": 6379}


def workload(
    wanted: Wanted, track: str, *, trial: str = "", replicas: int | None = None
) -> Manifest:
    """The Deployment of a track. trial: as of `template`; replicas: None leaves their number to
    whoever scales it."""
    name, options = wanted.name, wanted.options
    spec: Manifest = {
        "selector": {"matchLabels": names.selected(name, track)},
        "revisionHistoryLimit": 3,
        "progressDeadlineSeconds": int(options.ready_timeout_s) + 10,
        "strategy": {
            "type": "RollingUpdate",
            "rollingUpdate": {"maxUnavailable": 0, "maxSurge": "25%"},
        },
        "template": template(wanted, track, trial=trial),
    }
    if replicas is not None:
        spec["replicas"] = replicas
    made = _object("apps/v1", "Deployment", names.deployment(name, track), name)
    made["metadata"]["labels"][names.TRACK] = track
    return {**made, "spec": spec}


def surroundings(name: str, options: Options, places: Iterable[str]) -> list[Manifest]:
    """What must be there before any pod is, in order. places: URLs that its pods ask."""
    return [service_account(name), network_policy(name, options, places), service(name, options)]


def companions(name: str, options: Options) -> list[Manifest]:
    """What looks after the pods of the stable track."""
    made = [disruption_budget(name)]
    if options.autoscaling.enabled:
        made.append(autoscaler(name, options))
    if options.ingress.host:
        made.append(ingress(name, options))
    return made


def service_account(name: str) -> Manifest:
    """Who the pods are: somebody without a token."""
    made = _object("v1", "ServiceAccount", name, name)
    return {**made, "automountServiceAccountToken": False}


def service(name: str, options: Options) -> Manifest:
    """Where clients inside the cluster ask. Pods on trial are not behind it."""
    made = _object("v1", "Service", name, name)
    made["metadata"]["annotations"] = {
        "prometheus.io/scrape": "true",
        "prometheus.io/port": str(PORT),
        "prometheus.io/path": "/metrics",
    }
    spec = {
        "type": options.service_type,
        "selector": {names.NAME: name, names.SERVING: "yes"},
        "ports": [{"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"}],
    }
    return {**made, "spec": spec}


def autoscaler(name: str, options: Options) -> Manifest:
    """Scales the stable track by the processor time that it uses."""
    scaling = options.autoscaling
    made = _object("autoscaling/v2", "HorizontalPodAutoscaler", name, name)
    target = {"type": "Utilization", "averageUtilization": scaling.cpu}
    out = [
        {"type": "Percent", "value": 100, "periodSeconds": 15},
        {"type": "Pods", "value": 4, "periodSeconds": 15},
    ]
    spec = {
        "scaleTargetRef": {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "name": names.deployment(name, names.STABLE),
        },
        "minReplicas": scaling.min,
        "maxReplicas": max(scaling.min, scaling.max),
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
        "behavior": {
            "scaleUp": {
                "stabilizationWindowSeconds": 0,
                "selectPolicy": "Max",
                "policies": out,
            },
            "scaleDown": {
                "stabilizationWindowSeconds": scaling.scale_in_after_s,
                "selectPolicy": "Max",
                "policies": [{"type": "Percent", "value": 50, "periodSeconds": 15}],
            },
        },
    }
    return {**made, "spec": spec}


def disruption_budget(name: str) -> Manifest:
    """Nodes may be emptied one pod at a time; pods that are not ready are in nobody's way."""
    made = _object("policy/v1", "PodDisruptionBudget", name, name)
    spec = {
        "maxUnavailable": 1,
        "selector": {"matchLabels": names.selected(name, names.STABLE)},
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
    }
    return {**made, "spec": spec}


def network_policy(name: str, options: Options, places: Iterable[str]) -> Manifest:
    """Who may ask the pods, and whom they may: names, the object store, the queue."""
    ports = {*options.network.egress_ports}
    for parts in map(urlsplit, places):
        if parts.scheme in _PORTS:
            ports.add(parts.port or _PORTS[parts.scheme])
    peers = {"from": [dict(each) for each in options.network.ingress_from]}
    names_asked = [{"port": 53, "protocol": protocol} for protocol in ("UDP", "TCP")]
    stores = [{"port": port, "protocol": "TCP"} for port in sorted(ports)]
    made = _object("networking.k8s.io/v1", "NetworkPolicy", name, name)
    spec = {
        "podSelector": {"matchLabels": {names.NAME: name, names.PART_OF: names.MANAGER}},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [
            {"ports": [{"port": PORT, "protocol": "TCP"}], **(peers if peers["from"] else {})}
        ],
        "egress": [{"ports": names_asked}, {"ports": stores}],
    }
    return {**made, "spec": spec}


def ingress(name: str, options: Options) -> Manifest:
    """Where clients outside the cluster ask."""
    wanted = options.ingress
    host = wanted.host.format(name=name)
    backend = {"service": {"name": name, "port": {"name": "http"}}}
    spec: Manifest = {
        "rules": [
            {
                "host": host,
                "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]},
            }
        ]
    }
    if wanted.class_name:
        spec["ingressClassName"] = wanted.class_name
    if wanted.tls:
        spec["tls"] = [{"hosts": [host], "secretName": names.certificate(name)}]
    made = _object("networking.k8s.io/v1", "Ingress", name, name)
    if wanted.annotations:
        made["metadata"]["annotations"] = dict(wanted.annotations)
    return {**made, "spec": spec}


def request_key(name: str) -> Manifest:
    """A new key of request ids: all pods of the use case share the first one that was made."""
    made = _object("v1", "Secret", names.request_key(name), name)
    return {**made, "type": "Opaque", "stringData": {KEY_VARIABLE: os.urandom(32).hex()}}


def _object(api: str, kind: str, name: str, use_case: str) -> Manifest:
    metadata = {"name": name, "labels": names.labels(use_case)}
    return {"apiVersion": api, "kind": kind, "metadata": metadata}
