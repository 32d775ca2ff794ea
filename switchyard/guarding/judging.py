"""The judgement on a deployed version: a pure function of what its service counted."""

from __future__ import annotations

import math

from switchyard.configuration.loop import Guard
from switchyard.records import Record

_SURE = 2.5
"""Standard errors beyond which chance does not explain a loss.

More than for one look: each run of a day looks anew, and of a hundred versions that are as good as
the one before at most one may be taken back.
"""


class Labelled(Record):
    """Answers whose true label is known, and how many of them were right."""

    rows: int = 0
    right: int = 0

    @property
    def accuracy(self) -> float | None:
        """The share of right ones; None without any."""
        return self.right / self.rows if self.rows else None

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's interval of the accuracy: what chance may have made of it."""
        if not self.rows:
            return 0.0, 1.0
        square, share = _SURE**2, self.right / self.rows
        middle = share + square / (2 * self.rows)
        spread = _SURE * math.sqrt(
            share * (1 - share) / self.rows + square / (4 * self.rows * self.rows)
        )
        whole = 1 + square / self.rows
        return max(0.0, (middle - spread) / whole), min(1.0, (middle + spread) / whole)


class Errors(Record):
    """Predicted numbers whose true one is known: how far they lie from it.

    mean, variance: of the absolute errors. skipped: rows whose label or prediction is no
    number, or whose label cannot be true.
    """

    rows: int = 0
    mean: float = 0.0
    variance: float = 0.0
    skipped: int = 0

    @property
    def known(self) -> str:
        """The rows in words."""
        if not self.skipped:
            return f"{self.rows:,} labels"
        more = f"{self.skipped:,} that are no numbers, or cannot be true, were skipped"
        return f"{self.rows:,} labels ({more})"


class Live(Record):
    """What a version's service has counted since its start, and what feedback says of it.

    errors: answers 500 and above; slow: the slowest are beyond the last bound that is counted,
    which p99_ms then is; None where nothing is known of times. down: it does not answer; restarts:
    of its crashed workers; unsupervised: what kept it running is gone.
    """

    requests: int = 0
    errors: int = 0
    p99_ms: float | None = None
    slow: bool = False
    down: bool = False
    unsupervised: bool = False
    restarts: int = 0
    labelled: Labelled | Errors = Labelled()


class GuardVerdict(Record):
    """Whether to roll back, and what was seen; `failed` are the sentences that call for it."""

    roll_back: bool
    failed: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()

    @property
    def reasons(self) -> tuple[str, ...]:
        """What called for a roll-back, else all that was seen."""
        return self.failed or self.seen


def judge(live: Live, before: Labelled | Errors, guard: Guard) -> GuardVerdict:
    """Roll back when errors, latency or accuracy are beyond their bounds and rows are enough.

    A version that does not answer, or crashes again and again, goes without rows. before: the
    answers of the version before, of the same kind. Accuracy, or the absolute error of predicted
    numbers, is beyond its bound when chance does not explain it either.
    """
    failed: list[str] = []
    seen: list[str] = []
    if not guard.enabled:
        return GuardVerdict(roll_back=False, seen=("the guard is switched off (guard.enabled)",))
    _judge_health(live, guard, failed, seen)
    if live.requests < guard.min_requests:
        seen.append(
            f"{live.requests:,} requests so far, {guard.min_requests:,} are needed to judge errors "
            "and latency"
        )
    else:
        share = live.errors / live.requests
        told = f"{live.errors:,} of {live.requests:,} answers ({share:.2%}) are errors"
        _sort(share > guard.max_error_share, told, f"{guard.max_error_share:.2%}", failed, seen)
        if live.slow:
            last = "" if live.p99_ms is None else f" of {live.p99_ms:,.0f} ms"
            told = f"1 of 100 answers took longer than the service's longest bound{last}"
            beyond = live.p99_ms is None or live.p99_ms >= guard.max_p99_ms
            _sort(beyond, told, f"{guard.max_p99_ms:g} ms", failed, seen)
        elif live.p99_ms is not None:
            told = f"99 of 100 answers come within {live.p99_ms:,.1f} ms"
            _sort(live.p99_ms > guard.max_p99_ms, told, f"{guard.max_p99_ms:g} ms", failed, seen)
    if isinstance(live.labelled, Labelled) and isinstance(before, Labelled):
        _judge_accuracy(live.labelled, before, guard, failed, seen)
    elif isinstance(live.labelled, Errors) and isinstance(before, Errors):
        _judge_errors(live.labelled, before, guard, failed, seen)
    return GuardVerdict(roll_back=bool(failed), failed=tuple(failed), seen=tuple(seen))


