"""Is the candidate as good as what serves? Judged by what both say of their requests.

Pure functions of the texts of /metrics and of answers; nothing here asks a cluster.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from stacks.deployers.kubernetes.options import Canary
from switchyard.guarding.counting import live_of
from switchyard.guarding.judging import Live
from switchyard.records import Record
from switchyard.serving.releases import Release


class Comparison(Record):
    """What a canary came to. failed: why the candidate must not have all requests; notes: else."""

    failed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def pods_for(share: float, stable: int) -> int:
    """How many candidate pods get about `share` of the requests beside so many stable ones."""
    if share >= 1:
        return stable
    return max(1, round(stable * share / (1 - share)))


def grown(before: Sequence[str], after: Sequence[str], release: Release) -> Live:
    """What a release's pods have answered between two looks at them; times are those of all."""
    version = release.model_version
    first, last = _live(before, version), _live(after, version)
    return last.model_copy(
        update={
            "requests": max(0, last.requests - first.requests),
            "errors": max(0, last.errors - first.errors),
        }
    )


def compare(candidate: Live, stable: Live, wanted: Canary) -> Comparison:
    """Errors first; latency only when there were requests enough to speak of a percentile."""
    failed, notes = [], []
    of_candidate, of_stable = _share(candidate), _share(stable)
    seen = (
        f"of {candidate.requests:,} requests of the candidate {of_candidate:.2%} were errors, of "
        f"{stable.requests:,} of the stable pods {of_stable:.2%}"
    )
    if of_candidate > of_stable + wanted.max_error_growth:
        failed.append(f"{seen} (canary.max_error_growth: {wanted.max_error_growth:g})")
    if candidate.requests < wanted.min_requests:
        notes.append(
            f"the canary had {candidate.requests:,} requests, {wanted.min_requests:,} are needed "
            "to compare latency (canary.min_requests)"
        )
        return Comparison(failed=tuple(failed), notes=tuple(notes))
    notes.append(f"canary: {seen}")
    ours, theirs = candidate.p99_ms, stable.p99_ms
    if ours is not None and theirs and ours > theirs * wanted.max_latency_growth:
        failed.append(
            f"99 of 100 requests took the candidate up to {ours:.3g} ms and the stable pods up to "
            f"{theirs:.3g} ms (canary.max_latency_growth: {wanted.max_latency_growth:g})"
        )
    return Comparison(failed=tuple(failed), notes=tuple(notes))


def agreement(known: Sequence[Mapping[str, Any]], answered: Sequence[Mapping[str, Any]]) -> float:
    """The share of rows that are answered alike: the same label, or numbers within both intervals.

    known: rows with what the release before answers; answered: the candidate's predictions.
    """
    if not known:
        return 1.0
    alike = [_alike(old, new) for old, new in zip(known, answered, strict=True)]
    return sum(alike) / len(alike)


def disagreement(share: float, rows: int, wanted: Canary) -> str:
    """Why so little agreement is too little; '' when it is enough."""
    if share >= wanted.min_agreement:
        return ""
    return (
        f"the candidate answers {share:.0%} of {rows} known rows as the release before does "
        f"(canary.min_agreement: {wanted.min_agreement:g})"
    )


def _alike(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    if "label" in old or "label" in new:
        return bool(old.get("label") == new.get("label"))
    return _within(old["value"], new) and _within(new["value"], old)


def _within(value: float, other: Mapping[str, Any]) -> bool:
    low, high = other.get("low"), other.get("high")
    if low is None or high is None:
        return math.isclose(value, other["value"], rel_tol=0.05)
    return bool(low <= value <= high)


def _live(texts: Sequence[str], version: str) -> Live:
    return live_of(texts, version) or Live()


def _share(live: Live) -> float:
    return live.errors / live.requests if live.requests else 0.0
