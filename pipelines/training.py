"""Training: labelled data → candidates → judged on the holdout → registered → perhaps promoted."""

from __future__ import annotations

from typing import Any

from zenml import pipeline

from pipelines.calling import Calls
from steps.data import load_data, split_data
from steps.evaluation import evaluate_candidates
from steps.hooks import record_failure, record_success
from steps.promotion import promote_model
from steps.registration import package_model, record_run, register_model
from steps.training import train_candidate
from switchyard.candidates.available import available
from switchyard.configuration.model import UseCase
from switchyard.retraining.bases import base_of

RULE = {"max_false_positive_rate", "coverage"}
"""What training goes by of how models are judged."""


@pipeline(
    execution_mode="fail_fast",
    tags=["training"],
    on_success=record_success,
    on_failure=record_failure,
)
def training(use_case: dict[str, Any], fingerprints: list[str]) -> None:
    """Train, judge, register and perhaps promote.

    `fingerprints` identify the content of the sources, so that a changed file is loaded again.
    """
    training_steps(UseCase.of(use_case), fingerprints)


def training_steps(case: UseCase, fingerprints: Any, calls: Calls | None = None) -> tuple[Any, Any]:
    """Wire the steps; each gets only the parts of the configuration that it depends on.

    calls: how they are called. Returns the outputs `version` and `decision`.
    """
    call = calls or Calls()
    case, _ = available(case)
    loaded = _named(
        call(
            load_data,
            data=case.data.plain(),
            definition=case.definition.plain(),
            seed=case.seed,
            fingerprints=fingerprints,
        )
    )
    card = loaded["data_card"]
    judging = case.for_judging().plain()
    sides = _named(
        call(
            split_data,
            loaded["dataset"],
            split=case.split.plain(),
            definition=case.definition.plain(),
            data=judging["data"],
            seed=case.seed,
        )
    )
    trained = [
        _named(outputs)
        for outputs in call.side_by_side(
            train_candidate,
            [
                {
                    "train": sides["train"],
                    "validation": sides["validation"],
                    "inputs": sides["inputs"],
                    "candidate": candidate.plain(),
                    "definition": case.definition.plain(),
                    "tuning": case.tuning.plain(),
                    "rule": case.evaluation.plain(include=RULE),
                    "seed": case.seed,
                    "id": f"train_{candidate.name.replace('-', '_')}",
                }
                for candidate in case.candidates
            ],
        )
    ]
    results = [each["result"] for each in trained]
    judged = _named(
        call(
            evaluate_candidates,
            sides["holdout"],
            sides["inputs"],
            [each["model"] for each in trained],
            results,
            card,
            use_case=judging,
        )
    )
    evaluation = judged["evaluation"]
    package = call(
        package_model,
        judged["challenger"],
        sides["inputs"],
        evaluation,
        card,
        use_case=judging,
    )
    run = call(
        record_run,
        package,
        evaluation,
        results,
        card,
        judged["report"],
        loaded["exploration"],
        sides["train"],
        sides["holdout"],
        base=base_of(case),
        use_case=judging,
    )
    version = call(register_model, package, run, evaluation, use_case=judging)
    decided = _named(call(promote_model, version, package, sides["holdout"], use_case=judging))
    return version, decided["decision"]


def _named(outputs: Any) -> dict[str, Any]:
    """A step's outputs by name: dynamic pipelines put those with a materializer first."""
    return {each.output_name: each for each in outputs}
