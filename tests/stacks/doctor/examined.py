"""Stacks that tests examine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from stacks.doctor.findings import Finding
from switchyard.configuration.layers import resolve
from switchyard.configuration.model import UseCase
from tests.stacks.servers import BUCKET, KEY, SECRET, Server

ROOT = Path(__file__).resolve().parents[3]


def case(**serving: Any) -> UseCase:
    """A use case whose service has these settings."""
    found = resolve(ROOT / "configs" / "wine.yaml").use_case
    changed = found.serving.model_copy(update=serving)
    return found.model_copy(update={"serving": changed})


def stack_of(folder: Path, name: str, **components: dict[str, Any]) -> str:
    """Register a stack of these components, the others as on this machine; return its name."""
    from stacks.apply import apply

    local = {"name": "default", "flavor": "local"}
    described = {"orchestrator": local, "artifact_store": local, **components}
    named = {kind: {"name": name, **each} for kind, each in described.items()}
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump({"name": name, "components": named}), encoding="utf-8")
    apply(path)
    return name


def examined(name: str, about: str, use_case: UseCase | None = None) -> list[Finding]:
    """What is found of one kind of component."""
    from stacks.doctor.examining import examine

    found = examine(name, use_case or case()).findings
    return [each for each in found if each.about == about]


def secrets() -> None:
    """Let ZenML have the credentials of the test's object store."""
    from zenml.client import Client
    from zenml.exceptions import EntityExistsError

    for name, values in {
        "storage": {"key": KEY, "secret": SECRET},
        "wrong": {"key": KEY, "secret": "another-secret"},
        "mlflow": {"token": "open"},
    }.items():
        try:
            Client().create_secret(name, values)
        except EntityExistsError:
            continue  # another test was first


def s3(server: Server, secret: str = "storage", url: str = "") -> dict[str, Any]:
    """The component of an artifact store."""
    secrets()
    checksums = {
        f"{way}_checksum_{doing}": "when_required"
        for way, doing in (("request", "calculation"), ("response", "validation"))
    }
    return {
        "flavor": "s3",
        "configuration": {
            "path": f"s3://{BUCKET}/artifacts",
            "key": f"{{{{{secret}.key}}}}",
            "secret": f"{{{{{secret}.secret}}}}",
            "client_kwargs": {"endpoint_url": url or server.url},
            "config_kwargs": checksums,
        },
    }


def mlflow(url: str) -> dict[str, Any]:
    """The component of an MLflow server."""
    secrets()
    return {
        "flavor": "mlflow",
        "configuration": {"tracking_uri": url, "tracking_token": "{{mlflow.token}}"},
    }
