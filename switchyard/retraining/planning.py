"""What a run of monitoring does about retraining: looks at the stores, and decides."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from switchyard.configuration.loop import Retraining
from switchyard.configuration.model import UseCase
from switchyard.monitoring.records import MonitoringStore
from switchyard.monitoring.results import Verdict
from switchyard.monitoring.windows import name_of
from switchyard.records import Record
from switchyard.retraining.archives import archive, gather
from switchyard.retraining.deciding import RetrainingDecision, decide, over
from switchyard.retraining.feedback import learnable, snapshot
from switchyard.retraining.locks import Lease
from switchyard.retraining.records import MAX_ATTEMPTS, Retrained, Retrainings
from switchyard.tables.plausible import Plausible


class Plan(Record):
    """What is to be done. resumes: the retraining that was cut off and is gone on with.

    labelled: rows of feedback that can be learnt from; new_labelled: of them, those that the last
    retraining had not; unfit: those that training would reject; recent_since: where the recent
    ones begin.
    """

    decision: RetrainingDecision
    resumes: Retrained | None = None
    labelled: int = 0
    new_labelled: int = 0
    unfit: int = 0
    recent_since: datetime | None = None

    def to_markdown(self) -> str:
        """The plan as text."""
        head = "A retraining starts" if self.decision.retrain else "No retraining"
        lines = [f"# {head}", "", *(f"- {reason}" for reason in self.decision.reasons), ""]
        told = f"{self.labelled:,} labelled rows, {self.new_labelled:,} new."
        if self.unfit:
            told += f" {self.unfit:,} more cannot be learnt from: training would reject them."
        return "\n".join([*lines, told, ""])


def plan(
    store: MonitoringStore,
    captured: str,
    case: UseCase,
    *,
    now: datetime,
    other: Lease | None,
    verdicts: Sequence[Verdict] | None = None,
    dry_run: bool = False,
    plausible: Plausible | None = None,
) -> Plan:
    """Gather feedback and decide.

    captured: the prediction store; other: who holds the lease, if not this run; verdicts: instead
    of those in the store. dry_run: nothing is written. plausible: of the champion.
    """
    obstacle = obstacle_of(case)
    found = store.verdicts() if verdicts is None else list(verdicts)
    more = 0
    if not obstacle:
        gathered = gather(store, captured, case.definition, dry_run=dry_run)
        more = gathered.added if dry_run else 0
    kept = archive(store, case.definition)
    fit = learnable(kept, case.data, case.definition, plausible).num_rows
    labelled = fit + more
    records = Retrainings(store)
    last = records.last()
    dated = last.started if last else None
    if not dry_run and other is None:
        last = records.redated(now)
    new = max(0, labelled - (last.labelled if last else 0))
    facts = {"labelled": labelled, "new_labelled": new, "unfit": kept.num_rows - fit}
    if last is not None and last.finished is None and other is None:
        if last.may_resume and case.retraining.enabled:
            told = (
                f"the retraining of {last.started:%Y-%m-%d %H:%M:%S} UTC was cut off: it goes on, "
                f"attempt {last.attempts + 1} of {MAX_ATTEMPTS}"
            )
            decision = RetrainingDecision(retrain=True, reasons=(told, *last.reasons))
            return Plan(decision=decision, resumes=last, **facts)
        if not dry_run:
            outcome = f"given up: cut off {last.attempts} times"
            if last.may_resume:
                outcome = "given up: cut off, and retraining was switched off"
            records.put(last.model_copy(update={"finished": now, "outcome": outcome}))
    decision = decide(
        found,
        case.retraining,
        now=now,
        last_started=dated,
        running=other is not None,
        running_since=datetime.fromtimestamp(other.since, UTC) if other else None,
        new_labelled=new,
        obstacle=obstacle,
    )
    since = recent_since(over(found, now), case.retraining, records.learnt())
    return Plan(decision=decision, recent_since=since, **facts)


def obstacle_of(case: UseCase) -> str:
    """Why captured rows cannot be learnt from, in a sentence; '' when they can."""
    capture = case.serving.capture
    if not capture.enabled:
        return "nothing is captured (serving.capture.enabled)"
    if case.table is not None:
        gone = [each.name for each in case.table.inputs if each.name in capture.drop]
        if gone:
            return f"captured rows have no '{gone[0]}' (serving.capture.drop)"
        return ""
    if capture.redact:
        masked = ", ".join(capture.redact)
        return (
            f"captured URLs are masked ({masked}; serving.capture.redact): a model that learnt "
            "from them would not know real ones"
        )
    if "url" in capture.drop:
        return "captured rows have no URL (serving.capture.drop)"
    return ""


def recent_since(
    verdicts: Sequence[Verdict], policy: Retraining, learnt: datetime | None
) -> datetime | None:
    """When the rows begin on which a gain is measured; None when no window tells.

    The windows that are looked at for a retraining, and all since the last one that was promoted:
    its model has learnt from none of them, and the more rows there are, the surer is the measure.
    """
    told = sorted(
        each.since for each in verdicts if not each.provisional and each.status != "too-few-rows"
    )
    if not told:
        return None
    looked_at = told[-policy.of_windows :][0]
    return min(looked_at, learnt) if learnt else looked_at


def begin(
    store: MonitoringStore,
    case: UseCase,
    planned: Plan,
    now: datetime,
    run: str,
    plausible: Plausible | None = None,
) -> Retrained:
    """Note that a retraining starts, or goes on, before anything else is done.

    case: on the data that will be trained on; plausible: of the champion. One that goes on learns
    from the rows that it began with: its finished steps are found again.
    """
    records = Retrainings(store)
    if planned.resumes is not None:
        changes = {"attempts": planned.resumes.attempts + 1, "run": run}
        record = planned.resumes.model_copy(update=changes)
    else:
        rows = learnable(archive(store, case.definition), case.data, case.definition, plausible)
        source = snapshot(store, rows, planned.recent_since, case.definition)
        record = Retrained(
            name=name_of(now),
            started=now,
            reasons=planned.decision.reasons,
            labelled=rows.num_rows,
            feedback=source.plain(),
            run=run,
        )
    records.put(record)
    return record
