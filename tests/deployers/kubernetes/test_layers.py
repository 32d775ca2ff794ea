"""One more layer on an image, put together in a real registry."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from threading import Timer
from typing import Any

import pytest
import requests

from stacks.deployers.kubernetes.layers import add_layer
from stacks.deployers.kubernetes.options import Options
from stacks.registries.asking import Host
from stacks.registries.client import INDEXES, MANIFESTS, Registry
from stacks.registries.client import content_digest as digest
from stacks.registries.references import Reference
from switchyard.errors import PlatformError, RequestError
from switchyard.serving.releases import Release
from tests.deployers.kubernetes.registries import OwnRegistry
from tests.deployers.kubernetes.releases import release as published
from tests.deployers.places import free_port

LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
CONFIG = "application/vnd.oci.image.config.v1+json"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnRegistry]:
    """A registry of this machine; skips where the program is not installed."""
    with OwnRegistry(tmp_path_factory.mktemp("registry")) as made:
        yield made


@pytest.fixture
def host(own: OwnRegistry) -> str:
    return own.host


def push_base(host: str, *, index: bool = False) -> str:
    """A base image of one file; index: behind a list of images by processor."""
    registry = Registry(host, "switchyard/serving")
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as packed:
        entry = tarfile.TarInfo("base.txt")
        entry.size = 4
        packed.addfile(entry, io.BytesIO(b"base"))
    layer = gzip.compress(plain.getvalue(), mtime=0)
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Env": ["PATH=/opt/venv/bin"], "User": "10001"},
            "rootfs": {"type": "layers", "diff_ids": [digest(plain.getvalue())]},
        }
    ).encode()
    for blob in (layer, config):
        registry.put(digest(blob), blob)
    described = {
        "schemaVersion": 2,
        "mediaType": MANIFESTS[0],
        "config": {"mediaType": CONFIG, "digest": digest(config), "size": len(config)},
        "layers": [{"mediaType": LAYER, "digest": digest(layer), "size": len(layer)}],
    }
    made = registry.put_manifest("one", described, MANIFESTS[0])
    if not index:
        return f"{host}/switchyard/serving:one"
    size = len(json.dumps(described).encode())
    listed = {
        "schemaVersion": 2,
        "mediaType": INDEXES[0],
        "manifests": [
            {
                "mediaType": MANIFESTS[0],
                "digest": made,
                "size": size,
                "platform": {"architecture": machine, "os": "linux"},
            }
            for machine in ("amd64", "arm64")
        ],
    }
    registry.put_manifest("many", listed, INDEXES[0])
    return f"{host}/switchyard/serving:many"


@pytest.fixture
def release(tmp_path: Path) -> Release:
    folder = tmp_path / "src"
    (folder / "model").mkdir(parents=True)
    (folder / "model" / "card.md").write_text("a card")
    return published(folder=str(folder), archive="", archive_sha256="")


def options(host: str, image: str, repository: str = "team/services") -> Options:
    return Options(image=image, repository=f"{host}/{repository}", model_from="image")


@pytest.mark.parametrize("index", [False, True])
def test_the_image_is_the_base_and_the_releases_folder(
    host: str, release: Release, index: bool
) -> None:
    made = Reference.of(add_layer(release, options(host, push_base(host, index=index))))

    registry = Registry(host, made.name)
    assert (made.host, made.name) == (host, "team/services/phishing")
    found = registry.manifest(made.version)
    assert found is not None
    base, added = found[0]["layers"]
    plain = gzip.decompress(registry.blob(added["digest"]))
    with tarfile.open(fileobj=io.BytesIO(plain)) as packed:
        assert packed.getnames() == ["bento/model", "bento/model/card.md"]
    config = json.loads(registry.blob(found[0]["config"]["digest"]))
    assert config["config"]["User"] == "10001"
    assert config["rootfs"]["diff_ids"][1] == digest(plain)
    assert registry.has(base["digest"])


def test_the_same_release_is_the_same_image(host: str, release: Release) -> None:
    wanted = options(host, push_base(host), "again")

    assert add_layer(release, wanted) == add_layer(release, wanted)


def test_a_base_that_was_not_pushed_is_named(host: str, release: Release) -> None:
    with pytest.raises(PlatformError, match=r"no image '.*serving' called 'none'"):
        add_layer(release, options(host, f"{host}/switchyard/serving:none"))


def test_a_registry_that_is_silent_is_named(release: Release) -> None:
    host = f"127.0.0.1:{free_port()}"

    with pytest.raises(PlatformError, match=f"registry '{host}' cannot be reached: .* `image` of"):
        add_layer(release, options(host, f"{host}/switchyard/serving:one"))


def test_a_place_for_images_is_needed(release: Release) -> None:
    with pytest.raises(RequestError, match="needs `repository`"):
        add_layer(release, Options(image="r:5000/a:b", model_from="image"))


@pytest.fixture
def leaving(
    own: OwnRegistry, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., list[int]]]:
    """Lets the registry leave before the request of that number; returns where it did so.

    back_s: until it is back.
    """
    asking = Host.ask
    timers: list[Timer] = []

    def leave(before: int, back_s: float | None) -> list[int]:
        numbers = count(1)
        left: list[int] = []

        def ask(self: Host, *given: Any, **named: Any) -> requests.Response:
            if next(numbers) == before:
                left.append(before)
                own.stop()
                if back_s is not None:
                    timers.append(Timer(back_s, own.start))
                    timers[-1].start()
            return asking(self, *given, **named)

        monkeypatch.setattr(Host, "ask", ask)
        return left

    yield leave
    monkeypatch.undo()
    for timer in timers:
        timer.join()
    own.stop()
    own.start()


def whole(host: str, reference: str) -> bool:
    """Whether the registry has all of an image."""
    image = Reference.of(reference)
    registry = Registry(host, image.name)
    found = registry.manifest(image.version)
    assert found is not None
    return all(registry.has(each["digest"]) for each in (found[0]["config"], *found[0]["layers"]))


# A repository that has not answered yet is told of at once; the last request puts the manifest.
@pytest.mark.parametrize("before", range(3, 13))
def test_a_registry_that_leaves_in_the_middle_is_waited_for(
    host: str, release: Release, leaving: Callable[..., list[int]], before: int
) -> None:
    wanted = options(host, push_base(host), repository=f"leaving/{before}")
    left = leaving(before, back_s=1.0)

    made = add_layer(release, wanted)

    assert left == [before]
    assert whole(host, made)


def test_a_registry_that_stays_away_is_told_and_nothing_is_half_there(
    own: OwnRegistry,
    host: str,
    release: Release,
    leaving: Callable[..., list[int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wanted = options(host, push_base(host), repository="leaving/for-good")
    monkeypatch.setattr(Registry, "patience_s", 1.0)
    leaving(8, back_s=None)

    with pytest.raises(PlatformError, match=f"registry '{host}' cannot be reached"):
        add_layer(release, wanted)

    own.start()
    assert whole(host, add_layer(release, wanted))
