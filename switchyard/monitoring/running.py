"""A run of monitoring: every window that needs a verdict gets one, is kept, and is told of."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from switchyard.capture import reading
from switchyard.configuration.loop import Monitoring
from switchyard.configuration.model import UseCase
from switchyard.configuration.tasks import TASKS
from switchyard.errors import PlatformError
from switchyard.monitoring.alerts import alert_of, send
from switchyard.monitoring.checking import (
    INTERVALS,
    Checked,
    Facts,
    check_window,
    main_version,
    measured,
)
from switchyard.monitoring.labels import given_labels
from switchyard.monitoring.latecomers import (
    Seen,
    files_of,
    first_time,
    labels_of,
    with_more_rows,
)
from switchyard.monitoring.prometheus import write_metrics
from switchyard.monitoring.records import MonitoringStore
from switchyard.monitoring.references import Reference
from switchyard.monitoring.reports import keep_report
from switchyard.monitoring.results import Verdict
from switchyard.monitoring.sampling import read_window
from switchyard.monitoring.windows import Window, complete_windows, name_of
from switchyard.tables.plausible import Limits

logger = logging.getLogger(__name__)

References = Callable[[str], Reference]
"""The reference of a model version, or another's in its place; raises when there is none."""

_DAY = timedelta(days=1)
"""So far clocks of those who answer and of those who keep labels may be apart."""

Progress = Callable[[int, int | None, str], None]


@dataclass
class Looked:
    """What a run found. verdicts: made or changed by it, oldest first; page: the last report."""

    verdicts: list[Verdict] = field(default_factory=list)
    page: str = ""
    unsent: list[str] = field(default_factory=list)


def check_store(
    case: UseCase,
    captured: str,
    store: MonitoringStore,
    references: References,
    now: datetime,
    *,
    dry_run: bool = False,
    progress: Progress | None = None,
    truths: Limits | None = None,
) -> Looked:
    """Give every complete window without a record a verdict, then the open one a provisional one.

    captured: the prediction store. A window of which more rows have come since its verdict is
    judged again, one of which only more labels have come is completed, and what nobody was told of
    is told. A verdict that is dated later than now is of a clock that was ahead, perhaps of half a
    window: it is made again. dry_run: nothing is written or sent. truths: what true numbers can
    be. Errors as of the stores, and what `references` raises.
    """
    kept = store.verdicts()
    known = [each for each in kept if each.created <= now]
    run = _Run(case, captured, store, references, now, dry_run, truths)
    looked = Looked()
    recent = run.recent(known)
    before = Seen.of(store)
    counted = files_of(captured, recent, before, now)
    run.read_labels()
    labels = labels_of(run.given, recent)
    late = run.late(recent, counted.files, before)
    earlier = {each.since: each for each in (*late, *(each for each in kept if each.created > now))}
    rest = [each for each in recent if each.since not in earlier]
    completed = {each.since: each for each in run.completed(rest, labels, before)}
    for verdict in completed.values():
        looked.verdicts.append(run.finish(Checked(verdict, None), looked))
    first, first_files = first_time(captured, before, run.oldest, run.note)
    new = complete_windows(now, first, {each.since for each in known}, patient(case))
    windows = [*(Window(each.since, each.until) for each in late), *new]
    for done, window in enumerate(windows):
        if progress is not None:
            progress(done, len(windows), f"{window.since:%Y-%m-%d %H:%M}")
        checked = run.check(window, earlier.get(window.since))
        looked.verdicts.append(run.finish(checked, looked))
    if not dry_run:
        for verdict in rest:
            if verdict.since not in completed:
                looked.verdicts += run.remind(verdict, looked)
        more = {"labels": labels, "first": first, "first_files": first_files}
        counted.model_copy(update=more).keep(store)
        write_metrics(store)
    looked.verdicts.sort(key=lambda verdict: verdict.since)
    return looked


def patient(case: UseCase) -> Monitoring:
    """The settings of monitoring, with a lag that the rows of a window can keep to.

    A row may wait `flush_s` before it sets out; as long again is allowed for its way.
    """
    lag_s = max(case.monitoring.lag_s, 2 * case.serving.capture.flush_s)
    return case.monitoring.model_copy(update={"lag_s": lag_s})


