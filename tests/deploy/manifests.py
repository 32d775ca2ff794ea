"""What `kubectl kustomize` makes of an overlay, and pods as runs and services bring them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.clusters import kubectl_binary

ROOT = Path(__file__).resolve().parents[2]
PLATFORM = ROOT / "deploy" / "platform"
OVERLAYS = ("local", "production")
IMAGE = "registry.example.org/switchyard/steps:0123456789ab"

Manifest = dict[str, Any]


def copied(folder: Path) -> Path:
    """A copy of deploy/platform, prepared."""
    shutil.copytree(PLATFORM, folder, ignore=shutil.ignore_patterns("prepared"))
    script = folder / "overlays" / "local" / "prepare.sh"
    subprocess.run(["bash", script, IMAGE], check=True, capture_output=True)
    return folder


def built(folder: Path) -> str:
    """The manifests of an overlay."""
    made = subprocess.run(
        [kubectl_binary(), "kustomize", folder], check=True, capture_output=True, text=True
    )
    return made.stdout


@dataclass(frozen=True)
class Overlay:
    """An overlay's manifests."""

    name: str
    text: str
    all: tuple[Manifest, ...]

    @classmethod
    def of(cls, name: str, text: str) -> Overlay:
        return cls(name, text, tuple(yaml.safe_load_all(text)))

    def kind(self, *kinds: str) -> list[Manifest]:
        """Those of some kinds."""
        return [each for each in self.all if each["kind"] in kinds]

    def workloads(self) -> list[Manifest]:
        """What makes pods."""
        return self.kind("Deployment", "StatefulSet")

    def pods(self) -> list[Pod]:
        """The pods of the servers, and such as runs and services bring."""
        made = [
            Pod(
                named(each),
                each["metadata"]["namespace"],
                each["spec"]["template"]["metadata"]["labels"],
            )
            for each in self.workloads()
        ]
        return [*made, RUN, SERVICE, CONTROLLER, STRANGER]


@dataclass(frozen=True)
class Pod:
    """Where a pod is and what it is selected by."""

    name: str
    namespace: str
    labels: dict[str, str]


RUN = Pod("run", "switchyard", {"project_id": "1", "pipeline": "training", "run_id": "2"})
SERVICE = Pod(
    "service",
    "switchyard-serving",
    {"app.kubernetes.io/name": "phishing", "app.kubernetes.io/part-of": "switchyard"},
)
CONTROLLER = Pod("ingress", "ingress-nginx", {"app.kubernetes.io/component": "controller"})
STRANGER = Pod("stranger", "elsewhere", {"app.kubernetes.io/component": "web"})


def named(manifest: Manifest) -> str:
    """Its name."""
    return str(manifest["metadata"]["name"])


def containers(workload: Manifest) -> Iterator[Manifest]:
    """All containers of a workload, those that run before it too."""
    spec = workload["spec"]["template"]["spec"]
    yield from spec.get("initContainers", ())
    yield from spec["containers"]


def selects(selector: Manifest, labels: dict[str, str]) -> bool:
    """Whether a label selector of Kubernetes selects these labels."""
    for key, value in selector.get("matchLabels", {}).items():
        if labels.get(key) != value:
            return False
    for each in selector.get("matchExpressions", ()):
        found, values = labels.get(each["key"]), each.get("values", ())
        held = {
            "In": found in values,
            "NotIn": found not in values,
            "Exists": found is not None,
            "DoesNotExist": found is None,
        }
        if not held[each["operator"]]:
            return False
    return True
