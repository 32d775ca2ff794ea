"""What pods run: ZenML's entrypoint, with ZenML changed as it is where the run was started."""

from __future__ import annotations

COMMAND = ["python", "-m", "stacks.adapting.entrypoint"]


def start_pods_adapted() -> None:
    """Let ZenML give this command to the pods that this process starts."""
    from zenml.entrypoints import base_entrypoint_configuration

    base_entrypoint_configuration.DEFAULT_ENTRYPOINT_COMMAND = COMMAND


def main() -> None:
    """Run what the command line names."""
    from zenml.entrypoints import entrypoint

    from stacks.adapting import adapt

    adapt()
    entrypoint.main()


if __name__ == "__main__":
    main()
