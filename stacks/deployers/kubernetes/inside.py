"""What goes on inside a pod: its containers' logs, and a way to its ports."""

from __future__ import annotations

from typing import Any

from stacks.deployers.kubernetes.asking import Asking
from stacks.deployers.kubernetes.faults import Missing, Refusal, refused, silent
from switchyard.errors import SwitchyardError


class Inside(Asking):
    """The pods of one namespace."""

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
        except SwitchyardError as error:
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
