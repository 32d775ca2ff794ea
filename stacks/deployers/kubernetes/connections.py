"""Find the cluster that the stack's file means, from a laptop or from inside a pod."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from stacks.deployers.kubernetes.cluster import Cluster
from stacks.deployers.kubernetes.faults import Place
from stacks.deployers.kubernetes.options import Options
from switchyard.errors import RequestError

_TOKEN = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")


def connect(options: Options) -> Cluster:
    """The cluster, which need not answer yet. RequestError where no configuration leads to one."""
    try:
        from kubernetes import client, config
        from kubernetes.config.config_exception import ConfigException
    except ImportError as error:
        raise RequestError(
            f"the Kubernetes deployer needs package '{error.name}': uv sync --extra kubernetes"
        ) from error
    settings = client.Configuration()
    namespace = options.kubernetes_namespace
    inside = inside_a_pod()
    try:
        if inside:
            config.load_incluster_config(client_configuration=settings)
            place = Place(f"the cluster at {settings.host}", namespace)
        else:
            # The client itself looks at the variable once, when it is imported.
            files = os.environ.get("KUBECONFIG") or "~/.kube/config"
            context = _chosen(config, files, options.kubernetes_context)
            config.load_kube_config(files, context, client_configuration=settings)
            place = Place(
                f"the cluster of context '{context}' ({settings.host})", namespace, context
            )
    except ConfigException as error:
        raise RequestError(f"no cluster: {error}; {_ADVICE}") from error
    settings.retries = False  # a request that fails is judged here
    return Cluster(client.ApiClient(settings), place, options.patience_s, inside=inside)


_ADVICE = (
    "KUBECONFIG names the file that has one, `kubectl config get-contexts` lists what there is"
)


def inside_a_pod() -> bool:
    """Whether this process runs in a pod that may ask its cluster."""
    return "KUBERNETES_SERVICE_HOST" in os.environ and _TOKEN.exists()


def _chosen(config: Any, files: str, wanted: str) -> str:
    """The context to use; RequestError when there is none of that name."""
    contexts, current = config.list_kube_config_contexts(files)
    known = sorted(str(each["name"]) for each in contexts)
    if not wanted:
        if not current:
            raise RequestError(
                "no cluster: the kubeconfig has no current context; set kubernetes_context of the "
                f"model_deployer, or `kubectl config use-context` one of: {', '.join(known)}"
            )
        return str(current["name"])
    if wanted not in known:
        raise RequestError(
            f"kubernetes_context '{wanted}' is not in the kubeconfig; there are: "
            f"{', '.join(known) or 'none'}; {_ADVICE}"
        )
    return wanted
