"""Inference: files → chunks → scored by shards, side by side where the stack can → one result."""

from __future__ import annotations

from typing import Any

from zenml import pipeline

from steps.hooks import record_failure, record_success
from steps.inference import join_parts, plan_inference, score_shard


@pipeline(
    execution_mode="fail_fast",
    tags=["inference"],
    on_success=record_success,
    on_failure=record_failure,
)
def inference(
    use_case: dict[str, Any], source: str, output: str, wanted: int | None, shards: int
) -> None:
    """Score `source` into `output` by the version `wanted`, the champion when it is None."""
    plan = plan_inference(source, output, wanted, use_case)
    scored = [
        score_shard(plan, shard, shards, use_case, id=f"score_shard_{shard + 1}")
        for shard in range(shards)
    ]
    join_parts(plan, scored)
