"""A home of its own, from which run.py and zenml reach a cluster that has deploy/platform."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from switchyard.errors import PlatformError

ROOT = Path(__file__).resolve().parents[2]
PHISHING = ROOT / "configs" / "phishing.yaml"
STACK = ROOT / "stacks" / "kubernetes.yaml"
PIPELINES, SERVICES = "switchyard", "switchyard-serving"
ZENML = "http://zenml.switchyard.svc:8080"
QUEUE = "postgresql://postgresql.switchyard.svc:5432/switchyard"
HOSTS = ("zenml", "mlflow", "object-store", "postgresql")

_COMMAND_S = 1_200.0
_PAUSE_S = 0.5


@dataclass(frozen=True)
class Finished:
    """How a command ended, and the seconds that it took."""

    code: int
    out: str
    err: str
    took_s: float


class Platform:
    """A person's place beside a cluster: a use case, a stack file, a ZenML client's folder.

    The servers are reached by their names in the cluster, as docs/kubernetes.md has it.

    settings: sections of the use case to change; deployer: keys of the model deployer's
    configuration to change; images: the variables that say where images are, as
    SWITCHYARD_REGISTRY. PlatformError where the cluster has no platform.
    """

    def __init__(
        self, settings: Mapping[str, Any], deployer: Mapping[str, Any], images: Mapping[str, str]
    ) -> None:
        self.context = self.kubectl("config", "current-context").strip()
        storage, zenml = self._secret("switchyard-storage"), self._secret("switchyard-zenml")
        self.storage = storage
        self.folder = Path(tempfile.mkdtemp(prefix="switchyard-kubernetes-"))
        document = yaml.safe_load(PHISHING.read_text("utf-8")) | dict(settings)
        document["output_dir"] = str(self.folder / "outputs")
        # Its own versions, service and rows, whatever else this platform is used for.
        self.name = document["name"] = f"phishing-{uuid.uuid4().hex[:6]}"
        self.config = self.folder / "use-case.yaml"
        self.config.write_text(yaml.safe_dump(document), encoding="utf-8")
        self.stack = self.folder / "kubernetes.yaml"
        self.write_stack(deployer)
        # Of the settings of who runs this, none counts.
        own = {key: value for key, value in os.environ.items() if "SWITCHYARD" not in key}
        self.environment = (
            own
            | {
                "HOME": str(self.folder),
                "KUBECONFIG": os.environ.get("KUBECONFIG", str(Path.home() / ".kube" / "config")),
                "ZENML_CONFIG_PATH": str(self.folder / "zenml"),
                "ZENML_REPOSITORY_PATH": str(self.folder),
                "ZENML_ANALYTICS_OPT_IN": "false",
                "ZENML_STORE_TYPE": "rest",
                "ZENML_STORE_URL": ZENML,
                "ZENML_STORE_USERNAME": zenml["user"],
                "ZENML_STORE_PASSWORD": zenml["password"],
                "BENTOML_HOME": str(self.folder / "bentoml"),
                "SWITCHYARD_KUBE_CONTEXT": self.context,
                "SWITCHYARD_QUEUE": QUEUE,
                "COLUMNS": "160",
            }
            | storage
            | dict(images)
        )

    def write_stack(self, deployer: Mapping[str, Any], *, name: str = "kubernetes") -> None:
        """Write the stack's file anew, with these keys of the model deployer's configuration.

        name: another one's steps run on this machine; only its services are pods.
        """
        document = yaml.safe_load(STACK.read_text("utf-8"))
        components = document["components"]
        components["model_deployer"]["configuration"] |= dict(deployer)
        if name != document["name"]:
            document["name"] = name
            components["orchestrator"] = {"name": "default", "flavor": "local"}
            del components["container_registry"], components["image_builder"]
        self.stack.write_text(yaml.safe_dump(document), encoding="utf-8")

    def take_stack(self, name: str = "kubernetes") -> None:
        """Apply the stack's file, and work with it."""
        self.run("stack", "apply", str(self.stack))
        self.zenml("stack", "set", name)

    def enter(self) -> None:
        """As docs/kubernetes.md has it: the secrets, the stack from its file, and into it."""
        values = [f"--key={self.storage['AWS_ACCESS_KEY_ID']}"]
        values.append(f"--secret={self.storage['AWS_SECRET_ACCESS_KEY']}")
        kept = self.zenml("secret", "list").out
        for name, given in (("storage", values), ("mlflow", ["--token=open"])):
            if f" {name} " not in kept:
                self.zenml("secret", "create", name, *given)
        self.take_stack()

    def run(self, *arguments: str, allowed: tuple[int, ...] = (0,)) -> Finished:
        """run.py to its end; PlatformError with what it said unless its code is allowed."""
        return self._done([sys.executable, str(ROOT / "run.py"), *arguments], allowed)

    def zenml(self, *arguments: str) -> Finished:
        """ZenML's own command."""
        return self._done([str(Path(sys.executable).with_name("zenml")), *arguments], (0,))

    def pipeline(self, name: str, *arguments: str, allowed: tuple[int, ...] = (0,)) -> Finished:
        """A pipeline of the use case."""
        return self.run(*self._pipeline(name, arguments), allowed=allowed)

    def started(self, name: str, *arguments: str) -> subprocess.Popen[str]:
        """A pipeline that is not waited for; what it says comes by pipes."""
        return subprocess.Popen(
            [sys.executable, str(ROOT / "run.py"), *self._pipeline(name, arguments)],
            env=self.environment,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def kubectl(self, *arguments: str) -> str:
        """What kubectl prints; PlatformError with what it complains of when it fails."""
        done = subprocess.run(
            ["kubectl", *arguments], capture_output=True, text=True, timeout=120, check=False
        )
        if done.returncode:
            raise PlatformError(f"kubectl {' '.join(arguments)}: {done.stderr}")
        return done.stdout

    def delete_pod(self, namespace: str, *which: str) -> None:
        """Let pods end, by name or by label, as when their node is drained."""
        self.kubectl("delete", "pod", "-n", namespace, *which, "--wait=false")

    def get(self, *arguments: str) -> Any:
        """Objects as kubectl gets them."""
        return json.loads(self.kubectl("get", *arguments, "-o", "json"))

    def serving(self) -> list[str]:
        """The names of the pods that answer for the use case."""
        labels = f"app.kubernetes.io/name={self.name},switchyard/track=stable"
        return [
            str(pod["metadata"]["name"])
            for pod in self.get("pods", "-n", SERVICES, "-l", labels)["items"]
            if "deletionTimestamp" not in pod["metadata"] and is_ready(pod)
        ]

    def run_pods(self, pipeline: str, step: str = "") -> list[Any]:
        """The pods of runs of a pipeline: those of steps whose names begin so, else its own."""
        labels = f"switchyard/use-case={self.name},pipeline={pipeline}"
        found = self.get("pods", "-n", PIPELINES, "-l", labels)["items"]
        return [pod for pod in found if is_of_step(pod, step)]

    def releases(self) -> dict[str, Any]:
        """What the cluster remembers of the use case's releases."""
        kept = self.get("configmap", f"{self.name}-releases", "-n", SERVICES)["data"]
        found: dict[str, Any] = json.loads(kept["releases.json"])
        return found

    @property
    def url(self) -> str:
        """Where the Service answers this machine, of any of its pods: at a port of the node."""
        port = self.get("service", self.name, "-n", SERVICES)["spec"]["ports"][0]["nodePort"]
        addresses = self.get("nodes")["items"][0]["status"]["addresses"]
        internal = next(each["address"] for each in addresses if each["type"] == "InternalIP")
        return f"http://{internal}:{port}"

    def close(self) -> None:
        """Delete the folder; what was deployed stays."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _pipeline(self, name: str, arguments: tuple[str, ...]) -> list[str]:
        return ["--pipeline", name, "--config", str(self.config), *arguments]

    def _secret(self, name: str) -> dict[str, str]:
        found = self.get("secret", name, "-n", PIPELINES)["data"]
        return {key: base64.b64decode(value).decode() for key, value in found.items()}

    def _done(self, command: list[str], allowed: tuple[int, ...]) -> Finished:
        began = time.monotonic()
        done = subprocess.run(
            command,
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=_COMMAND_S,
            check=False,
        )
        if done.returncode not in allowed:
            raise PlatformError(
                f"'{' '.join(command[1:])}' ended with code {done.returncode}:\n"
                f"{done.stdout[-3000:]}\n{done.stderr[-5000:]}"
            )
        return Finished(done.returncode, done.stdout, done.stderr, time.monotonic() - began)


def is_ready(pod: Any) -> bool:
    """Whether a pod is behind its Service."""
    conditions = pod["status"].get("conditions", [])
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def is_of_step(pod: Any, step: str) -> bool:
    """Whether a pod runs a step whose name begins so; for no name: whether it runs none."""
    name = str(pod["metadata"]["labels"].get("step_name", ""))
    return name.startswith(step) if step and name else not step and not name


def until(what: str, came: Callable[[], Any], patience_s: float = 240.0) -> Any:
    """What `came` returns once that is true; PlatformError that says what has not come about."""
    deadline = time.monotonic() + patience_s
    while not (found := came()):
        if time.monotonic() > deadline:
            raise PlatformError(f"{what} has not come about in {patience_s:g} s")
        time.sleep(_PAUSE_S)
    return found
