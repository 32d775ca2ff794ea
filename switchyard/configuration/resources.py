"""What the pods of a pipeline get, on stacks that have pods; other stacks ignore it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from switchyard.configuration.sections import Section

Cpu = Annotated[str, Field(pattern=r"^([1-9][0-9]*m|[0-9]*[1-9][0-9]*(\.[0-9]+)?|0\.[0-9]*[1-9])$")]
"""Cores, as Kubernetes writes them: '500m' or '2'."""

Memory = Annotated[str, Field(pattern=r"^[1-9][0-9]*(\.[0-9]+)?(Ki|Mi|Gi|Ti|k|M|G|T)?$")]
"""Bytes, as Kubernetes writes them: '512Mi' or '2Gi'."""

StepName = Literal[
    "load_data",
    "split_data",
    "train_candidate",
    "evaluate_candidates",
    "package_model",
    "check_windows",
    "plan_inference",
    "score_shard",
    "join_parts",
]
"""Steps that may have a pod of their own."""


class Pod(Section):
    """What one pod gets."""

    cpu: Cpu = Field(default="250m", description="Asked for; more is used where it is free.")
    memory: Memory = Field(default="2Gi", description="Asked for, and the most that it may use.")


class Resources(Section):
    """Which steps have pods of their own, and what each pod gets.

    Another step shares its pipeline's pod: to start one takes longer than most steps do.
    """

    pipeline: Pod = Field(
        default=Pod(), description="The pod of a pipeline, and of the steps without one."
    )
    steps: dict[StepName, Pod] = Field(
        default={"train_candidate": Pod(), "score_shard": Pod()},
        description="Steps with pods of their own, which run side by side where there are several.",
    )
