"""What pods run: ZenML's entrypoint, with ZenML changed as it is where the run was started."""

from __future__ import annotations

import os

COMMAND = ["python", "-m", "stacks.adapting.entrypoint"]

BUILDS = "SWITCHYARD_BUILDS"
"""Variable of a pod that will build a Bento, so that what takes its time is begun at once."""


def start_pods_adapted() -> None:
    """Let ZenML give this command to the pods that this process starts."""
    from zenml.entrypoints import base_entrypoint_configuration

    base_entrypoint_configuration.DEFAULT_ENTRYPOINT_COMMAND = COMMAND


def main() -> None:
    """Run what the command line names."""
    if os.environ.get(BUILDS):
        from bento.building import assemblers

        assemblers.begin()
    from zenml.entrypoints import entrypoint

    from stacks.adapting import adapt

    adapt()
    entrypoint.main()


if __name__ == "__main__":
    main()
