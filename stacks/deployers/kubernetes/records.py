"""What a cluster remembers of a use case's releases, in a ConfigMap.

Writing it is the commit of a switch. `pending` is a switch that is under way: who finds one without
its owner brings it to an end.
"""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from stacks.deployers.kubernetes import names
from stacks.deployers.kubernetes.cluster import Cluster
from stacks.deployers.kubernetes.faults import Clash
from switchyard.errors import PlatformError
from switchyard.records import Record
from switchyard.serving.releases import Release

KEPT = 10
"""So many releases stay in the history."""

_KEY = "releases.json"

Manifest = dict[str, Any]


class Entry(Record):
    """A release that ran. since: ISO time of the switch to it."""

    release: Release
    since: str


class Running(Record):
    """A release, and the manifest of the Deployment that runs it."""

    release: Release
    since: str
    manifest: Manifest


class Releases(Record):
    """What should run, what ran before, what is being switched to.

    restarts: of its containers at the switch, which are not the release's; notes: of the switch.
    """

    current: Running | None = None
    previous: Release | None = None
    pending: Running | None = None
    history: tuple[Entry, ...] = ()
    restarts: int = 0
    stopped: bool = False
    notes: tuple[str, ...] = ()

    @property
    def serving(self) -> Running | None:
        """What answers clients; None when nothing does."""
        return None if self.stopped else self.current

    def switching(self, to: Running) -> Releases:
        """The same, on the way to a release."""
        return self.model_copy(update={"pending": to})

    def settled(self) -> Releases:
        """The same, with nothing under way."""
        return self.model_copy(update={"pending": None})

    def switched(self, to: Running, restarts: int, notes: tuple[str, ...]) -> Releases:
        """The state in which a release has taken over.

        The same one again (other settings) leaves what a rollback goes back to.
        """
        current = self.current
        again = current is None or current.release.bento == to.release.bento
        previous = self.previous if again or current is None else current.release
        entry = Entry(release=to.release, since=to.since)
        return Releases(
            current=to,
            previous=previous,
            history=(entry, *self.history)[:KEPT],
            restarts=restarts,
            notes=notes,
        )

    def ended(self) -> Releases:
        """The same, ended by a person."""
        return self.model_copy(update={"stopped": True, "pending": None})

    def begun(self) -> Releases:
        """The same, started again."""
        return self.model_copy(update={"stopped": False})


class Memory:
    """The records of one use case. A change fails when somebody else has changed them since."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        self._cluster = cluster
        self._name = name
        self._found: dict[str, Any] | None = None

    def read(self) -> Releases | None:
        """What is remembered; None when nothing was ever deployed."""
        self._found = self._cluster.get("ConfigMap", names.records(self._name))
        return None if self._found is None else parsed(self._found)

    def write(self, releases: Releases) -> Releases:
        """Remember this instead of what was read; PlatformError when that is not so any more."""
        text = releases.model_dump_json(indent=1)
        try:
            if self._found is None:
                made = self._manifest(text)
                if not self._cluster.create(made):
                    raise Clash("it was made meanwhile")
                self._found = self._cluster.get("ConfigMap", made["metadata"]["name"])
            else:
                self._found = self._cluster.replace({**self._found, "data": {_KEY: text}})
        except Clash as error:
            raise PlatformError(
                f"the records of '{self._name}' were changed by somebody else meanwhile: {error}; "
                "run the same command again"
            ) from error
        return releases

    def _manifest(self, text: str) -> dict[str, Any]:
        labels = names.labels(self._name, **{names.KIND: names.RELEASES})
        return {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": names.records(self._name), "labels": labels},
            "data": {_KEY: text},
        }


def every(cluster: Cluster) -> dict[str, Releases]:
    """The records of all use cases, by name."""
    found = cluster.list("ConfigMap", {names.PART_OF: names.MANAGER, names.KIND: names.RELEASES})
    known = {each["metadata"]["labels"][names.NAME]: parsed(each) for each in found}
    return {name: known[name] for name in sorted(known)}


def parsed(found: dict[str, Any]) -> Releases:
    """The records in a ConfigMap; PlatformError when they are broken."""
    name = found["metadata"]["name"]
    try:
        return Releases.model_validate_json((found.get("data") or {})[_KEY])
    except (KeyError, ValidationError) as error:
        raise PlatformError(
            f"ConfigMap '{name}' does not say what is deployed: {error}; delete it, then deploy "
            "again"
        ) from error
