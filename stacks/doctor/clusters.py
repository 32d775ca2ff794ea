"""A Kubernetes API server, asked as the account of whoever examines."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from kubernetes import client, config
from kubernetes.client.rest import ApiException
from kubernetes.config.config_exception import ConfigException
from urllib3.exceptions import HTTPError

from switchyard.errors import PlatformError
from switchyard.nearest import suggestion

TIMEOUT = (5.0, 15.0)
"""Seconds to connect, and to wait for an answer."""

T = TypeVar("T")


class Unreachable(PlatformError):  # noqa: N818  a state, as its name says
    """There is no cluster to ask, or it does not answer. fix: what to do."""

    def __init__(self, told: str, fix: str) -> None:
        super().__init__(f"{told}; {fix}")
        self.told, self.fix = told, fix


class Refused(PlatformError):  # noqa: N818  an answer, as its name says
    """The API server answered with an error. status: HTTP's."""

    def __init__(self, status: int, told: str) -> None:
        super().__init__(told)
        self.status = status


class Cluster:
    """The API server of a context of the kubeconfig, by default of its current one.

    In a pod it is that of the pod's cluster. Unreachable when there is no such context.
    """

    def __init__(self, context: str | None) -> None:
        settings = client.Configuration()
        self.context = ""
        if "KUBERNETES_SERVICE_HOST" in os.environ and not context:
            config.load_incluster_config(client_configuration=settings)
        else:
            self.context = _load(context, settings)
        settings.retries = False
        self.host = str(settings.host)
        self.api = client.ApiClient(settings)
        self.core = client.CoreV1Api(self.api)

    @property
    def kubectl(self) -> str:
        """The command that reaches the same cluster."""
        return f"kubectl --context {self.context}" if self.context else "kubectl"

    def version(self) -> tuple[str, dict[str, str]]:
        """The server's version, as v1.32.13, and the headers of its answer."""
        found, _, headers = self.ask(
            client.VersionApi(self.api).get_code_with_http_info, _request_timeout=TIMEOUT
        )
        return str(found.git_version), dict(headers)

    def who(self) -> str:
        """The account that asks, as the API server knows it; '' when it does not say."""
        api = client.AuthenticationV1Api(self.api)
        try:
            review = self.ask(
                api.create_self_subject_review,
                client.V1SelfSubjectReview(),
                _request_timeout=TIMEOUT,
            )
        except Refused:  # Kubernetes before 1.28
            return ""
        return str(review.status.user_info.username)

    def may(self, verb: str, resource: str, namespace: str, account: str = "") -> bool:
        """Whether an account may do that there. resource: as 'jobs.batch' or 'pods/log'.

        account: a service account, as 'namespace:name'; whoever asks by default. Refused when one
        may not ask for others.
        """
        name, _, group = resource.partition(".")
        name, _, part = name.partition("/")
        what = {
            "resource_attributes": client.V1ResourceAttributes(
                group=group, namespace=namespace, resource=name, subresource=part or None, verb=verb
            )
        }
        api = client.AuthorizationV1Api(self.api)
        if account:
            user = f"system:serviceaccount:{account}"
            spec = client.V1SubjectAccessReviewSpec(
                user=user, groups=["system:serviceaccounts", "system:authenticated"], **what
            )
            review = self.ask(
                api.create_namespaced_local_subject_access_review,
                namespace,
                client.V1LocalSubjectAccessReview(
                    metadata=client.V1ObjectMeta(namespace=namespace), spec=spec
                ),
                _request_timeout=TIMEOUT,
            )
        else:
            spec = client.V1SelfSubjectAccessReviewSpec(**what)
            review = self.ask(
                api.create_self_subject_access_review,
                client.V1SelfSubjectAccessReview(spec=spec),
                _request_timeout=TIMEOUT,
            )
        return bool(review.status.allowed)

    def ask(self, question: Callable[..., T], *given: Any, **named: Any) -> T:
        """What the API server answers; Refused or Unreachable when it does not."""
        try:
            return question(*given, **named)
        except ApiException as error:
            raise Refused(int(error.status or 0), _message(error)) from error
        except HTTPError as error:
            reason = getattr(error, "reason", None) or error
            raise Unreachable(
                f"the API server {self.host} does not answer: {reason}",
                f"start the cluster, or mend the address and certificate: `{self.kubectl} "
                "cluster-info` says more",
            ) from error


def _load(context: str | None, settings: Any) -> str:
    """Fill in how the API server of a context is reached; return the context's name."""
    file = os.environ.get("KUBECONFIG") or None  # the library looked when it was imported
    try:
        contexts, current = config.list_kube_config_contexts(file)
    except ConfigException as error:
        place = os.environ.get("KUBECONFIG") or "~/.kube/config"
        raise Unreachable(
            f"there is no kubeconfig: {error}", f"put one at {place}, or set KUBECONFIG"
        ) from error
    names = [str(each["name"]) for each in contexts]
    name = context or str((current or {}).get("name", ""))
    if name not in names:
        _no_context(name, names)
    try:
        config.load_kube_config(file, context=name, client_configuration=settings)
    except ConfigException as error:
        raise Unreachable(
            f"context '{name}' cannot be used: {error}",
            f"mend it: `kubectl config view --context {name}`",
        ) from error
    return name


def _no_context(context: str, names: list[str]) -> NoReturn:
    raise Unreachable(
        f"the kubeconfig has no context '{context}'"
        if context
        else "no context is the current one",
        f"{suggestion(context, names)}there are: {', '.join(names) or 'none'}; name one in the "
        "stack's file and apply it, or set KUBECONFIG to the file that has it",
    )


def _message(error: ApiException) -> str:
    """What the API server says, in its own words."""
    try:
        return str(json.loads(error.body)["message"])
    except (TypeError, ValueError, KeyError):
        return f"{error.status} {error.reason}"