def _judge_accuracy(
    live: Labelled, before: Labelled, guard: Guard, failed: list[str], seen: list[str]
) -> None:
    if live.accuracy is None or live.rows < guard.min_labelled:
        seen.append(
            f"{live.rows:,} labels so far, {guard.min_labelled:,} are needed to judge accuracy"
        )
        return
    if before.accuracy is None or before.rows < guard.min_labelled:
        seen.append(
            f"accuracy {live.accuracy:.3f} on {live.rows:,} labels; the version before has "
            f"{before.rows:,} to compare with, {guard.min_labelled:,} are needed"
        )
        return
    told = (
        f"accuracy {live.accuracy:.3f} on {live.rows:,} labels, the version before had "
        f"{before.accuracy:.3f} on {before.rows:,}"
    )
    beyond = _least_loss(before, live) > guard.max_accuracy_drop
    if not beyond and before.accuracy - live.accuracy > guard.max_accuracy_drop:
        seen.append(f"{told}: more than {guard.max_accuracy_drop:g} lost, but within chance")
        return
    _sort(beyond, told, f"a loss of {guard.max_accuracy_drop:g}", failed, seen)


def _judge_errors(
    live: Errors, before: Errors, guard: Guard, failed: list[str], seen: list[str]
) -> None:
    needed = max(2, guard.min_labelled)
    if live.rows < needed:
        seen.append(f"{live.known} so far, {needed:,} are needed to judge predictions")
        return
    if before.rows < needed:
        seen.append(
            f"mean absolute error {live.mean:.4g} on {live.known}; the version before has "
            f"{before.rows:,} to compare with, {needed:,} are needed"
        )
        return
    told = (
        f"mean absolute error {live.mean:.4g} on {live.known}, the version before had "
        f"{before.mean:.4g} on {before.known}"
    )
    beyond = _least_growth(live, before, guard.max_error_growth) > 0
    if not beyond and live.mean > before.mean * (1.0 + guard.max_error_growth):
        seen.append(
            f"{told}: more than {guard.max_error_growth:.0%} of it has come on, but within chance"
        )
        return
    _sort(beyond, told, f"a growth of {guard.max_error_growth:.0%}", failed, seen)


def _least_growth(live: Errors, before: Errors, allowed: float) -> float:
    """The lower end of Welch's interval: how much the error exceeds what is allowed at the least.

    allowed: share by which it may be above that of the version before. Neither mean is exact.
    """
    from scipy.special import ndtr, stdtrit

    factor = 1.0 + allowed
    parts = live.variance / live.rows, factor**2 * before.variance / before.rows
    spread = sum(parts)
    excess = live.mean - factor * before.mean
    if spread == 0.0:
        return excess
    freedom = spread**2 / (parts[0] ** 2 / (live.rows - 1) + parts[1] ** 2 / (before.rows - 1))
    return excess - float(stdtrit(freedom, ndtr(_SURE))) * math.sqrt(spread)


def _least_loss(before: Labelled, live: Labelled) -> float:
    """The lower end of Newcombe's interval of a difference: neither accuracy is exact."""
    lost = (before.accuracy or 0.0) - (live.accuracy or 0.0)
    below = (before.accuracy or 0.0) - before.interval[0]
    above = live.interval[1] - (live.accuracy or 0.0)
    return lost - math.hypot(below, above)


def _judge_health(live: Live, guard: Guard, failed: list[str], seen: list[str]) -> None:
    told = f"its workers crashed {live.restarts:,} times"
    if live.restarts > guard.max_restarts:
        failed.append(f"{told}; {guard.max_restarts:,} are allowed")
    elif live.restarts:
        seen.append(f"{told}; {guard.max_restarts:,} are allowed")
    if live.down and not live.unsupervised:
        failed.append(f"it has not answered for {guard.max_down_s:g} s")


def _sort(beyond: bool, told: str, allowed: str, failed: list[str], seen: list[str]) -> None:
    (failed if beyond else seen).append(f"{told}; {allowed} {'is' if beyond else 'are'} allowed")
