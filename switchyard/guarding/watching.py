"""What is known of a deployed version, and the judgement that follows from it."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from switchyard.configuration.loop import Guard
from switchyard.configuration.model import Definition
from switchyard.configuration.tasks import TASKS
from switchyard.errors import PlatformError, SwitchyardError
from switchyard.guarding.counting import Counts, asked, live_of
from switchyard.guarding.judging import Errors, GuardVerdict, Labelled, Live, judge
from switchyard.guarding.records import MAX_REFUSALS, Rollback, Rollbacks
from switchyard.monitoring.records import MonitoringStore
from switchyard.retraining.archives import archive
from switchyard.serving.releases import Deployment
from switchyard.tables.plausible import Limits, sound_truths, squarable

if TYPE_CHECKING:
    import pyarrow as pa

_TEXTS = Definition()

logger = logging.getLogger(__name__)


def watch(
    deployed: Deployment | None,
    store: MonitoringStore,
    guard: Guard,
    now: datetime,
    definition: Definition = _TEXTS,
    truths: Limits | None = None,
    counts: Counts = asked,
) -> GuardVerdict:
    """Judge what is deployed, from its /metrics and the archive of feedback.

    definition: of the use case, for what its archive holds. truths: what true numbers can be. A
    roll-back that was cut off is gone on with, whatever is seen now, unless somebody has deployed
    another version meanwhile. One deployment is rolled back once, and never to a version that was
    rolled back itself.
    """
    if deployed is None:
        return _nothing("no service is deployed here: there is nothing to guard")
    records = Rollbacks(store)
    begun = unfinished(store, deployed)
    if begun is not None:
        how = f"could not be done: {begun.outcome}" if begun.outcome else "was cut off"
        told = f"the roll-back from version {begun.version} {how}: it goes on"
        return GuardVerdict(roll_back=True, failed=(told, *begun.reasons))
    since = datetime.fromisoformat(deployed.since)
    done = records.of(since)
    if done is not None and done.outcome:
        told = f"version {done.version} should be taken back, and was not: {done.outcome}"
        return GuardVerdict(roll_back=False, failed=(told, *done.reasons))
    if done is not None:
        return _nothing(f"what was deployed at {deployed.since} was rolled back already")
    version, before = deployed.release.model_version, deployed.previous
    silent = _silent(deployed, version)
    if now - since > timedelta(hours=guard.watch_h):
        told = f"version {version} has been deployed for over {guard.watch_h:g} h"
        return GuardVerdict(roll_back=False, seen=(told,), failed=silent)
    live = _counted(deployed, version, counts).model_copy(
        update={
            "down": not deployed.healthy,
            "unsupervised": not deployed.supervised,
            "restarts": deployed.restarts,
        }
    )
    rows = archive(store, definition)
    numbers = TASKS[definition.task].numbers
    of = partial(errors, truths=truths) if numbers else labelled
    live = live.model_copy(update={"labelled": of(rows, version, since, None)})
    earlier = before.model_version if before else ""
    compared = of(rows, earlier, since - timedelta(hours=guard.watch_h), since)
    verdict = judge(live, compared, guard)
    if live.down and live.unsupervised:
        verdict = verdict.model_copy(update={"failed": (*verdict.failed, *silent)})
    if not verdict.roll_back:
        return verdict
    barrier = _barrier(deployed, records.all())
    if barrier:
        return verdict.model_copy(update={"roll_back": False, "failed": (*verdict.failed, barrier)})
    return verdict


def labelled(
    rows: pa.Table, version: str, since: datetime | None = None, until: datetime | None = None
) -> Labelled:
    """The answers of a version to requests of since <= time < until whose true label is known."""
    import pyarrow.compute as pc

    found = _answers(rows, version, since, until)
    right = pc.sum(pc.equal(found["label"], found["predicted"])).as_py() or 0
    return Labelled(rows=found.num_rows, right=int(right))


def errors(
    rows: pa.Table,
    version: str,
    since: datetime | None = None,
    until: datetime | None = None,
    truths: Limits | None = None,
) -> Errors:
    """As `labelled`, of predicted numbers: how far they lie from the true ones.

    truths: what true numbers can be; others are skipped, and no error counts as more than the
    range that was trained: a single label cannot hide a loss in the spread that it makes.
    """
    import numpy as np

    from switchyard.tables.casting import as_text, numbers

    found = _answers(rows, version, since, until)
    truth = numbers(as_text(found["label"]), "label", missing=True)[0]
    score = np.array(found["score"].to_pylist(), np.float64)
    far = np.abs(score - truth)[sound_truths(truth, truths)]
    far = far[squarable(far)]
    if truths is not None:
        far = np.minimum(far, truths.span)
    skipped = found.num_rows - len(far)
    if len(far) < 2:
        mean = float(far.mean()) if len(far) else 0.0
        return Errors(rows=len(far), mean=mean, skipped=skipped)
    mean, variance = float(far.mean()), float(far.var(ddof=1))
    return Errors(rows=len(far), mean=mean, variance=variance, skipped=skipped)


def _answers(
    rows: pa.Table, version: str, since: datetime | None, until: datetime | None
) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    found = rows.filter(pc.equal(rows["model_version"], version))
    kind = found["time"].type
    if since is not None:
        found = found.filter(pc.greater_equal(found["time"], pa.scalar(since, kind)))
    if until is not None:
        found = found.filter(pc.less(found["time"], pa.scalar(until, kind)))
    return found


def begin(store: MonitoringStore, deployed: Deployment, verdict: GuardVerdict) -> Rollback:
    """Note the roll-back before anything is changed; one that was cut off is found again."""
    record = unfinished(store, deployed) or _begun(store, deployed, verdict.reasons)
    return record.model_copy(update={"outcome": ""})


def begin_asked(store: MonitoringStore, deployed: Deployment) -> Rollback:
    """Note a roll-back that a person asked for, before anything is changed."""
    return _begun(store, deployed, ("a person asked for it",), asked=True)


def _begun(
    store: MonitoringStore, deployed: Deployment, reasons: tuple[str, ...], *, asked: bool = False
) -> Rollback:
    if deployed.previous is None:
        raise PlatformError(
            f"version {deployed.release.model_version} was to be rolled back, and the release "
            "before it is gone from the deployer's records; run.py status shows them"
        )
    record = Rollback(
        version=deployed.release.model_version,
        to=deployed.previous.model_version,
        reasons=reasons,
        deployed=datetime.fromisoformat(deployed.since),
        started=datetime.now(UTC),
        asked=asked,
    )
    Rollbacks(store).put(record)
    return record


def finish(store: MonitoringStore, record: Rollback, outcome: str = "") -> Rollback:
    """Note that deployment and alias are where they should be; outcome: why they are elsewhere."""
    ended = record.model_copy(update={"finished": datetime.now(UTC), "outcome": outcome})
    Rollbacks(store).put(ended)
    return ended


def refuse(store: MonitoringStore, record: Rollback, error: SwitchyardError) -> Rollback:
    """Note that it cannot be done; refused again and again it is given up.

    A failure of the platform may pass, and is not counted.
    """
    refusals = record.refusals + (not isinstance(error, PlatformError))
    record = record.model_copy(update={"refusals": refusals, "outcome": str(error)})
    if refusals >= MAX_REFUSALS:
        return finish(store, record, f"refused {refusals} times: {error}")
    Rollbacks(store).put(record)
    return record


def overtaken(store: MonitoringStore, deployed: Deployment) -> list[Rollback]:
    """Unfinished roll-backs of versions in whose place somebody has deployed another by hand."""
    return [each for each in Rollbacks(store).unfinished() if each.overtaken_by(deployed)]


def unfinished(store: MonitoringStore, deployed: Deployment) -> Rollback | None:
    """The roll-back of what is deployed that was cut off or refused, before or after its switch."""
    found = (each for each in Rollbacks(store).unfinished() if not each.overtaken_by(deployed))
    return next(found, None)


def _silent(deployed: Deployment, version: str) -> tuple[str, ...]:
    """What is to be said of a service that does not answer."""
    if deployed.healthy:
        return ()
    if deployed.supervised:
        return (f"version {version} is deployed and does not answer; run.py logs says why",)
    return (
        f"version {version} is deployed and nothing runs: its machine or its supervisor ended; "
        "run.py --pipeline deployment starts one",
    )


def _counted(deployed: Deployment, version: str, counts: Counts) -> Live:
    """A service that does not answer has no counts."""
    try:
        found = live_of(counts(deployed), version)
    except PlatformError as error:
        logger.warning("the guard sees no counts: %s", error)
        return Live()
    return found or Live()


def _barrier(deployed: Deployment, done: list[Rollback]) -> str:
    """Why there is nothing to go back to; '' when there is."""
    if deployed.previous is None:
        return "there is no release before it to go back to"
    before = deployed.previous.model_version
    if before == deployed.release.model_version:
        return f"the release before it is of the same version {before}"
    if any(each.version == before and not each.asked for each in done):
        return f"version {before} before it was rolled back itself; deploy another by hand"
    return ""


def _nothing(told: str) -> GuardVerdict:
    return GuardVerdict(roll_back=False, seen=(told,))
