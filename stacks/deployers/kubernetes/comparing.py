"""Compare a candidate on the cluster with what serves, before it gets all requests."""

from __future__ import annotations

import time

from stacks.deployers.kubernetes import canaries, names
from stacks.deployers.kubernetes.reaching import reached
from stacks.deployers.kubernetes.rows import answers, known_rows
from stacks.deployers.kubernetes.tracks import Tracks, counts
from switchyard.errors import GateRefused
from switchyard.serving.releases import Release

_LOOK_S = 2.0


def agree(tracks: Tracks, before: Release) -> None:
    """Ask the candidate what the release before was tried with; GateRefused if too much differs.

    It is on trial: what it is asked is not recorded.
    """
    wanted = tracks.wanted.options.canary
    if not wanted.min_agreement:
        return
    known = known_rows(before)
    with reached(tracks.cluster, tracks.pods(names.CANDIDATE)[0]) as url:
        share = canaries.agreement(known, answers(url, known))
    told = canaries.disagreement(share, len(known), wanted)
    if told:
        raise GateRefused(f"canary: {told}")
    tracks.notes.append(f"the candidate answers {share:.0%} of {len(known)} known rows alike")


def share_requests(tracks: Tracks, before: Release) -> None:
    """Give the candidate its share of the requests for a time; GateRefused as soon as it is worse.

    Its pods are new ones: those on trial count and record nothing.
    """
    wanted = tracks.wanted.options.canary
    stable = tracks.pods(names.STABLE)
    first = counts(tracks.cluster, stable)
    tracks.roll(names.CANDIDATE, replicas=canaries.pods_for(wanted.share, len(stable)))
    ends = time.monotonic() + wanted.watch_s
    while True:
        time.sleep(min(_LOOK_S, max(0.0, ends - time.monotonic())))
        tracks.lease.check()
        found = canaries.compare(
            canaries.grown((), _counted(tracks, names.CANDIDATE), tracks.wanted.release),
            canaries.grown(first, _counted(tracks, names.STABLE), before),
            wanted,
        )
        if found.failed:
            raise GateRefused(f"canary: {'; '.join(found.failed)}")
        if time.monotonic() >= ends:
            tracks.notes.extend(found.notes)
            return


def _counted(tracks: Tracks, track: str) -> list[str]:
    return counts(tracks.cluster, tracks.pods(track))
