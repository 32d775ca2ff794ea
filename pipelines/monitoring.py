"""Monitoring: live requests → a roll-back, verdicts, a retraining, a deployment, as they call for.

A dynamic pipeline: what comes next depends on what a step returned, and all is one lineage.
"""

from __future__ import annotations

from typing import Any

from zenml import pipeline

from pipelines.calling import Call, DynamicCalls
from pipelines.deployment import deployment_steps
from pipelines.training import training_steps
from steps.data import load_data
from steps.deployment import record_deployment
from steps.fingerprints import RETRY, is_remote
from steps.guarding import end_rollback, guard_deployment, take_back
from steps.monitoring import check_windows
from steps.retraining import (
    begin_retraining,
    decide_retraining,
    deployment_due,
    end_retraining,
    withdrawing,
)
from switchyard.configuration.model import UseCase
from switchyard.monitoring.records import MonitoringStore, store_location
from switchyard.retraining.locks import lease
from switchyard.retraining.records import concluding


@pipeline(dynamic=True, tags=["monitoring"])
def monitoring(use_case: dict[str, Any], given: bool = False) -> None:
    """Guard what is deployed, check the windows, retrain if they call for it.

    given: retrain on the data of `use_case`, not on those that the champion was trained on. One run
    at a time acts; another meanwhile only looks: it keeps no verdict and tells nobody, or all would
    be told twice.
    """
    case = UseCase.of(use_case)
    store = MonitoringStore(store_location(case))
    call = DynamicCalls(case)
    with lease(store, owner=call.run) as other:
        if other is None:
            guard(use_case, call)
        verdicts = call(check_windows, use_case, dry_run=other is not None)
        plan, _ = call(
            decide_retraining,
            verdicts,
            other=other and other.model_dump(),
            use_case=use_case,
        )
        if plan.load().decision.retrain:
            retrain(store, plan, given, use_case, call)


def guard(use_case: dict[str, Any], call: Call) -> None:
    """Judge what is deployed; if it must go, serve the release before. The alias follows last.

    When the release before cannot serve, nothing has changed, and the run goes on.
    """
    verdict = call(guard_deployment, use_case)
    if not verdict.load().roll_back:
        return
    rollback, deployment = call(take_back, verdict, use_case)
    if rollback.load().outcome:
        return
    version = call(record_deployment, deployment)
    call(end_rollback, rollback, version, use_case)


def retrain(
    store: MonitoringStore, plan: Any, given: bool, use_case: dict[str, Any], call: Call
) -> None:
    """The steps of the training pipeline on old and new rows; those of deployment if promoted."""
    record, training_case, fingerprints = call(begin_retraining, plan, given, use_case)
    began = record.load()
    with concluding(store, began), withdrawing(UseCase.of(use_case), began.name):
        case = UseCase.of(training_case.load())
        remote = any(map(is_remote, case.data.sources))
        patient = DynamicCalls(case, {load_data: RETRY} if remote else None)
        version, decision = training_steps(case, fingerprints, patient)
        due = call(deployment_due, record, decision, version, use_case)
        deployed = deployment_steps(version, use_case, call) if due.load() else None
        call(end_retraining, record, decision, version, deployed, use_case)
