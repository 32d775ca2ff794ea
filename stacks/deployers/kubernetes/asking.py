"""How one namespace of a cluster is asked: where, how long again, and refusals in sentences.

Every failure is a SwitchyardError that reads well by itself. While the API server is away, what can
be asked twice is asked again, for `patience_s` seconds.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from stacks.deployers.kubernetes.faults import Place, Refusal, refused, silent
from stacks.deployers.kubernetes.kinds import KINDS
from switchyard.errors import PlatformError

Object = dict[str, Any]

PAUSE_S = 0.5
_ANSWER_S = 30.0
_CONNECT_S = 5.0


class Asking:
    """The API of one namespace. inside: this process runs in a pod of that cluster."""

    def __init__(self, api: Any, place: Place, patience_s: float, *, inside: bool = False) -> None:
        self.place = place
        self.inside = inside
        self.api = api
        self._patience_s = patience_s

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
            except Refused as error:
                if not error.refusal.passes or self._spent(began):
                    raise refused(error.refusal, doing, self.place) from error.__cause__
            except urllib3.exceptions.HTTPError as error:
                if self._spent(began):
                    waited_s = time.monotonic() - began
                    raise silent(_cause(error), doing, self.place, waited_s) from error
            time.sleep(PAUSE_S)

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
            raise Refused(Refusal.of(error.status, str(error.body or ""))) from error


class Refused(Exception):  # noqa: N818  a message, which who asks turns into an error
    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


def _cause(error: BaseException) -> object:
    return getattr(error, "reason", None) or error
