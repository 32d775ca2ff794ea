"""The command of pods."""

from __future__ import annotations

import subprocess
import sys

from zenml.pipelines.dynamic.entrypoint_configuration import DynamicPipelineEntrypointConfiguration

from stacks.adapting.entrypoint import COMMAND, start_pods_adapted
from stacks.workspace import ROOT


def test_pods_are_started_by_a_command_that_there_is() -> None:
    start_pods_adapted()

    assert DynamicPipelineEntrypointConfiguration.get_entrypoint_command() == COMMAND
    done = subprocess.run(
        [sys.executable, *COMMAND[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "--entrypoint_config_source" in done.stderr
