"""Steps that watch what was deployed lately, and take it back, by themselves or when asked to."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Any

from zenml import log_metadata, step

from stacks.deployers.base import BentoDeployer
from stacks.deployers.opening import open_deployer
from steps.deployment import roll_back, set_champion
from steps.plausibility import truths_of
from steps.tracking import open_tracker
from switchyard.configuration.model import UseCase
from switchyard.errors import RequestError, SwitchyardError
from switchyard.guarding import watching
from switchyard.guarding.judging import GuardVerdict
from switchyard.guarding.records import Rollback
from switchyard.monitoring.records import MonitoringStore, store_location
from switchyard.retraining.archives import captured_in, gather
from switchyard.retraining.planning import obstacle_of
from switchyard.serving.releases import Deployment
from switchyard.tracking.records import ROLLED_BACK_TAG
from switchyard.tracking.tracker import Tracker

_LOOK_AGAIN_S = 1.0

logger = logging.getLogger(__name__)


@step(enable_cache=False)
def guard_deployment(use_case: dict[str, Any]) -> Annotated[GuardVerdict, "guard_verdict"]:
    """Judge the deployed version by its live requests and by feedback."""
    case = UseCase.of(use_case)
    verdict = look(case, dry_run=False)
    log_metadata({"roll_back": verdict.roll_back, "reasons": list(verdict.reasons)})
    return verdict


def look(case: UseCase, *, dry_run: bool) -> GuardVerdict:
    """What `guard_deployment` does; dry_run: without writing anything."""
    off = GuardVerdict(roll_back=False, seen=("the guard is switched off (guard.enabled)",))
    try:
        deployer = open_deployer()
    except RequestError as error:
        return GuardVerdict(roll_back=False, seen=(str(error),))
    store = MonitoringStore(store_location(case))
    deployed = _answering(deployer, case) if case.guard.enabled else deployer.current(case.name)
    if deployed is not None and not dry_run:
        for record in watching.overtaken(store, deployed):
            _settle(case, store, record, deployed)
    if not case.guard.enabled and (deployed is None or not watching.unfinished(store, deployed)):
        return off  # what a person has begun is gone on with
    if deployed is not None and not dry_run and not obstacle_of(case):
        gather(store, captured_in(case), case.definition)
    now, truths = datetime.now(UTC), truths_of(case)
    return watching.watch(
        deployed, store, case.guard, now, case.definition, truths, deployer.counts
    )


def _answering(deployer: BentoDeployer, case: UseCase) -> Deployment | None:
    """What is deployed, once it answers; as it is after `guard.max_down_s` without an answer."""
    deadline = time.monotonic() + case.guard.max_down_s
    deployed = deployer.current(case.name)
    while (
        deployed is not None
        and deployed.supervised
        and not deployed.healthy
        and time.monotonic() < deadline
    ):
        time.sleep(_LOOK_AGAIN_S)
        deployed = deployer.current(case.name)
    return deployed


def _settle(case: UseCase, store: MonitoringStore, record: Rollback, deployed: Deployment) -> None:
    """End a roll-back that a person's deployment has overtaken, which is left as it is.

    The version that was to go is no champion and will be none, unless it is what was deployed anew.
    """
    serving = deployed.release.model_version
    if serving != record.version:
        tracker = open_tracker()
        with suppress(RequestError):  # deleted from the registry meanwhile: nothing points to it
            _mark(tracker, case, record)
            bad = tracker.version(case.name, int(record.version))
            if tracker.champion(case.name) == bad:
                tracker.set_champion(tracker.version(case.name, int(record.to)))
    told = f"overtaken: version {serving} was deployed at {deployed.since}"
    watching.finish(store, record, told)
    logger.warning("the roll-back from version %s to %s is %s", record.version, record.to, told)


def _mark(tracker: Tracker, case: UseCase, record: Rollback) -> None:
    """Mark the version that goes, unless a person asked for it: it is not promoted again."""
    if record.asked:
        return
    with suppress(RequestError):  # a version that was deleted is not promoted again either
        bad = tracker.version(case.name, int(record.version))
        tracker.tag(bad, ROLLED_BACK_TAG, "; ".join(record.reasons)[:4_000])


@step(enable_cache=False)
def take_back(
    verdict: GuardVerdict, use_case: dict[str, Any]
) -> tuple[Annotated[Rollback, "rollback"], Annotated[Deployment, "deployment"]]:
    """Serve the release before; the version that goes is marked, so that it is not promoted again.

    A roll-back that was cut off after the switch is not switched once more. One that cannot be done
    is noted, with its outcome, and ends nothing else.
    """
    case = UseCase.of(use_case)
    store = MonitoringStore(store_location(case))
    deployer = open_deployer()
    deployed = deployer.current(case.name)
    if deployed is None:
        deployed = deployer.start(case.name)
    record = watching.begin(store, deployed, verdict)
    try:
        tracker = open_tracker()
        tracker.version(case.name, int(record.to))  # the alias is to follow
        _mark(tracker, case, record)
        if deployed.release.model_version == record.version:
            deployed = roll_back(case)
    except SwitchyardError as error:
        record = watching.refuse(store, record, error)
        logger.warning("version %s is not taken back: %s", record.version, record.outcome)
    facts = {"from": record.version, "to": record.to, "reasons": list(record.reasons)}
    log_metadata({**facts, "refused": record.outcome})
    return record, deployed


@step(enable_cache=False)
def go_back(
    use_case: dict[str, Any],
) -> tuple[Annotated[Rollback, "rollback"], Annotated[Deployment, "deployment"]]:
    """Serve the release before, as a person asked for.

    It is noted before anything is changed: one that was cut off after the switch is not switched
    once more, which would bring back what was to go. What is refused leaves no note.
    """
    case = UseCase.of(use_case)
    store = MonitoringStore(store_location(case))
    deployed = open_deployer().current(case.name)
    record = watching.unfinished(store, deployed) if deployed is not None else None
    if record is None or deployed is None:
        noted: list[Rollback] = []
        after = roll_back(case, lambda now: noted.append(watching.begin_asked(store, now)))
        return noted[0], after
    _mark(open_tracker(), case, record)
    if deployed.release.model_version == record.version:
        deployed = roll_back(case)
    log_metadata({"resumed": True, "from": record.version, "to": record.to})
    return record, deployed


@step(enable_cache=False)
def end_rollback(rollback: Rollback, version: int, use_case: dict[str, Any]) -> None:
    """Let the champion be what serves now, and note that the roll-back has ended."""
    case = UseCase.of(use_case)
    set_champion(version, case)
    watching.finish(MonitoringStore(store_location(case)), rollback)
