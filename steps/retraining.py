"""Steps that decide on a retraining, prepare it, and note how it ended."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from zenml import get_step_context, log_metadata, step
from zenml.types import MarkdownString

from stacks.deployers.opening import open_deployer
from steps.deployment import DEPLOYED_TAG
from steps.fingerprints import fingerprint
from steps.plausibility import plausible_of
from steps.tracking import open_tracker
from switchyard.configuration.model import UseCase
from switchyard.errors import GateRefused, RequestError
from switchyard.monitoring.records import MonitoringStore, store_location
from switchyard.promotion.records import Decision
from switchyard.retraining import planning
from switchyard.retraining.archives import captured_in
from switchyard.retraining.bases import FOLDER, on_base
from switchyard.retraining.locks import Lease
from switchyard.retraining.planning import Plan
from switchyard.retraining.records import Retrained, Retrainings
from switchyard.tracking.records import ROLLED_BACK_TAG, Version
from switchyard.tracking.tracker import Tracker

logger = logging.getLogger(__name__)


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
    """What `decide_retraining` does; dry_run: without writing anything.

    The promotion of a retraining that is not gone on with is taken back before.
    """
    store = MonitoringStore(store_location(case))
    last = Retrainings(store).last()
    acts = other is None and not dry_run
    resumes = last is not None and last.may_resume and case.retraining.enabled
    if acts and last is not None and last.finished is None and not resumes:
        withdraw(case, last)
    return planning.plan(
        MonitoringStore(store_location(case)),
        captured_in(case),
        case,
        now=datetime.now(UTC),
        other=other,
        verdicts=verdicts,
        dry_run=dry_run,
        plausible=plausible_of(case),
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
    # Not that of the champion's data, which a retraining before may have set.
    keep = case.retraining.keep_months or case.data.keep_months
    if not given:
        case = _on_champions_data(case)
    record = planning.begin(store, case, plan, datetime.now(UTC), run, plausible_of(case))
    data = case.data.model_copy(update={"feedback": (record.source,), "keep_months": keep})
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
    retraining: Retrained, decision: Decision, version: int, use_case: dict[str, Any]
) -> Annotated[bool, "deployment_due"]:
    """Whether the version is the champion and another one serves, or nobody has noted that it does.

    That it is the champion is noted first: a deployment that is refused takes it back. A service
    that was never deployed here, or that a person stopped, is not started.
    """
    case = UseCase.of(use_case)
    tracker = open_tracker()
    champion = tracker.champion(case.name)
    reigns = champion is not None and champion.number == version
    noted = retraining.model_copy(update={"version": version, "promoted": reigns})
    Retrainings(MonitoringStore(store_location(case))).put(noted)
    if not case.retraining.deploy or champion is None or champion.number != version:
        return False
    try:
        deployed = open_deployer().current(case.name)
    except RequestError as error:
        log_metadata({"not_deployed": str(error)})
        return False
    log_metadata({"promoted": decision.promoted})
    if deployed is None:
        return False
    if deployed.release.model_version != str(version):
        return True
    # A run that was killed between the switch and the note has left it out.
    return tracker.tags(champion).get(DEPLOYED_TAG) != deployed.since


@contextmanager
def withdrawing(case: UseCase, name: str) -> Iterator[None]:
    """Take the promotion back when what is done in the block is refused, as by the smoke test.

    name: of the retraining's record. The error then says so.
    """
    try:
        yield
    except (GateRefused, RequestError) as error:
        record = Retrainings(MonitoringStore(store_location(case))).named(name)
        gate = isinstance(error, GateRefused)
        told = withdraw(case, record, str(error) if gate else "") if record else ""
        if not told:
            raise
        raise (GateRefused if gate else RequestError)(f"{error}\n{told}") from error


def withdraw(case: UseCase, record: Retrained, bar: str = "") -> str:
    """Let the champion be what serves, when a retraining's version is it and another one serves.

    bar: why the version is not to be promoted again; '' when that is not its fault. Returns what
    was done, in a sentence; '' when nothing was. The record says afterwards what is so.
    """
    if not record.promoted or record.version is None:
        return ""
    told = ""
    changes: dict[str, Any]
    tracker = open_tracker()
    champion = tracker.champion(case.name)
    if champion is None or champion.number != record.version:
        changes = {"promoted": False}  # cut off in here, or somebody has promoted another
    elif why_not := _not_serving(case, record.version):
        serving = _serving(case, tracker) if case.retraining.deploy else None
        if serving is not None:
            if bar:
                reason = f"its deployment was refused: {bar}"
                tracker.tag(champion, ROLLED_BACK_TAG, reason[:4_000])
            tracker.set_champion(serving)
            why_not = told = (
                f"version {record.version} was promoted and could not be deployed: the champion is "
                f"version {serving.number} again, which serves"
            )
            logger.warning("%s", told)
        changes = {"promoted": serving is None, "not_deployed": why_not}
    else:
        changes = {"deployed": True}
    Retrainings(MonitoringStore(store_location(case))).put(record.model_copy(update=changes))
    return told


def _serving(case: UseCase, tracker: Tracker) -> Version | None:
    """The registered version that serves; None when nothing does, or none that is registered."""
    try:
        deployed = open_deployer().current(case.name)
        return tracker.version(case.name, int(deployed.release.model_version)) if deployed else None
    except RequestError as error:
        logger.warning("what serves cannot be the champion: %s", error)
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
    why_not = _not_serving(case, version) if reigns and deployed is None else ""
    changes = {
        "finished": datetime.now(UTC),
        "outcome": "Promoted before it was cut off." if before else decision.summary,
        "version": version,
        "promoted": reigns,
        "deployed": deployed is not None or (reigns and not why_not),
        "not_deployed": why_not,
    }
    ended = retraining.model_copy(update=changes)
    Retrainings(MonitoringStore(store_location(case))).put(ended)
    return ended


def _not_serving(case: UseCase, version: int) -> str:
    """Why a version does not serve, in a few words; '' when it does."""
    try:
        deployed = open_deployer().current(case.name)
    except RequestError as error:
        return str(error)
    if deployed is None:
        return "nothing serves here"
    serving = deployed.release.model_version
    if serving == str(version):
        return ""
    off = "" if case.retraining.deploy else " (retraining.deploy is off)"
    return f"version {serving} serves{off}"
