"""The pipelines as stacks with pods run them: small steps share a pod, large ones have their own.

The wiring is that of the other modules; only how steps are called differs. A module a pipeline, for
a pod imports what it runs: to deploy, none of what trains.
"""

from __future__ import annotations

from importlib import import_module
from typing import cast

from zenml.pipelines.pipeline_definition import Pipeline

_MODULES = {
    "training": "training",
    "deployment": "deployment",
    "rollback": "deployment",
    "inference": "inference",
}


def twin(pipeline: Pipeline) -> Pipeline:
    """The pipeline of that name for pods; itself where it is dynamic anyway."""
    if pipeline.name not in _MODULES:
        return pipeline
    module = import_module(f"{__name__}.{_MODULES[pipeline.name]}")
    return cast(Pipeline, getattr(module, pipeline.name))
