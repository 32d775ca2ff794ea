"""Run a pipeline on the active stack and turn how it ends into a report and an exit code."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape
from zenml.client import Client
from zenml.enums import StackComponentType

from pipelines.shipping import with_sources
from pipelines.starting import Manner, run_name, settled_case, started
from pipelines.summaries import collect, export, show_candidates, summarise
from pipelines.training import training
from steps.fingerprints import RETRY, fingerprint, is_remote
from switchyard.candidates.available import available
from switchyard.candidates.catalogue import check_task, nested
from switchyard.candidates.scoring import scorer_of
from switchyard.configuration.model import UseCase
from switchyard.configuration.tasks import TASKS
from switchyard.errors import GateRefused, RequestError
from switchyard.evaluation.metrics import find, metrics_of
from switchyard.promotion.gates import check_names


def run_training(use_case: UseCase, manner: Manner, *, cache: bool) -> int:
    """Run the training pipeline; return the exit code. What a step raises is raised here."""
    use_case = settled_case(use_case)
    check(use_case)
    use_case = with_sources(use_case)
    sources = (*use_case.data.sources, *use_case.data.feedback)
    fingerprints = [fingerprint(source, use_case.data) for source in sources]
    console = Console(stderr=True)
    if not use_case.data.sources and not manner.quiet:
        console.print("[yellow]no source given: training on a generated, synthetic sample")
    for note in available(use_case)[1]:
        console.print(f"[yellow]{escape(note)}", highlight=False)
    name = run_name(use_case)
    options: dict[str, Any] = {"enable_cache": cache}
    if any(is_remote(source) for source in sources):
        options["steps"] = {"load_data": {"retry": RETRY}}
    arguments = {"use_case": use_case.plain(), "fingerprints": fingerprints}
    try:
        run = started(training, use_case, arguments, manner, name=name, **options)
    except GateRefused as refusal:
        refused = Client().get_pipeline_run(name)
        folder = export(refused, use_case)
        show_candidates(refused, Console())
        raise GateRefused(f"{refusal}\nreport     {folder / 'report.html'}") from refusal
    result = collect(run, use_case)
    summarise(result, Console())
    decision = result.decision
    return 0 if decision.promoted or decision.same_model else GateRefused.exit_code


def check(use_case: UseCase) -> None:
    """Refuse before any work what can be: unknown estimators, parameters, metrics; no tracker."""
    for candidate in use_case.candidates:
        check_task(candidate, use_case.task)
        nested(candidate, {**candidate.parameters, **candidate.search})
    available(use_case)
    kind = TASKS[use_case.task]
    check_names(use_case.promotion, numbers=kind.numbers)
    for name in use_case.monitoring.floors:
        find(name, "monitoring.floors", metrics_of(numbers=kind.numbers))
    scorer_of(use_case.tuning.metric, numbers=kind.numbers)
    stack = Client().active_stack_model
    if not stack.components.get(StackComponentType.EXPERIMENT_TRACKER):
        raise RequestError(
            f"the active stack '{stack.name}' has no experiment tracker; "
            "take one that has, as by `zenml stack set local`"
        )
