"""A run of monitoring: every window that needs a verdict gets one, is kept, and is told of."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from switchyard.capture import reading
from switchyard.capture.request_ids import time_of
from switchyard.configuration.model import UseCase
from switchyard.errors import PlatformError
from switchyard.monitoring.alerts import alert_of, send
from switchyard.monitoring.checking import COLUMNS, Checked, Facts, check_window, main_version
from switchyard.monitoring.drift import add_to_workspace
from switchyard.monitoring.performance import measure
from switchyard.monitoring.prometheus import write_metrics
from switchyard.monitoring.records import REPORTS, WORKSPACE, MonitoringStore
from switchyard.monitoring.references import Reference
from switchyard.monitoring.results import Verdict
from switchyard.monitoring.windows import Window, complete_windows, name_of

logger = logging.getLogger(__name__)

References = Callable[[str], Reference]
"""The reference of a model version, or another's in its place; raises when there is none."""

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
) -> Looked:
    """Give every complete window without a record a verdict, then the open one a provisional one.

    captured: the prediction store. Labels that came after a window's verdict complete it. A verdict
    that is dated later than now is of a clock that was ahead, perhaps of half a window: it is made
    again. dry_run: nothing is written or sent. Errors as of the stores, and what `references`
    raises.
    """
    kept = store.verdicts()
    known = [each for each in kept if each.created <= now]
    told = {each.since: each.alerted for each in kept if each.created > now}
    run = _Run(case, captured, store, references, now, dry_run)
    looked = Looked()
    for verdict in run.completed(known):
        looked.verdicts.append(run.finish(Checked(verdict, None), looked))
    first = reading.first_time(captured, damaged=run.note)
    windows = complete_windows(now, first, {each.since for each in known}, case.monitoring)
    for done, window in enumerate(windows):
        if progress is not None:
            progress(done, len(windows), f"{window.since:%Y-%m-%d %H:%M}")
        checked = run.check(window)
        if not window.provisional and window.since in told:
            again = checked.verdict.model_copy(update={"alerted": told[window.since]})
            checked = replace(checked, verdict=again)
        looked.verdicts.append(run.finish(checked, looked))
    if not dry_run:
        write_metrics(store)
    looked.verdicts.sort(key=lambda verdict: verdict.since)
    return looked


@dataclass
class _Run:
    case: UseCase
    captured: str
    store: MonitoringStore
    references: References
    now: datetime
    dry_run: bool
    damaged: list[str] = field(default_factory=list)

    def note(self, error: PlatformError) -> None:
        """Remember a damaged file, and say so once."""
        if str(error) not in self.damaged:
            logger.warning("skipped: %s", error)
            self.damaged.append(str(error))

    def check(self, window: Window) -> Checked:
        """Read a window and judge it."""
        self.damaged.clear()
        monitoring = self.case.monitoring
        rows = reading.predictions(
            self.captured, window.since, window.until, columns=COLUMNS, damaged=self.note
        )
        enough = rows.num_rows >= monitoring.min_rows
        reference = self.references(main_version(rows)) if enough else None
        capture = self.case.serving.capture
        facts = Facts(
            name=self.case.name,
            positive=self.case.labels.positive,
            created=self.now,
            redacted=capture.redact,
            dropped=capture.drop,
            damaged=tuple(self.damaged),
        )
        labelled = self._labelled(window.since, window.until) if rows.num_rows else None
        return check_window(window, rows, labelled, reference, monitoring, facts)

    def completed(self, known: Sequence[Verdict]) -> list[Verdict]:
        """Verdicts without performance whose windows have enough labels by now."""
        oldest = self.now - timedelta(
            hours=self.case.monitoring.window_h * (self.case.monitoring.max_windows + 1)
        )
        waiting = [each for each in known if each.performance is None and each.since >= oldest]
        if not waiting:
            return []
        ids = reading.feedback(self.captured, damaged=self.note)["request_id"].to_pylist()
        times = [_time(each) for each in ids]
        found = []
        for verdict in waiting:
            labels = sum(verdict.since <= time < verdict.until for time in times)
            if labels < self.case.monitoring.min_labelled:
                continue
            rows = self._labelled(verdict.since, verdict.until)
            if rows.num_rows >= self.case.monitoring.min_labelled:
                floors, positive = self.case.monitoring.floors, self.case.labels.positive
                performance = measure(rows, floors, positive)
                found.append(verdict.model_copy(update={"performance": performance}))
        return found

    def finish(self, checked: Checked, looked: Looked) -> Verdict:
        """Keep a verdict with its report, and tell who is to be told."""
        verdict, comparison = checked.verdict, checked.comparison
        if comparison is not None:
            looked.page = comparison.html()
        if self.dry_run:
            return verdict
        if comparison is not None and not verdict.provisional:
            name = name_of(verdict.since)
            self.store.write(f"{REPORTS}/{name}.html", looked.page.encode())
            if self.store.folder is not None:
                with self.store.explaining("written"):
                    add_to_workspace(self.store.folder / WORKSPACE, verdict.name, comparison)
        # First the record, then the alert: a window is told of twice rather than never.
        self.store.put(verdict)
        if verdict.provisional:
            return verdict
        told = tuple(each.partition(":")[2] for each in verdict.alerted)
        alert = alert_of(verdict, already=told)
        if alert is None:
            return verdict
        sent = send(alert, self.case.monitoring.alerts)
        looked.unsent += sent.failures
        noted = tuple(f"{channel}:{kind}" for channel in sent.told for kind in alert.kinds)
        verdict = verdict.model_copy(update={"alerted": (*verdict.alerted, *noted)})
        self.store.put(verdict)
        return verdict

    def _labelled(self, since: datetime, until: datetime) -> Any:
        columns = ("label", "score")
        return reading.labelled(self.captured, since, until, columns=columns, damaged=self.note)


def _time(request_id: str) -> datetime:
    return datetime.fromtimestamp(time_of(request_id.encode()) / 1e6, UTC)
