"""An image of a release: the serving image and one more layer, put together in the registry.

No image is pulled and nothing is built: a release is a few files, and a registry takes them as they
are.
"""

from __future__ import annotations

import gzip
import json
import platform
import tempfile
from pathlib import Path
from typing import Any

from stacks.deployers.kubernetes.options import Options
from stacks.deployers.kubernetes.pods import FOLDER
from stacks.registries.client import INDEXES, Registry, content_digest
from stacks.registries.references import Reference
from switchyard.errors import PlatformError, RequestError
from switchyard.serving.archives import pack
from switchyard.serving.releases import Release

_LAYERS = {
    "application/vnd.oci.image.manifest.v1+json": "application/vnd.oci.image.layer.v1.tar+gzip",
    "application/vnd.docker.distribution.manifest.v2+json": (
        "application/vnd.docker.image.rootfs.diff.tar.gzip"
    ),
}
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


def add_layer(release: Release, options: Options) -> str:
    """The reference of the image, by its digest; one that is there is not made again."""
    if not options.repository:
        raise RequestError(
            "model_from: image needs `repository` of the model_deployer, as "
            "registry.example.org/team/services"
        )
    base = Reference.of(options.image)
    place = Reference.of(f"{options.repository.rstrip('/')}/{release.name}")
    source = Registry(base.host, base.name, "`image` of the model_deployer")
    target = Registry(place.host, place.name, "`repository` of the model_deployer")
    manifest, kind = _manifest(source, base)
    tag = f"{release.bento.partition(':')[2]}-{manifest['config']['digest'][7:19]}"
    reference = f"{place.host}/{place.name}"
    there = target.digest(tag)
    if there:
        return f"{reference}@{there}"
    layer, plain = _layer(release)
    config = json.loads(source.blob(manifest["config"]["digest"]))
    config["rootfs"]["diff_ids"].append(plain)
    config.setdefault("history", []).append({"created_by": f"switchyard: {release.bento}"})
    for each in manifest["layers"]:
        target.take(each["digest"], source)
    described = json.dumps(config).encode()
    target.put(content_digest(layer), layer)
    target.put(content_digest(described), described)
    made = {
        **manifest,
        "config": {
            **manifest["config"],
            "digest": content_digest(described),
            "size": len(described),
        },
        "layers": [
            *manifest["layers"],
            {"mediaType": _LAYERS[kind], "digest": content_digest(layer), "size": len(layer)},
        ],
    }
    return f"{reference}@{target.put_manifest(tag, made, kind)}"


def _manifest(source: Registry, base: Reference) -> tuple[dict[str, Any], str]:
    """The manifest of the base image for this machine's kind of processor."""
    found = source.manifest(base.version)
    if found is not None and found[1] in INDEXES:
        machine = _MACHINES.get(platform.machine(), platform.machine())
        fitting = [
            each["digest"]
            for each in found[0]["manifests"]
            if each.get("platform", {}).get("architecture") == machine
        ]
        found = source.manifest(fitting[0]) if fitting else None
    if found is None:
        raise PlatformError(
            f"there is no image '{base.host}/{base.name}' called '{base.version}' for this kind of "
            "processor; `run.py image build serving` makes and pushes it"
        )
    return found


def _layer(release: Release) -> tuple[bytes, str]:
    """The release's folder as a layer, and the digest of it unpacked; equal folders are equal."""
    with tempfile.TemporaryDirectory(prefix="layer-") as folder:
        archive = Path(folder) / "layer.tar"
        pack(release, archive, below=FOLDER.strip("/"))
        content = archive.read_bytes()
    return gzip.compress(content, compresslevel=1, mtime=0), content_digest(content)
