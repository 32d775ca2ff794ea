"""What pods run: ZenML's entrypoint, with ZenML changed as it is where the run was started."""

from __future__ import annotations

import gc
import importlib
import os

COMMAND = ["python", "-m", "stacks.adapting.entrypoint"]

BUILDS = "SWITCHYARD_BUILDS"
"""Variable of a pod that will build a Bento, so that what takes its time is begun at once."""


_COLLECTED_AFTER = (100_000, 20, 100)
"""New objects, and so on, as of `gc.set_threshold`. A pod imports thousands of modules, which stay:
looking through them again and again took a seventh of its start."""


def start_pods_adapted() -> None:
    """Let ZenML give this command to the pods that this process starts."""
    from zenml.entrypoints import base_entrypoint_configuration

    base_entrypoint_configuration.DEFAULT_ENTRYPOINT_COMMAND = COMMAND


def main() -> None:
    """Run what the command line names."""
    gc.set_threshold(*_COLLECTED_AFTER)
    if os.environ.get(BUILDS):
        begin_building()
    from zenml.entrypoints import entrypoint

    from stacks.adapting import adapt

    adapt()
    entrypoint.main()


def begin_building() -> None:
    """Begin what builds a Bento, and import MLflow, which has the model.

    Without pandas, a quarter of a second, which MLflow imports where there is one, for data sets
    that are pandas'.
    """
    from bento.building import assemblers
    from bento.lean import kept_out

    assemblers.begin()
    with kept_out("pandas"):
        importlib.import_module("mlflow")


if __name__ == "__main__":
    main()
