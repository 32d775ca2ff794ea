"""The programs that build and push images: Docker, Podman or Buildah, whichever works here."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from switchyard.errors import PlatformError

DOCKERFILE = "deploy/images/Dockerfile"
_PROBE_S = 15
_SHOWN = 15
"""So many last lines of a failed build are shown."""


@dataclass(frozen=True)
class Builder:
    """A program that works, and the options that it needs here."""

    program: str
    options: tuple[str, ...] = ()
    building: tuple[str, ...] = ("build",)
    environment: tuple[tuple[str, str], ...] = ()

    def build(
        self,
        folder: Path,
        wanted: str,
        reference: str,
        arguments: Mapping[str, str],
        tell: Callable[[str], object],
        *,
        insecure: bool,
    ) -> None:
        """Build the target `wanted` of the staged folder; PlatformError with the end of its log.

        insecure: images to build on come by HTTP.
        """
        given = [f"--build-arg={name}={value}" for name, value in arguments.items()]
        self._run(
            *self.building,
            *self._trust(insecure),
            *given,
            *(f"--file={folder / DOCKERFILE}", f"--target={wanted}", f"--tag={reference}"),
            str(folder),
            doing=f"building '{reference}'",
            tell=tell,
        )

    def push(self, reference: str, tell: Callable[[str], object], *, insecure: bool) -> None:
        """Push an image that was built; insecure: by HTTP."""
        words = ("push", *self._trust(insecure), reference)
        self._run(*words, doing=f"pushing '{reference}'", tell=tell)

    def _trust(self, insecure: bool) -> tuple[str, ...]:
        """What lets it speak HTTP; Docker knows by itself which registries are of this machine."""
        return ("--tls-verify=false",) if insecure and self.program != "docker" else ()

    def _run(self, *words: str, doing: str, tell: Callable[[str], object]) -> None:
        command = [self.program, *self.options, *words]
        lines: list[str] = []
        try:
            with subprocess.Popen(  # noqa: S603  one of the programs below
                command,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                env=os.environ | dict(self.environment),
            ) as child:
                for line in child.stdout or ():
                    lines.append(line.rstrip())
                    tell(lines[-1])
        except OSError as error:
            raise PlatformError(f"{doing}: '{self.program}' does not start: {error}") from error
        if child.returncode:
            said = "\n".join(lines[-_SHOWN:])
            raise PlatformError(f"{doing} by {self.program} failed:\n{said}")


def find_builder() -> Builder:
    """The first that works of Docker, Podman and Buildah; PlatformError when none does."""
    for probe, builder in _known():
        if shutil.which(builder.program) and _answers([builder.program, *builder.options, *probe]):
            return builder
    raise PlatformError(
        "no program to build images with works here: Docker (with its daemon running), Podman and "
        "Buildah were looked for; install one, as by `apt-get install buildah`, or give an image "
        "that is built elsewhere by --image"
    )


def _known() -> Sequence[tuple[Sequence[str], Builder]]:
    docker = Builder("docker", environment=(("DOCKER_BUILDKIT", "1"),))
    layered = ("build", "--layers")
    found = [
        (("version", "--format={{.Server.Version}}"), docker),
        (("info",), Builder("podman", building=layered)),
    ]
    # Without a user's name spaces, as in many containers: no daemon, no privileges beyond root's.
    plain = (*layered, "--isolation=chroot", "--network=host")
    stores: tuple[tuple[str, ...], ...] = (
        ("--storage-driver=overlay",),
        ("--storage-driver=vfs",),
    )
    return [*found, *((("info",), Builder("buildah", each, plain)) for each in stores)]


def _answers(command: Sequence[str]) -> bool:
    try:
        done = subprocess.run(  # noqa: S603  one of the programs above
            command, capture_output=True, timeout=_PROBE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
