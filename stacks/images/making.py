"""Make the images that a registry lacks: `run.py image build`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from stacks.images.builders import find_builder
from stacks.images.contents import BASE_VARIABLE, base, reference, stage, target
from stacks.registries.client import digest_of
from stacks.registries.references import Reference, is_insecure
from switchyard.errors import PlatformError


def ensure(
    name: str,
    registry: str,
    tell: Callable[[str], object],
    *,
    given_base: str | None = None,
    push: bool = True,
) -> str:
    """The full name of an image that has today's code and versions, built if it is not there yet.

    name: 'steps' or 'serving'; tell: gets the build's lines; given_base: as of `contents.base`;
    push: without it the registry is not asked, and the image stays on this machine.
    PlatformError when it cannot be built or pushed; RequestError for another name.
    """
    wanted, on = target(name), base(given_base)
    made = reference(name, registry, given_base)
    if push and digest_of(made) is not None:
        return made
    builder = find_builder()
    with tempfile.TemporaryDirectory(prefix="switchyard-image-") as folder:
        stage(wanted, Path(folder))
        arguments = {"BASE": on, BASE_VARIABLE: on}
        insecure = is_insecure(on.partition("/")[0])
        builder.build(Path(folder), name, made, arguments, tell, insecure=insecure)
    if push:
        builder.push(made, tell, insecure=is_insecure(Reference.of(made).host))
        if digest_of(made) is None:
            raise PlatformError(f"'{made}' was pushed, and its registry does not have it")
    return made
