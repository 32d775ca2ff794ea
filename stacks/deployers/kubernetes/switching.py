"""From one release to another: the candidate is tried, then the stable pods are replaced.

    candidate     made ── ready ── smoke test ── (canary) ─┐ its pod is the first new one
    stable        ═══════ old ═════════════════════════════╪ new, pod by pod ═════

Until the smoke test is passed nothing that serves is touched. When the new pods do not become ready
after it, the old template comes back.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from stacks.deployers.kubernetes import comparing, names
from stacks.deployers.kubernetes.joining import join
from stacks.deployers.kubernetes.leases import LeaseLost
from stacks.deployers.kubernetes.manifests import companions, request_key, surroundings
from stacks.deployers.kubernetes.reaching import reached
from stacks.deployers.kubernetes.rollouts import RolloutFailed
from stacks.deployers.kubernetes.tracks import Tracks
from switchyard.errors import PlatformError, SwitchyardError
from switchyard.serving import trials
from switchyard.serving.releases import Release

Object = dict[str, Any]
Smoke = Callable[[str], None]

ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
"""Where an object store answers that is not Amazon's."""

log = logging.getLogger("switchyard.deployers")


def prepare(tracks: Tracks) -> None:
    """Make what must be there before any pod is."""
    wanted = tracks.wanted
    tracks.cluster.create(request_key(wanted.name))
    # Pods get the endpoint from a Secret, which is not for reading: it is the same here.
    endpoints = [os.environ.get(each, "") for each in ENDPOINTS]
    places = (wanted.serving.jobs.queue or wanted.options.queue, *endpoints)
    for manifest in surroundings(wanted.name, wanted.options, places):
        tracks.apply(manifest)


@contextmanager
def candidate(tracks: Tracks, smoke: Smoke) -> Iterator[str]:
    """A candidate that has passed its smoke test, inside the block; gone after it.

    Yields the word that ends its trial. Errors of `smoke` are raised again; PlatformError when the
    candidate does not become ready.
    """
    word = trials.new_word()
    try:
        tracks.roll(names.CANDIDATE, trial=trials.digest_of(word), replicas=1)
        with reached(tracks.cluster, tracks.pods(names.CANDIDATE)[0]) as url:
            smoke(url)
        yield word
    finally:
        tracks.discard()


def compare(tracks: Tracks, before: Release) -> None:
    """The canary, where the stack's file wants one; GateRefused when the candidate is worse."""
    if tracks.wanted.options.canary.share:
        comparing.agree(tracks, before)
        comparing.share_requests(tracks, before)


def promote(tracks: Tracks, old: Object | None, word: str) -> None:
    """Replace the stable pods.

    old: the manifest that ran before, which comes back when the new pods do not become ready; None
    where nothing ran: then nothing is left. PlatformError in either case. word: ends the trial of
    the candidate, whose pod becomes one of them.
    """
    try:
        tracks.roll(names.STABLE, begun=lambda stable: join(tracks, stable, word))
    except LeaseLost:
        raise  # the cluster is another's now
    except SwitchyardError as error:
        log.warning("the switch is undone: %s", error)
        if old is None:
            tracks.cluster.delete("Deployment", names.deployment(tracks.wanted.name, names.STABLE))
            raise
        try:
            tracks.settle(old)  # of its pods no more have gone than new ones had come
        except RolloutFailed as missing:
            raise PlatformError(
                f"{error}. The release before comes back, but not all of its pods have: {missing}"
            ) from error
        raise PlatformError(f"{error}. The release before has all requests again") from error


def attend(tracks: Tracks) -> None:
    """Make what looks after the stable pods; what is not wanted any more goes."""
    name, options = tracks.wanted.name, tracks.wanted.options
    for manifest in companions(name, options):
        tracks.apply(manifest)
    if not options.autoscaling.enabled:
        tracks.cluster.delete("HorizontalPodAutoscaler", name)
    if not options.ingress.host:
        tracks.cluster.delete("Ingress", name)
