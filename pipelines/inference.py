"""Inference: files → chunks → scored by shards, side by side where the stack can → one result."""

from __future__ import annotations

from typing import Any

from zenml import pipeline

from pipelines.calling import Calls
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
    inference_steps(use_case, source, output, wanted, shards)


def inference_steps(
    use_case: dict[str, Any],
    source: str,
    output: str,
    wanted: int | None,
    shards: int,
    calls: Calls | None = None,
) -> None:
    """Wire the steps; calls: how they are called."""
    call = calls or Calls()
    plan = call(plan_inference, source, output, wanted, use_case)
    scored = call.side_by_side(
        score_shard,
        [
            {
                "plan": plan,
                "shard": shard,
                "shards": shards,
                "use_case": use_case,
                "id": f"score_shard_{shard + 1}",
            }
            for shard in range(shards)
        ],
    )
    call(join_parts, plan, scored)
