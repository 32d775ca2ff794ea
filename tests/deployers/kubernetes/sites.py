"""Where tests deploy quick services on a cluster, and ways to look at what was started."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from stacks.deployers.kubernetes.deployments import Deployments
from stacks.deployers.kubernetes.options import Options
from stacks.deployers.kubernetes.publishing import publish
from switchyard.configuration.serving import Serving
from switchyard.serving.releases import Deployment, Release
from tests.clusters import Cluster
from tests.deployers.places import Place, free_port, ok

NAME = "phishing"
BUCKET = "switchyard"

RESTRICTED = "pod-security.kubernetes.io/enforce=restricted"


def host_for(cluster: Cluster) -> str:
    """The address of this machine that pods of the cluster can reach."""
    return address_towards(node_of(cluster))


def node_of(cluster: Cluster) -> str:
    """The address of a node."""
    [node, *_] = cluster.get("nodes")["items"]
    return next(
        str(each["address"]) for each in node["status"]["addresses"] if each["type"] == "InternalIP"
    )


def address_towards(other: str) -> str:
    """This machine's address on the way to another."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
        way.connect((other, 9))
        return str(way.getsockname()[0])


class Store:
    """An S3 of this machine, in a folder."""

    def __init__(self, folder: Path, host: str) -> None:
        (folder / BUCKET).mkdir()
        self.folder = folder
        self._host = host
        self.environment = {
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "a-secret-of-the-tests",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL_S3": f"http://{host}:{free_port()}",
            "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",
            "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required",
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def objects(self) -> list[str]:
        """The keys of all objects."""
        bucket = self.folder / BUCKET
        return [str(each.relative_to(bucket)) for each in bucket.rglob("*") if each.is_file()]

    def start(self) -> None:
        """Begin to answer."""
        address = self.environment["AWS_ENDPOINT_URL_S3"].removeprefix("http://")
        keys = [self.environment[f"AWS_{name}"] for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY")]
        self._process = subprocess.Popen(
            ("rclone", "serve", "s3", "--addr", address, "--auth-key", ",".join(keys), self.folder),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # A terminal that it touches from the background would stop it.
            start_new_session=True,
        )
        host, port = address.split(":")
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection((host, int(port))).close()
                return
            except OSError:
                assert time.monotonic() < deadline, "the object store does not start"
                time.sleep(0.05)

    def stop(self) -> None:
        """Be away."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


class Site:
    """A deployer with a namespace and releases of its own."""

    def __init__(
        self, cluster: Cluster, namespace: str, image: str, store: Store, folder: Path
    ) -> None:
        self.cluster, self.namespace, self.image = cluster, namespace, image
        self.store = store
        self.serving = Serving(state_dir=str(folder / "state"))
        self._place = Place(folder)
        cluster.kubectl("label", "namespace", namespace, RESTRICTED)
        self.secret("switchyard-storage", store.environment)
        self.deployments = self.deployer()

    def options(self, **options: Any) -> Options:
        """The settings of a stack's file."""
        given = {
            "kubernetes_context": self.cluster.context,
            "kubernetes_namespace": self.namespace,
            "image": self.image,
            "state": f"s3://{BUCKET}/{self.namespace}",
            "service_type": "NodePort",
            "resources": {"cpu": "200m", "memory": "200Mi"},
            "ready_timeout_s": 240,
            "pause_s": 3,
            "drain_s": 15,
            "busy_timeout_s": 60,
            **options,
        }
        return Options.model_validate(given)

    def deployer(self, **options: Any) -> Deployments:
        """Another one of the same namespace."""
        return Deployments(self.options(**options))

    def release(self, version: str, *files: str, **options: Any) -> Release:
        """A published release whose service answers with its version; `files`: what else to do."""
        made = self._place.release(version, NAME, *files)
        (Path(made.folder) / "version").write_text(version, encoding="utf-8")
        return publish(made, self.options(**options))

    def deploy(self, version: str, *files: str, **options: Any) -> Deployment:
        """Deploy a release that passes its smoke test."""
        release = self.release(version, *files)
        return self.deployer(**options).deploy(release, self.serving, ok)

    @property
    def url(self) -> str:
        """Where the Service answers this machine."""
        ports = self.get("service", NAME)["spec"]["ports"]
        return f"http://{node_of(self.cluster)}:{ports[0]['nodePort']}"

    def get(self, *arguments: str) -> Any:
        """Objects of the namespace."""
        return self.cluster.get("-n", self.namespace, *arguments)

    def kubectl(self, *arguments: str) -> str:
        """What kubectl prints, in the namespace."""
        return self.cluster.kubectl("-n", self.namespace, *arguments)

    def there(self, kind: str, name: str) -> bool:
        """Whether there is an object."""
        return not self.cluster.tried("-n", self.namespace, "get", kind, name).returncode

    def pods(self, track: str = "stable") -> list[dict[str, Any]]:
        """The pods of a track that are not about to end."""
        found = self.get("pods", "-l", f"switchyard/track={track}")["items"]
        return [each for each in found if "deletionTimestamp" not in each["metadata"]]

    def secret(self, name: str, values: dict[str, str]) -> None:
        """Make a Secret."""
        literals = [f"--from-literal={key}={value}" for key, value in values.items()]
        self.kubectl("create", "secret", "generic", name, *literals)

    @contextmanager
    def quota(self, **hard: str) -> Iterator[None]:
        """A quota of the namespace, as pods='1'; known to the API server inside the block."""
        told = ",".join(f"{key}={value}" for key, value in hard.items())
        self.kubectl("create", "quota", "small", f"--hard={told}")
        deadline = time.monotonic() + 60
        while not self.get("quota", "small").get("status", {}).get("hard"):
            assert time.monotonic() < deadline, "the quota is not looked after"
            time.sleep(0.2)
        try:
            yield
        finally:
            self.kubectl("delete", "quota", "small")
