"""Ask one pod, and no other: by its address inside the cluster, else through the API server."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

from stacks.deployers.kubernetes.cluster import Cluster
from stacks.deployers.kubernetes.pods import PORT
from switchyard.errors import SwitchyardError

_PIECE = 65_536

log = logging.getLogger("switchyard.deployers")


@contextmanager
def reached(cluster: Cluster, pod: dict[str, Any]) -> Iterator[str]:
    """A base URL at which the pod answers this process, inside the block."""
    if cluster.inside:
        address = pod["status"]["podIP"]
        yield f"http://[{address}]:{PORT}" if ":" in address else f"http://{address}:{PORT}"
        return
    with Forwarder(cluster, pod["metadata"]["name"]) as forwarder:
        try:
            yield forwarder.url
        except (SwitchyardError, OSError) as error:
            if forwarder.failure is not None:  # not the pod has failed, but the way to it
                raise forwarder.failure from error
            raise


class Forwarder:
    """A port of this machine that leads to the pod's; each connection is forwarded by itself."""

    def __init__(self, cluster: Cluster, pod: str) -> None:
        self._cluster, self._pod = cluster, pod
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.failure: SwitchyardError | None = None
        self._open: set[socket.socket] = set()
        self._thread = threading.Thread(target=self._accept, name="forwarding", daemon=True)

    @property
    def url(self) -> str:
        """Where the pod is asked."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Forwarder:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(timeout=5)
        for each in list(self._open):
            _end(each)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        self._open.add(client)
        try:
            forwarded = self._cluster.forward(self._pod, PORT)
            with closing(forwarded):
                pod = forwarded.socket(PORT)
                back = threading.Thread(target=_pump, args=(pod, client), daemon=True)
                back.start()
                _pump(client, pod)
                back.join()
            if forwarded.error(PORT):
                log.warning("pod '%s': %s", self._pod, forwarded.error(PORT))
        except SwitchyardError as error:  # the client sees a closed connection
            self.failure = error
        except OSError as error:
            log.warning("pod '%s' is not reached: %s", self._pod, error)
        finally:
            self._open.discard(client)
            client.close()


def _pump(source: Any, target: Any) -> None:
    """Copy until the source ends; then the target's other side is told so."""
    with suppress(OSError):
        while piece := source.recv(_PIECE):
            target.sendall(piece)
    _end(target)


def _end(held: Any) -> None:
    with suppress(OSError):
        held.shutdown(socket.SHUT_RDWR)
