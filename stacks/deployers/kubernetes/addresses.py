"""Where clients find a service of the cluster."""

from __future__ import annotations

from stacks.deployers.kubernetes.cluster import Cluster
from stacks.deployers.kubernetes.options import Options


def address(cluster: Cluster, name: str, options: Options) -> tuple[str, list[str]]:
    """The URL of a service, and what a person should know of it.

    In this order: what the stack's file says, the Ingress, the load balancer, the name inside the
    cluster.
    """
    if options.service_url:
        return options.service_url.format(name=name).rstrip("/"), []
    if options.ingress.host:
        scheme = "https" if options.ingress.tls else "http"
        return f"{scheme}://{options.ingress.host.format(name=name)}", []
    namespace = cluster.place.namespace
    if options.service_type == "LoadBalancer":
        found = cluster.get("Service", name) or {}
        given = ((found.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
        for each in given:
            return f"http://{each.get('ip') or each.get('hostname')}", []
    inside = f"http://{name}.{namespace}.svc"
    if cluster.inside:
        return inside, []
    return inside, [
        f"{inside} is known inside the cluster only; from here: {cluster.place.kubectl} -n "
        f"{namespace} port-forward service/{name} 3000:80"
    ]
