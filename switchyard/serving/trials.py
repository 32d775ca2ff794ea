"""The end of a trial: who finds a pod good tells it so, by a word that nobody else has.

A pod on trial knows the word's digest, which may stand in its manifest.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

PATH = "/trial/passed"
"""Where the word is sent to, by POST, as the bearer's token."""

DIGEST, KEPT = "SWITCHYARD_TRIAL_SHA256", "SWITCHYARD_TRIAL_PASSED"
"""Variables of a process on trial: the digest, and the file in which it keeps that it has passed,
for it may be started again."""


def new_word() -> str:
    """A word for one trial."""
    return secrets.token_urlsafe(32)


def digest_of(word: str) -> str:
    """What a process on trial is given."""
    return hashlib.sha256(word.encode()).hexdigest()


def is_word(word: str, digest: str) -> bool:
    """Whether it is the word of that digest."""
    return hmac.compare_digest(digest_of(word), digest)
