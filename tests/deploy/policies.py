"""What NetworkPolicies let through: of pods that any selects, only what one allows."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address, ip_network

from tests.deploy.manifests import Manifest, Pod, selects

OUTSIDE = "203.0.113.7"
NAMES = Pod("coredns", "kube-system", {"k8s-app": "kube-dns"})


def may_reach(policies: Iterable[Manifest], source: Pod, target: Pod | str, port: int) -> bool:
    """Whether a pod may open a TCP connection to another, or to an address outside."""
    known = list(policies)
    if not _allowed(known, "Egress", source, target, port):
        return False
    return isinstance(target, str) or _allowed(known, "Ingress", target, source, port)


def _allowed(
    policies: list[Manifest], direction: str, pod: Pod, other: Pod | str, port: int
) -> bool:
    applied = [
        each["spec"]
        for each in policies
        if each["metadata"]["namespace"] == pod.namespace
        and direction in each["spec"]["policyTypes"]
        and selects(each["spec"]["podSelector"], pod.labels)
    ]
    rules = [rule for spec in applied for rule in spec.get(direction.lower(), ())]
    peers = "to" if direction == "Egress" else "from"
    return not applied or any(
        any(_is_peer(peer, other, pod.namespace) for peer in rule[peers])
        and any(_is_port(each, port) for each in rule["ports"])
        for rule in rules
    )


def _is_peer(peer: Manifest, other: Pod | str, namespace: str) -> bool:
    if isinstance(other, str):
        block = peer.get("ipBlock")
        return block is not None and (
            ip_address(other) in ip_network(block["cidr"])
            and not any(ip_address(other) in ip_network(each) for each in block.get("except", ()))
        )
    if "ipBlock" in peer:  # of pods, whose addresses are nobody's to know
        return False
    home = {"kubernetes.io/metadata.name": other.namespace}
    if "namespaceSelector" in peer:
        if not selects(peer["namespaceSelector"], home):
            return False
    elif other.namespace != namespace:
        return False
    return selects(peer.get("podSelector", {}), other.labels)


def _is_port(allowed: Manifest, port: int) -> bool:
    return bool(allowed["port"] == port and allowed.get("protocol", "TCP") == "TCP")
