"""One namespace of a cluster, spoken to in plain dictionaries.

Every failure is a SwitchyardError that reads well by itself. While the API server is away, what can
be asked twice is asked again, for `patience_s` seconds.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from stacks.deployers.kubernetes.faults import Clash, Missing, Place, Refusal, refused, silent
from stacks.deployers.kubernetes.kinds import KINDS
from stacks.deployers.kubernetes.names import MANAGER, query
from stacks.deployers.kubernetes.ownership import without
from switchyard.errors import PlatformError

Object = dict[str, Any]

_APPLY = "application/apply-patch+yaml"
_MERGE = "application/merge-patch+json"
_PAUSE_S = 0.5
_ANSWER_S = 30.0
_CONNECT_S = 5.0


class Applied(NamedTuple):
    """What became of a manifest. left: fields that others have set and keep, and who they are."""

    object: Object
    left: tuple[tuple[str, str], ...] = ()


class Cluster:
    """The API of one namespace. inside: this process runs in a pod of that cluster."""

    def __init__(self, api: Any, place: Place, patience_s: float, *, inside: bool = False) -> None:
        self.place = place
        self.inside = inside
        self.api = api
        self._patience_s = patience_s

    def get(self, kind: str, name: str) -> Object | None:
        """An object; None when there is none."""
        try:
            return self._object("GET", self._path(kind, name), f"read {kind} '{name}'")
        except Missing:
            return None

    def list(self, kind: str, labels: Mapping[str, str]) -> list[Object]:
        """All objects with these labels."""
        found = self._object(
            "GET", self._path(kind), f"list {kind}s", parameters={"labelSelector": query(labels)}
        )
        return list(found.get("items") or ())

    def apply(self, manifest: Object, must: Callable[[str], bool] | None = None) -> Applied:
        """Make the object what the manifest says; its other fields are left as they are.

        Fields of the manifest that somebody else has set stay theirs and are named in the result,
        but Clash where `must` says of a field's path that it has to be the manifest's.
        """
        kind, name = manifest["kind"], manifest["metadata"]["name"]
        left: tuple[tuple[str, str], ...] = ()
        wanted = manifest
        while True:
            try:
                return Applied(self._apply(wanted, kind, name), left)
            except Clash as clash:
                theirs = clash.owned
                if not theirs or (must is not None and any(must(path) for path, _ in theirs)):
                    raise
                wanted, before = without(wanted, [path for path, _ in theirs]), wanted
                if wanted == before:
                    raise
                left += theirs

    def _apply(self, manifest: Object, kind: str, name: str) -> Object:
        return self._object(
            "PATCH",
            self._path(kind, name),
            f"apply {kind} '{name}'",
            manifest,
            content=_APPLY,
            parameters={"fieldManager": MANAGER, "fieldValidation": "Strict"},
        )

    def create(self, manifest: Object) -> bool:
        """Make an object; False when it is there already."""
        kind, name = manifest["kind"], manifest["metadata"]["name"]
        try:
            self._object(
                "POST",
                self._path(kind),
                f"create {kind} '{name}'",
                manifest,
                parameters={"fieldManager": MANAGER, "fieldValidation": "Strict"},
            )
        except Clash:
            return False
        return True

    def replace(self, manifest: Object) -> Object:
        """Replace an object as it was read; Clash when somebody has changed it since."""
        kind, name = manifest["kind"], manifest["metadata"]["name"]
        return self._object(
            "PUT",
            self._path(kind, name),
            f"update {kind} '{name}'",
            manifest,
            parameters={"fieldManager": MANAGER},
        )

    def merge(self, kind: str, name: str, change: Object, manager: str) -> Object:
        """Change some fields of an object, in the name of `manager`."""
        return self._object(
            "PATCH",
            self._path(kind, name),
            f"patch {kind} '{name}'",
            change,
            content=_MERGE,
            parameters={"fieldManager": manager},
        )

    def delete(self, kind: str, name: str) -> bool:
        """Delete an object, and what belongs to it after it; False when there is none."""
        try:
            self._object(
                "DELETE",
                self._path(kind, name),
                f"delete {kind} '{name}'",
                {"propagationPolicy": "Background"},
            )
        except Missing:
            return False
        return True

    def changes(self, kind: str, name: str, since: str, for_s: int) -> Iterator[Object]:
        """An object's states after the version `since`, as they come, for a time.

        It ends early when the API server does; who needs the present state then reads it.
        """
        parameters = {
            "watch": "1",
            "fieldSelector": f"metadata.name={name}",
            "resourceVersion": since,
            "timeoutSeconds": str(for_s),
        }
        import urllib3

        try:
            answer = self._send("GET", self._path(kind), parameters=parameters, answer_s=for_s + 5)
            with answer:
                for line in _lines(answer):
                    event = json.loads(line)
                    if event["type"] == "ERROR":  # the version is too old by now
                        return
                    yield event["object"]
        except _Refused as error:
            if error.refusal.status in (401, 403):
                raise refused(error.refusal, f"watch {kind} '{name}'", self.place) from error
            time.sleep(_PAUSE_S)
        except (urllib3.exceptions.HTTPError, ValueError):
            time.sleep(_PAUSE_S)

    def logs(self, pod: str, container: str, lines: int, *, before: bool = False) -> str:
        """The last lines of a container's log; before: of its life before this one. '' if none."""
        parameters = {"container": container, "tailLines": str(lines)}
        if before:
            parameters["previous"] = "true"
        try:
            path = f"{self._path('Pod', pod)}/log"
            return self._answered(
                "GET", path, f"read the log of pod '{pod}'", parameters=parameters
            ).decode(errors="replace")
        except PlatformError as error:
            if isinstance(error, Missing) or "waiting to start" in str(error):
                return ""
            raise

    def forward(self, pod: str, port: int) -> Any:
        """A way to a port of a pod through the API server, by a socket of its own."""
        from kubernetes.client.exceptions import ApiException
        from kubernetes.stream.ws_client import portforward_call

        # Not by kubernetes.stream: it changes the client for as long as it connects, and other
        # threads use that, too.
        url = f"{self.api.configuration.host}{self._path('Pod', pod)}/portforward"
        headers: dict[str, str] = {}
        self.api.update_params_for_auth(headers, [], ["BearerToken"])
        ports = [("ports", str(port))]
        doing = f"forward a port of pod '{pod}'"
        try:
            return portforward_call(
                self.api.configuration, "GET", url, query_params=ports, headers=headers
            )
        except ApiException as error:
            refusal = Refusal.of_handshake(str(error.reason))
            if refusal is not None:
                raise refused(refusal, doing, self.place) from error
            raise silent(error.reason, doing, self.place, 0) from error

    def _path(self, kind: str, name: str = "") -> str:
        known = KINDS[kind]
        path = f"{known.root}/namespaces/{self.place.namespace}/{known.resource}"
        return f"{path}/{name}" if name else path

    def _object(self, method: str, path: str, doing: str, *body: Object, **how: Any) -> Object:
        content = self._answered(method, path, doing, *body, **how)
        found: Object = json.loads(content)
        return found

    def _answered(
        self, method: str, path: str, doing: str, body: Object | None = None, **how: Any
    ) -> bytes:
        """The body of an answer; asked again while the API server is away."""
        import urllib3

        began = time.monotonic()
        while True:
            try:
                with self._send(method, path, body, **how) as answer:
                    content: bytes = answer.data
                    return content
            except _Refused as error:
                if not error.refusal.passes or self._spent(began):
                    raise refused(error.refusal, doing, self.place) from error.__cause__
            except urllib3.exceptions.HTTPError as error:
                if self._spent(began):
                    waited_s = time.monotonic() - began
                    raise silent(_cause(error), doing, self.place, waited_s) from error
            time.sleep(_PAUSE_S)

    def _spent(self, began: float) -> bool:
        return time.monotonic() - began >= self._patience_s

    def _send(
        self,
        method: str,
        path: str,
        body: Object | None = None,
        *,
        content: str = "application/json",
        parameters: Mapping[str, str] | None = None,
        answer_s: float = _ANSWER_S,
    ) -> Any:
        from kubernetes.client.exceptions import ApiException

        try:
            return self.api.call_api(
                path,
                method,
                query_params=list((parameters or {}).items()),
                header_params={"Accept": "application/json, */*", "Content-Type": content},
                body=body,
                auth_settings=["BearerToken"],
                _preload_content=False,
                _request_timeout=(_CONNECT_S, answer_s),
            )
        except ApiException as error:
            if not error.status:  # TLS
                raise PlatformError(
                    f"{self.place.cluster} cannot be spoken to: {error.reason}; check the "
                    "certificates of the kubeconfig"
                ) from error
            raise _Refused(Refusal.of(error.status, str(error.body or ""))) from error


class _Refused(Exception):  # noqa: N818  a message between the methods above
    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


def _lines(answer: Any) -> Iterator[bytes]:
    """The lines of an answer as they arrive."""
    rest = b""
    for piece in answer.stream(amt=None, decode_content=False):
        *whole, rest = (rest + piece).split(b"\n")
        yield from (line for line in whole if line)


def _cause(error: BaseException) -> object:
    return getattr(error, "reason", None) or error
