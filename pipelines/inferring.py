"""Run an inference on the active stack and turn how it ends into a report and an exit code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console
from zenml.models import PipelineRunResponse

from pipelines.calling import last_calls
from pipelines.inference import inference
from pipelines.inference_summaries import summarise
from pipelines.shipping import files_to_score
from pipelines.starting import Manner, settled_case, started
from switchyard.configuration.model import UseCase
from switchyard.errors import GateRefused, PlatformError
from switchyard.inference.claims import claimed
from switchyard.inference.results import Outcome


def run_inference(
    use_case: UseCase,
    manner: Manner,
    source: str,
    output: str,
    version: int | None,
    shards: int,
) -> int:
    """Score `source` into `output`; return the exit code: 1 when every row was rejected.

    What a step raises is raised here.
    """
    use_case = settled_case(use_case)
    with claimed(_absolute(output)):
        files = files_to_score(_absolute(source), _absolute(output))
        arguments: dict[str, Any] = {
            "use_case": use_case.plain(),
            "source": files.source,
            "output": files.output,
            "wanted": version,
            "shards": shards,
        }
        outcome, work = _outcome(started(inference, use_case, arguments, manner))
        outcome = files.fetched(outcome)
    summarise(outcome, work, use_case, Console())
    return 0 if outcome.counts.scored else GateRefused.exit_code


def _outcome(run: PipelineRunResponse) -> tuple[Outcome, dict[str, float]]:
    """What the run came to, and what it scored itself."""
    steps = last_calls(run)
    if "join_parts" not in steps:
        raise PlatformError("the run has no step 'join_parts'; --verbose shows its log")
    result = dict(steps["join_parts"].output.load())
    work = result.pop("work")
    return Outcome.of(result), work


def _absolute(location: str) -> str:
    """A path that means the same wherever a step runs; '/' at its end stays."""
    if "://" in location:
        return location
    path = str(Path(location).expanduser().absolute())
    return f"{path}/" if location.endswith("/") and not path.endswith("/") else path
