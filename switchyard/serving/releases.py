"""What is deployed, and what runs: records that every deployer speaks in."""

from __future__ import annotations

from switchyard.records import Record


class Release(Record):
    """A built Bento of one version of a use case's model.

    name: the use case; bento: its tag in BentoML's store; folder: what a service runs from, on the
    machine that built it; built: ISO time; archive: URL of the folder as a tar file, and the digest
    of that; image: one that holds the folder. Both are empty where services run on that machine.
    """

    name: str
    model_version: str
    bento: str
    folder: str
    content_sha256: str
    data_digest: str
    synthetic: bool
    built: str
    archive: str = ""
    archive_sha256: str = ""
    image: str = ""


class Deployment(Record):
    """A release that a deployer keeps running.

    since: ISO time of the switch to it; previous: what a rollback goes back to; healthy: it answers
    now; pid: the supervising process, None when there is none; restarts: of crashed workers since
    the switch; stopped: a person ended it; supervised: something is there that starts it again when
    it crashes; notes: what a person should know, in sentences.
    """

    release: Release
    url: str
    since: str
    previous: Release | None = None
    healthy: bool
    pid: int | None = None
    restarts: int = 0
    stopped: bool = False
    supervised: bool = True
    notes: tuple[str, ...] = ()
