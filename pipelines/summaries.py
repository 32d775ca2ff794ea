"""What a person gets when a run has ended: files to open, a table, and where to look next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from zenml.enums import ExecutionStatus
from zenml.models import PipelineRunResponse, StepRunResponse
from zenml.utils.dashboard_utils import get_run_url

from pipelines.calling import last_calls
from switchyard.configuration.model import UseCase
from switchyard.data.cards import DataCard
from switchyard.errors import PlatformError
from switchyard.evaluation.metrics import metrics_of
from switchyard.evaluation.results import Evaluation
from switchyard.promotion.records import Decision

SHOWN = ("accuracy", "roc_auc", "recall_at_1pct_fpr", "ece")
NUMBERS_SHOWN = ("r2", "rmse", "mae", "coverage")
PAGES = {
    "report.html": ("evaluate_candidates", "report"),
    "exploration.html": ("load_data", "exploration"),
    "data_card.md": ("load_data", "data_card_text"),
    "decision.md": ("promote_model", "decision_text"),
}


@dataclass(frozen=True)
class Result:
    """What a finished training run produced, read back from the artifact store."""

    run: PipelineRunResponse
    data: DataCard
    evaluation: Evaluation
    decision: Decision
    cached: int
    steps: int
    mlflow_uri: str
    folder: Path


def export(run: PipelineRunResponse, use_case: UseCase) -> Path:
    """Write the pages that the run has made; return their folder, `output_dir`/<use case>/<run>."""
    folder: Path = Path(use_case.output_dir).expanduser() / use_case.name / run.name
    steps = last_calls(run)
    made = {
        name: (step, output)
        for name, (step, output) in PAGES.items()
        if step in steps and output in steps[step].outputs
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, (step, output) in made.items():
            (folder / name).write_text(str(_load(steps, step, output)), encoding="utf-8")
    except OSError as error:
        raise PlatformError(
            f"the report cannot be written to '{folder}': {error.strerror or error}; "
            "set output_dir to another folder and run again: finished steps are kept"
        ) from error
    return folder


def collect(run: PipelineRunResponse, use_case: UseCase) -> Result:
    """Write the run's pages, and read its results back."""
    folder = export(run, use_case)
    steps = last_calls(run)
    return Result(
        run=run,
        data=_load(steps, "load_data", "data_card"),
        evaluation=_load(steps, "evaluate_candidates", "evaluation"),
        decision=_load(steps, "promote_model", "decision"),
        cached=sum(step.status == ExecutionStatus.CACHED for step in steps.values()),
        steps=len(steps),
        mlflow_uri=str(steps["record_run"].run_metadata["mlflow_uri"]),
        folder=folder,
    )


def show_candidates(run: PipelineRunResponse, console: Console) -> None:
    """Print the figures of all candidates, where a run has come so far as to have them."""
    steps = last_calls(run)
    if "evaluate_candidates" in steps and "evaluation" in steps["evaluate_candidates"].outputs:
        console.print(_table(_load(steps, "evaluate_candidates", "evaluation")))


def summarise(result: Result, console: Console) -> None:
    """Print the candidates, the decision, and where to look next."""
    if result.data.synthetic:
        console.print("[bold yellow]synthetic sample: the figures mean nothing outside this demo")
    console.print(_table(result.evaluation))
    console.print(f"{result.steps} steps, {result.cached} of them cached", highlight=False)
    console.print(f"[bold]{escape(result.decision.summary)}", highlight=False)
    _where_to_look(result, console)


def _table(evaluation: Evaluation) -> Table:
    title = f"Candidates on {evaluation.rows:,} held-out rows"
    table = Table(title=title, title_justify="left")
    table.add_column("candidate", no_wrap=True)
    shown = NUMBERS_SHOWN if evaluation.numbers else SHOWN
    for name in shown:
        table.add_column(metrics_of(numbers=evaluation.numbers)[name].title, justify="right")
    for judged in evaluation.candidates:
        served = judged.name == evaluation.served.name
        values = [judged.metrics[name].value for name in shown]
        cells = ["–" if value is None else f"{value:.4f}" for value in values]
        table.add_row(
            escape(f"{judged.name} ← served" if served else judged.name),
            *cells,
            style="bold" if served else None,
        )
    return table


def _where_to_look(result: Result, console: Console) -> None:
    places = {
        "report": str(result.folder / "report.html"),
        "dashboard": get_run_url(result.run)
        or f"uv run zenml login --local   (run {result.run.name})",
        "MLflow": "make mlflow",
    }
    if result.mlflow_uri.startswith("http"):
        places["MLflow"] = result.mlflow_uri
    for name, place in places.items():
        console.print(f"{name:<10} {place}", soft_wrap=True, highlight=False, markup=False)


def _load(steps: Mapping[str, StepRunResponse], step: str, output: str) -> Any:
    return steps[step].outputs[output][0].load()
