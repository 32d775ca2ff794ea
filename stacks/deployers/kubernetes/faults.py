"""What a cluster refuses or cannot do, in sentences: the thing, why, and what mends it."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass, field
from typing import Any

from switchyard.errors import PlatformError, RequestError, SwitchyardError

_DENIED = re.compile(
    r'User "(?P<user>[^"]*)" cannot (?P<verb>\w+) resource "(?P<resource>[^"]*)" '
    r'in API group "(?P<group>[^"]*)"'
)
_QUOTA = re.compile(r"exceeded quota: (?P<told>.*)", re.S)
_POLICY = re.compile(r'violates PodSecurity "(?P<level>[^"]*)": (?P<told>.*)', re.S)
_NO_NAMESPACE = re.compile(r'^namespaces "(?P<name>[^"]*)" not found')
_ENDING = "because it is being terminated"


class Missing(PlatformError):  # noqa: N818  what is not there may be expected not to be
    """There is no such object."""


class Clash(PlatformError):  # noqa: N818  who comes second may try again
    """Somebody else has changed or made the object; of fields that are another manager's: which.

    owned: the paths of such fields, and whose they are.
    """

    def __init__(self, text: str, owned: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(text)
        self.owned = owned


@dataclass(frozen=True)
class Place:
    """Which cluster and namespace is spoken of."""

    cluster: str
    namespace: str
    context: str = ""

    @property
    def kubectl(self) -> str:
        """How a person asks the same cluster."""
        return f"kubectl --context {self.context}" if self.context else "kubectl"


@dataclass(frozen=True)
class Refusal:
    """The API's answer to what it does not do. body: its Status object, or the text it sent."""

    status: int
    body: str
    told: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, status: int, body: str) -> Refusal:
        """From the answer's body."""
        try:
            told = json.loads(body)
        except ValueError:
            told = {}
        return cls(status, body, told if isinstance(told, dict) else {})

    @classmethod
    def of_handshake(cls, told: str) -> Refusal | None:
        """From what a websocket's client says of an answer that opened none; None of silence."""
        found = re.match(r"Handshake status (\d+) ", told)
        if not found:
            return None
        body = told.rpartition("-+-+- ")[2]
        if body[:2] in ("b'", 'b"'):  # as some releases of the client have it
            body = ast.literal_eval(body).decode(errors="replace")
        return cls.of(int(found[1]), body)

    @property
    def message(self) -> str:
        """What the API says."""
        return str(self.told.get("message") or self.body[:300] or f"status {self.status}")

    @property
    def owned(self) -> tuple[tuple[str, str], ...]:
        """Fields that belong to other managers, and their names."""
        causes = (self.told.get("details") or {}).get("causes") or ()
        return tuple(
            (str(each.get("field", "")), _manager(str(each.get("message", ""))))
            for each in causes
            if each.get("reason") == "FieldManagerConflict"
        )

    @property
    def passes(self) -> bool:
        """Whether the same request may be answered in a moment."""
        return self.status in (429, 500, 502, 503, 504)


def refused(refusal: Refusal, doing: str, place: Place) -> SwitchyardError:
    """The error for an answer; doing: as 'apply Deployment 'x''."""
    message, namespace = refusal.message, place.namespace
    if refusal.status == 401:
        return PlatformError(
            f"{place.cluster} does not know who asks ({message}); renew the credentials of the "
            "kubeconfig, or those of the pod's service account"
        )
    if refusal.status == 403:
        return _forbidden(message, doing, place)
    if refusal.status == 404:
        gone = _NO_NAMESPACE.match(message)
        if gone:
            return RequestError(
                f"{place.cluster} has no namespace '{gone['name']}': {place.kubectl} apply -k "
                f"deploy/platform makes the project's, {place.kubectl} create namespace "
                f"{gone['name']} an empty one"
            )
        return Missing(f"cannot {doing} in namespace '{namespace}': {message}")
    if refusal.status == 409:
        return Clash(f"cannot {doing} in namespace '{namespace}': {message}", refusal.owned)
    if refusal.status in (400, 422):
        return RequestError(
            f"{place.cluster} refuses to {doing}: {message}; change what the stack's file says of "
            "it under model_deployer"
        )
    return PlatformError(
        f"{place.cluster} failed to {doing}: {message}; {place.kubectl} get --raw "
        "'/readyz?verbose' says how it is"
    )


def silent(cause: object, doing: str, place: Place, waited_s: float) -> PlatformError:
    """The error for an API server that does not answer."""
    told = str(cause).replace("\n", " ")[:300]
    waited = f" for {waited_s:.0f} s" if waited_s >= 1 else ""
    return PlatformError(
        f"{place.cluster} does not answer{waited} ({told}), so it was not possible to {doing}; "
        f"{place.kubectl} get --raw /readyz says whether it is there. What was begun is taken up "
        "by the same command"
    )


def _forbidden(message: str, doing: str, place: Place) -> SwitchyardError:
    namespace = place.namespace
    denied, full, policy = (pattern.search(message) for pattern in (_DENIED, _QUOTA, _POLICY))
    if denied:
        group = denied["group"]
        resource = f"{denied['resource']}.{group}" if group else denied["resource"]
        return PlatformError(
            f"'{denied['user']}' lacks the right to {denied['verb']} {resource} in namespace "
            f"'{namespace}', which is needed to {doing}; somebody who may grants it: the Role "
            "'switchyard-deployer' of deploy/platform has all rights that a deployment needs"
        )
    if full:
        return PlatformError(full_quota(full["told"], namespace, place.kubectl))
    if policy:
        return PlatformError(
            f"namespace '{namespace}' has the Pod Security level '{policy['level']}', and what was "
            f"to run does not keep to it: {policy['told']}"
        )
    if _ENDING in message:
        return PlatformError(
            f"namespace '{namespace}' is being deleted; wait for its end, make it anew, and deploy "
            "again"
        )
    return PlatformError(f"{place.cluster} forbids to {doing}: {message}")


def full_quota(told: str, namespace: str, kubectl: str) -> str:
    """The sentence for a quota that is used up."""
    return (
        f"the quota of namespace '{namespace}' is used up ({told.strip()}); {kubectl} -n "
        f"{namespace} describe quota shows it: raise it, stop what is not needed, or ask for less "
        "(resources of the model_deployer)"
    )


def _manager(message: str) -> str:
    found = re.search(r'conflict with "([^"]*)"', message)
    return found[1] if found else "another manager"
