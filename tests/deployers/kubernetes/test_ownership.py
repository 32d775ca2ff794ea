"""Fields of others are taken out of a manifest, whatever their paths look like."""

from __future__ import annotations

from typing import Any

import pytest

from stacks.deployers.kubernetes.ownership import steps, without

MANIFEST: dict[str, Any] = {
    "metadata": {"labels": {"app.kubernetes.io/name": "x", "switchyard/track": "stable"}},
    "spec": {
        "replicas": 3,
        "template": {
            "spec": {
                "containers": [
                    {"name": "service", "image": "a", "resources": {"limits": {"cpu": "1"}}}
                ]
            }
        },
        "ports": [{"port": 80, "protocol": "TCP", "name": "http"}],
    },
}


@pytest.mark.parametrize(
    ("path", "way"),
    [
        (".spec.replicas", ["spec", "replicas"]),
        ('.spec.c[name="a"].image', ["spec", "c", {"name": "a"}, "image"]),
        ('.p[port=80,protocol="TCP"].name', ["p", {"port": 80, "protocol": "TCP"}, "name"]),
        (".a[2]", ["a", 2]),
    ],
)
def test_paths_are_read(path: str, way: list[Any]) -> None:
    assert steps(path) == way


def test_a_field_goes_and_the_others_stay() -> None:
    left = without(MANIFEST, [".spec.replicas"])

    assert "replicas" not in left["spec"]
    assert left["metadata"] == MANIFEST["metadata"]
    assert MANIFEST["spec"]["replicas"] == 3


def test_what_it_leaves_empty_goes_too() -> None:
    path = '.spec.template.spec.containers[name="service"].resources.limits.cpu'
    [container] = without(MANIFEST, [path])["spec"]["template"]["spec"]["containers"]

    assert container == {"name": "service", "image": "a"}


def test_keys_with_dots_are_found() -> None:
    left = without(MANIFEST, [".metadata.labels.app.kubernetes.io/name"])

    assert left["metadata"]["labels"] == {"switchyard/track": "stable"}


def test_an_item_is_found_by_several_keys() -> None:
    left = without(MANIFEST, ['.spec.ports[port=80,protocol="TCP"].name'])

    assert left["spec"]["ports"] == [{"port": 80, "protocol": "TCP"}]


@pytest.mark.parametrize(
    "path", [".spec.nothing", ".spec.ports[port=81].name", ".spec.replicas.deeper", ""]
)
def test_a_path_that_leads_nowhere_changes_nothing(path: str) -> None:
    assert without(MANIFEST, [path]) == MANIFEST
