"""Steps that decide on a retraining, prepare it, and note how it ended."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from zenml import get_step_context, log_metadata, step
from zenml.types import MarkdownString

from stacks.deployers.opening import open_deployer
from steps.deployment import DEPLOYED_TAG
from steps.fingerprints import fingerprint
from steps.tracking import open_tracker
from switchyard.configuration.model import UseCase
from switchyard.errors import RequestError
from switchyard.monitoring.records import MonitoringStore, store_location
from switchyard.promotion.records import Decision
from switchyard.retraining import planning
from switchyard.retraining.archives import captured_in
from switchyard.retraining.bases import FOLDER, on_base
from switchyard.retraining.locks import Lease
from switchyard.retraining.planning import Plan
from switchyard.retraining.records import Retrained, Retrainings
from switchyard.serving.releases import Deployment


@step(enable_cache=False)
def decide_retraining(
    verdicts: list[Any], other: dict[str, Any] | None, use_case: dict[str, Any]
) -> tuple[Annotated[Plan, "plan"], Annotated[MarkdownString, "plan_text"]]:
    """Gather feedback, and decide whether the windows call for a retraining.

    verdicts: of this run, for the lineage; those of all runs are in the store. other: the lease of
    the run that may retrain meanwhile, None when this one may.
    """
    del verdicts
    plan = look(UseCase.of(use_case), Lease(**other) if other else None, dry_run=False)
    log_metadata({"retrain": plan.decision.retrain, "reasons": list(plan.decision.reasons)})
    return plan, MarkdownString(plan.to_markdown())


def look(case: UseCase, other: Lease | None, *, dry_run: bool, verdicts: Any = None) -> Plan:
    """What `decide_retraining` does; dry_run: without writing anything."""
    return planning.plan(
        MonitoringStore(store_location(case)),
        captured_in(case),
        case,
        now=datetime.now(UTC),
        other=other,
        verdicts=verdicts,
        dry_run=dry_run,
    )


@step(enable_cache=False)
def begin_retraining(
    plan: Plan, given: bool, use_case: dict[str, Any]
) -> tuple[
    Annotated[Retrained, "retraining"],
    Annotated[dict[str, Any], "training_case"],
    Annotated[list[str], "fingerprints"],
]:
    """Note the start; the champion's data, unless data were `given`, and feedback come together."""
    case = UseCase.of(use_case)
    run = get_step_context().pipeline_run.name
    store = MonitoringStore(store_location(case))
    record = planning.begin(store, case, plan, datetime.now(UTC), run)
    if not given:
        case = _on_champions_data(case)
    data = case.data.model_copy(update={"feedback": (record.source,)})
    case = case.model_copy(update={"data": data})
    fingerprints = [fingerprint(each, data) for each in (*data.sources, *data.feedback)]
    log_metadata({"labelled": record.labelled, "attempt": record.attempts})
    return record, case.plain(), fingerprints


def _on_champions_data(case: UseCase) -> UseCase:
    tracker = open_tracker()
    champion = tracker.champion(case.name)
    if champion is None:
        return case
    with tempfile.TemporaryDirectory() as folder:
        return on_base(case, tracker.run_files(champion, FOLDER, Path(folder)))


@step(enable_cache=False)
def deployment_due(
    decision: Decision, version: int, use_case: dict[str, Any]
) -> Annotated[bool, "deployment_due"]:
    """Whether the version is the champion and another one serves, or nobody has noted that it does.

    A service that was never deployed here, or that a person stopped, is not started.
    """
    case, tracker = UseCase.of(use_case), open_tracker()
    champion = tracker.champion(case.name)
    if not case.retraining.deploy or champion is None or champion.number != version:
        return False
    log_metadata({"promoted": decision.promoted})
    deployed = _deployed(case)
    if deployed is None:
        return False
    if deployed.release.model_version != str(version):
        return True
    # A run that was killed between the switch and the note has left it out.
    return tracker.tags(champion).get(DEPLOYED_TAG) != deployed.since


def _deployed(case: UseCase) -> Deployment | None:
    """What serves; None also where the stack cannot serve."""
    try:
        return open_deployer().current(case.name)
    except RequestError as error:
        log_metadata({"not_deployed": str(error)})
        return None


@step(enable_cache=False)
def end_retraining(
    retraining: Retrained,
    decision: Decision,
    version: int,
    deployed: int | None,
    use_case: dict[str, Any],
) -> Annotated[Retrained, "retrained"]:
    """Note how it ended. Promoted, deployed: it is so now, whichever run has brought it about."""
    case = UseCase.of(use_case)
    champion = open_tracker().champion(case.name)
    reigns = champion is not None and champion.number == version
    before = reigns and not decision.promoted
    changes = {
        "finished": datetime.now(UTC),
        "outcome": "Promoted before it was cut off." if before else decision.summary,
        "version": version,
        "promoted": reigns,
        "deployed": deployed is not None or _serves(case, version),
    }
    ended = retraining.model_copy(update=changes)
    Retrainings(MonitoringStore(store_location(case))).put(ended)
    return ended


def _serves(case: UseCase, version: int) -> bool:
    found = _deployed(case)
    return found is not None and found.release.model_version == str(version)
