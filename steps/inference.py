"""Steps that score files: a plan, its shards, and the result that is joined from them.

None is cached: finished chunks are kept beside the output, where the next run finds them.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, Any

from zenml import log_metadata, step

from steps.tracking import open_tracker
from switchyard.configuration.model import UseCase
from switchyard.errors import RequestError
from switchyard.inference.joining import join
from switchyard.inference.planning import make_plan, open_plan
from switchyard.inference.plans import Model
from switchyard.inference.scoring import score_shard as score_share
from switchyard.packages.loading import verify
from switchyard.progress import stage
from switchyard.serving.predictor import Predictor
from switchyard.tracking.records import CHAMPION, Version

PlanNote = dict[str, Any]
"""What the steps hand on of a plan: where it lies, its digest, and the model's number."""


@step(enable_cache=False)
def plan_inference(
    source: str, output: str, wanted: int | None, use_case: dict[str, Any]
) -> Annotated[PlanNote, "plan"]:
    """Part the input into chunks, or find the plan of a run that was stopped."""
    case = UseCase.of(use_case)
    version = _version(case, wanted)
    with tempfile.TemporaryDirectory() as folder:
        package = verify(open_tracker().download(version, Path(folder)), version.content_sha256)
        model = Model.of(package.manifest, str(version.number))
    with stage("Plan the chunks") as report:
        plan = make_plan(source, output, model, case.inference.chunk_rows, report)
    log_metadata(
        {
            "model_version": version.number,
            "content_sha256": version.content_sha256,
            "files": len(plan.inputs.files),
            "rows": plan.rows,
            "chunks": len(plan.chunks),
            "notes": list(plan.notes),
        }
    )
    return {"output": output, "digest": plan.digest, "version": version.number}


@step(enable_cache=False)
def score_shard(
    plan: PlanNote, shard: int, shards: int, use_case: dict[str, Any]
) -> Annotated[dict[str, Any], "scored_shard"]:
    """Score the chunks of one shard that no earlier run has scored."""
    planned = open_plan(plan["output"], plan["digest"])
    version = _version(UseCase.of(use_case), plan["version"])
    with tempfile.TemporaryDirectory() as folder:
        package = open_tracker().download(version, Path(folder))
        predictor = Predictor.open(package, str(version.number), version.content_sha256)
    title = "Score the rows" if shards == 1 else f"Score shard {shard + 1} of {shards}"
    with stage(title) as report:
        result = score_share(planned, predictor, shard, shards, report).plain()
    log_metadata(result)
    return result


@step(enable_cache=False)
def join_parts(
    plan: PlanNote, scored: list[dict[str, Any]]
) -> Annotated[dict[str, Any], "inference"]:
    """Write the result and the rejected rows, each of which appears whole."""
    planned = open_plan(plan["output"], plan["digest"])
    with stage("Write the result") as report:
        outcome = join(planned, len(scored), report)
    names = ("chunks", "kept_chunks", "rows", "seconds")
    work = {f"scored_{name}": sum(each[name] for each in scored) for name in names}
    log_metadata({**outcome.counts.plain(), "output": outcome.output, "rejects": outcome.rejects})
    return {**outcome.plain(), "work": work}


def _version(case: UseCase, wanted: int | None) -> Version:
    """The version asked for, else the champion."""
    tracker = open_tracker()
    if wanted is not None:
        return tracker.version(case.name, wanted)
    champion = tracker.champion(case.name)
    if champion is None:
        raise RequestError(
            f"'{case.name}' has no {CHAMPION} to score by; train one first: "
            "run.py --pipeline training"
        )
    return champion
