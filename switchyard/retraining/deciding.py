"""The decision to train again: a pure function of what was seen, with its reasons in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from switchyard.configuration.loop import Retraining
from switchyard.monitoring.results import Verdict
from switchyard.monitoring.windows import name_of
from switchyard.records import Record


class RetrainingDecision(Record):
    """Whether to train again, and why; when it says no, each reason is a condition that fails."""

    retrain: bool
    reasons: tuple[str, ...]

    @property
    def summary(self) -> str:
        """One sentence."""
        head = "a retraining starts" if self.retrain else "no retraining"
        return f"{head}: {'; '.join(self.reasons)}"


def decide(
    verdicts: Sequence[Verdict],
    policy: Retraining,
    *,
    now: datetime,
    last_started: datetime | None,
    running: bool,
    new_labelled: int,
    running_since: datetime | None = None,
    obstacle: str = "",
) -> RetrainingDecision:
    """Retrain when the windows call for it and nothing stands against it.

    They call for it when `drifted_windows` of the last `of_windows` complete windows drifted, or
    the newest one with enough labels is below a floor. Only windows that began after the last
    retraining started count: earlier ones judged a model that has had its chance. One that is not
    over yet was judged while the clock was ahead, and counts for nothing. new_labelled:
    rows that came after it; obstacle: a sentence about what makes training on captured rows
    impossible. Times have zones.
    """
    told = over(verdicts, now)
    last = _sensible(last_started, now)
    recent = sorted(
        (each for each in told if last is None or each.since >= last),
        key=lambda each: (each.since, each.until),
    )
    called, why = _called_for(recent, policy, earlier=len(told) - len(recent))
    against = _against(policy, now, last_started, last, running, running_since, obstacle)
    if called and new_labelled < policy.min_labelled:
        against.append(
            f"only {new_labelled:,} new labels, {policy.min_labelled:,} are needed "
            "(retraining.min_labelled): there is nothing new to learn from"
        )
    if not called:
        return RetrainingDecision(retrain=False, reasons=(*why, *against))
    if against:
        return RetrainingDecision(retrain=False, reasons=(*against, *(f"though {w}" for w in why)))
    return RetrainingDecision(retrain=True, reasons=(*why, f"{new_labelled:,} new labels"))


def over(verdicts: Sequence[Verdict], now: datetime) -> list[Verdict]:
    """The verdicts of windows that are over, without those that are dated later than now."""
    return [
        each
        for each in verdicts
        if not each.provisional and each.until <= now and each.created <= now
    ]


def _sensible(last_started: datetime | None, now: datetime) -> datetime | None:
    """The start of the last retraining; now at the latest, for the clock may have been set back."""
    return None if last_started is None else min(last_started, now)


def _called_for(
    recent: Sequence[Verdict], policy: Retraining, *, earlier: int
) -> tuple[bool, list[str]]:
    since = " since the last retraining" if earlier else ""
    counted = [each for each in recent if each.status != "too-few-rows"]
    window = counted[-policy.of_windows :]
    drifted = [each for each in window if each.status == "drifted"]
    enough = len(drifted) >= policy.drifted_windows
    told = (
        f"{len(drifted)} of the last {len(window)} windows{since} drifted"
        if window
        else f"no complete window{since} has rows enough to be judged"
    )
    why = []
    if enough:
        names = ", ".join(name_of(each.since) for each in drifted)
        why.append(f"{told} ({names}), {policy.drifted_windows} suffice")
    measured = [each for each in recent if each.performance is not None]
    lost = measured[-1] if measured and measured[-1].lost_performance else None
    if lost is not None:
        why.append(f"window {name_of(lost.since)}: {_below(lost)}")
    if why:
        return True, why
    performance = (
        f"performance of window {name_of(measured[-1].since)} holds its floors"
        if measured
        else "no window has labels enough to measure performance"
    )
    needed = f"{policy.drifted_windows} {'are' if window else 'drifted ones are'} needed"
    return False, [f"{told}, {needed}", performance]


def _against(
    policy: Retraining,
    now: datetime,
    last_started: datetime | None,
    last: datetime | None,
    running: bool,
    running_since: datetime | None,
    obstacle: str,
) -> list[str]:
    against = []
    if not policy.enabled:
        against.append("retraining is switched off (retraining.enabled)")
    if running:
        since = f" since {_told(running_since)}" if running_since else ""
        against.append(f"a retraining has been running{since}")
    if last is not None and last_started is not None:
        end = last + timedelta(hours=policy.cooldown_h)
        if now < end:
            ahead = (
                f"the last one is dated {_told(last_started)}, which is yet to come: the clock was "
                "set back, so that it counts as of now; "
                if last_started > now
                else ""
            )
            against.append(f"{ahead}cool-down until {_told(end)}")
    if obstacle:
        against.append(obstacle)
    return against


def _below(verdict: Verdict) -> str:
    performance = verdict.performance
    if performance is None:
        return ""
    told = ", ".join(f"{name} {performance.metrics[name]:.3f}" for name in performance.below_floor)
    return f"{told} on {performance.rows:,} labels is below its floor"


def _told(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
