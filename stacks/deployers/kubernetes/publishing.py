"""Put a release where pods have it from, and a use case's stores where all pods reach them."""

from __future__ import annotations

import tempfile
from pathlib import Path

from stacks.deployers.kubernetes.layers import add_layer
from stacks.deployers.kubernetes.options import Options
from switchyard.configuration.model import UseCase
from switchyard.configuration.serving import Serving
from switchyard.errors import RequestError
from switchyard.serving.archives import pack
from switchyard.serving.releases import Release
from switchyard.stores import NamedStore


class Bentos(NamedStore):
    """The archives of releases: {state}/bentos/{use case}/{tag}-{digest}.tar."""

    def __init__(self, state: str) -> None:
        super().__init__(f"{state.rstrip('/')}/bentos", "the store of Bentos", "state")

    def put(self, release: Release) -> Release:
        """The release with its archive.

        One of that content is not written again; one that somebody has changed is.
        """
        with tempfile.TemporaryDirectory(prefix="archive-") as folder:
            archive = Path(folder) / "bento.tar"
            sha256 = pack(release, archive)
            tag = release.bento.partition(":")[2]
            name, folder_ = f"{tag}-{sha256[:16]}.tar", release.name
            path, content = f"{folder_}/{name}", archive.read_bytes()
            if name not in self.listed(folder_) or self._read(path) != content:
                self.write(path, content)
        location = f"{self.location}/{folder_}/{name}"
        return release.model_copy(update={"archive": location, "archive_sha256": sha256})

    def _read(self, path: str) -> bytes:
        with self.explaining("read"):
            content: bytes = self.files.cat_file(f"{self.root}/{path}")
        return content


def publish(release: Release, options: Options) -> Release:
    """The release as pods can have it; RequestError when the stack's file does not say from where.

    In an image it is in the store as well, which the smoke test and a later guard read.
    """
    if not options.state:
        raise RequestError(
            "pods cannot have the release: set `state` of the model_deployer to an object store "
            "that they reach, as s3://bucket/prefix"
        )
    stored = Bentos(options.state).put(release)
    if options.model_from == "store":
        return stored
    return stored.model_copy(update={"image": add_layer(release, options)})


def placed(case: UseCase, options: Options) -> UseCase:
    """The use case with what it leaves open of its stores below `state`; see `BentoDeployer`."""
    if not options.state:
        return case
    root = f"{options.state.rstrip('/')}/{case.name}"
    serving = case.serving
    capture = serving.capture.model_copy(
        update={"store": serving.capture.store or f"{root}/capture"}
    )
    jobs = serving.jobs.model_copy(
        update={
            "store": serving.jobs.store or f"{root}/jobs",
            "queue": serving.jobs.queue or options.queue,
        }
    )
    filled: Serving = serving.model_copy(update={"capture": capture, "jobs": jobs})
    monitoring = case.monitoring.model_copy(
        update={"store": case.monitoring.store or f"{root}/monitoring"}
    )
    return case.model_copy(update={"serving": filled, "monitoring": monitoring})
