"""`run.py image build`: the images of the active stack's registry, by name."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from stacks.images.contents import TARGETS, target
from stacks.images.making import ensure

REGISTRY_VARIABLE = "SWITCHYARD_REGISTRY"


def build(names: Sequence[str], given_base: str | None, *, push: bool, quiet: bool) -> int:
    """Make the images that are named, all without a name; print their references, one a line.

    quiet: the build's own lines are kept for the case that it fails. Errors as of `ensure`.
    """
    wanted = [target(name).name for name in names or TARGETS]
    registry = _registry() if push else local_name()

    def tell(line: str) -> None:
        if not quiet:
            sys.stderr.write(f"{line}\n")

    for name in wanted:
        made = ensure(name, registry, tell, given_base=given_base, push=push)
        sys.stdout.write(f"{made}\n")
        sys.stdout.flush()
    return 0


def _registry() -> str:
    """That of the environment, which is there before there is a stack; else the active stack's."""
    if given := os.environ.get(REGISTRY_VARIABLE):
        return given
    from stacks.images.stacked import stack_registry  # here: without a registry ZenML is not needed

    return stack_registry()


def local_name() -> str:
    """What stands for a registry in the name of an image that stays here."""
    return os.environ.get(REGISTRY_VARIABLE) or "localhost"