@dataclass
class _Run:
    case: UseCase
    captured: str
    store: MonitoringStore
    references: References
    now: datetime
    dry_run: bool
    truths: Limits | None = None
    damaged: list[str] = field(default_factory=list)
    said: set[str] = field(default_factory=set)
    told: set[str] = field(default_factory=set)
    """Damaged files that people know of."""
    given: Any = None
    """The labels of the store, as far as they can be of windows that are looked at."""
    unread: list[PlatformError] = field(default_factory=list)
    """Damaged files of labels: each window lacks what was in them."""

    @property
    def oldest(self) -> datetime:
        """Windows that began before are not looked at."""
        length = timedelta(hours=self.case.monitoring.window_h)
        return self.now - length * (self.case.monitoring.max_windows + 1)

    def recent(self, known: Sequence[Verdict]) -> list[Verdict]:
        """The verdicts that may still change, and what their alerts have told."""
        found = [each for each in known if each.since >= self.oldest]
        for verdict in found:
            if "damage" in _kinds(verdict):
                self.told.update(verdict.quality.damaged)
        return found

    def read_labels(self) -> None:
        """Read the labels of the store, once for all windows."""
        self.given = given_labels(
            self.store,
            self.captured,
            self.unread.append,
            self.oldest - _DAY,
            keep=not self.dry_run,
        )

    def late(
        self, recent: Sequence[Verdict], files: Mapping[str, int], before: Seen
    ) -> list[Verdict]:
        """Verdicts of windows of which the store has more rows by now."""
        found = with_more_rows(self.captured, recent, files, before.files, self.note)
        for verdict in found:
            logger.info("more rows of the window of %s have come", verdict.since)
        return found

    def note(self, error: PlatformError) -> None:
        """Remember a damaged file of this window, and say so once a run."""
        told = str(error)
        if told not in self.damaged:
            self.damaged.append(told)
        if told not in self.said:
            self.said.add(told)
            logger.warning("skipped: %s", told)

    def check(self, window: Window, earlier: Verdict | None = None) -> Checked:
        """Read a window and judge it. earlier: its verdict until now, which people know of."""
        self.damaged.clear()
        monitoring = self.case.monitoring
        rows, of_rows = read_window(self.case, self.captured, window, self.note)
        enough = of_rows >= monitoring.min_rows
        reference = self.references(main_version(rows)) if enough else None
        labelled = self._labelled(window.since, window.until, rows) if of_rows else None
        facts = self._facts(of_rows)
        checked = check_window(window, rows, labelled, reference, monitoring, facts)
        if earlier is None or window.provisional:
            return checked
        return replace(
            checked, verdict=checked.verdict.model_copy(update={"alerted": earlier.alerted})
        )

    def completed(
        self, verdicts: Sequence[Verdict], labels: Mapping[str, int], before: Seen
    ) -> list[Verdict]:
        """Verdicts whose windows have labels enough by now, and more than were measured."""
        found = []
        for verdict in verdicts:
            name = name_of(verdict.since)
            done = verdict.performance
            had = done.rows + done.skipped if done else 0
            needed = max(self.case.monitoring.min_labelled, had + 1)
            if labels[name] < needed or labels[name] == before.labels.get(name):
                continue
            rows = self._labelled(verdict.since, verdict.until)
            if rows.num_rows >= needed:
                performance = measured(rows, self.case.monitoring, self._facts(rows.num_rows))
                if performance is not None:
                    found.append(verdict.model_copy(update={"performance": performance}))
        return found

    def finish(self, checked: Checked, looked: Looked) -> Verdict:
        """Keep a verdict with its report, and tell who is to be told."""
        verdict, comparison = checked.verdict, checked.comparison
        if self.dry_run:
            return verdict
        if comparison is not None:
            looked.page = comparison.html()
        if comparison is not None and not verdict.provisional:
            keep = self.case.monitoring.keep_reports
            keep_report(self.store, verdict, comparison, looked.page, keep)
        # First the record, then the alert: what is cut off here is told by the next run.
        self.store.put(verdict)
        return verdict if verdict.provisional else self._tell(verdict, looked)

    def remind(self, verdict: Verdict, looked: Looked) -> list[Verdict]:
        """Tell of a window what was cut off; the verdict that says so, or none."""
        told = self._tell(verdict, looked)
        return [] if told is verdict else [told]

    def _tell(self, verdict: Verdict, looked: Looked) -> Verdict:
        already = _kinds(verdict)
        if self.told.issuperset(verdict.quality.damaged):
            already = (*already, "damage")  # each window of a day meets the same file
        alert = alert_of(verdict, already=already)
        if alert is None:
            return verdict
        sent = send(alert, self.case.monitoring.alerts)
        looked.unsent += sent.failures
        noted = tuple(f"{channel}:{kind}" for channel in sent.told for kind in alert.kinds)
        self.told.update(verdict.quality.damaged)
        verdict = verdict.model_copy(update={"alerted": (*verdict.alerted, *noted)})
        self.store.put(verdict)
        return verdict

    def _facts(self, rows: int) -> Facts:
        capture = self.case.serving.capture
        return Facts(
            name=self.case.name,
            positive=self.case.labels.positive,
            created=self.now,
            redacted=capture.redact,
            dropped=capture.drop,
            damaged=tuple(self.damaged),
            numbers=TASKS[self.case.task].numbers,
            rows=rows,
            truths=self.truths,
        )

    def _labelled(self, since: datetime, until: datetime, rows: Any = None) -> Any:
        """The rows of a window whose true label is known. rows: those of it that were read."""
        columns = ("label", "score", *(INTERVALS if TASKS[self.case.task].numbers else ()))
        for error in self.unread:
            self.note(error)
        if rows is not None and {*reading.KEY} <= {*rows.column_names}:
            wanted = {*columns, *reading.KEY, "time"}
            some = rows.select([name for name in rows.column_names if name in wanted])
            return reading.with_labels(some, self.given)
        return reading.labelled(
            self.captured, since, until, columns=columns, damaged=self.note, given=self.given
        )


def _kinds(verdict: Verdict) -> tuple[str, ...]:
    """What people were told of."""
    return tuple(each.partition(":")[2] for each in verdict.alerted)
