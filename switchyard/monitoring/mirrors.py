"""Evidently's workspaces of object stores as one local folder, which its page can watch."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from switchyard.errors import PlatformError
from switchyard.monitoring.records import WORKSPACE, MonitoringStore
from switchyard.stores import written_locally

logger = logging.getLogger(__name__)

EVERY_S = 30.0
FOLDER = "monitoring"

Stores = Callable[[], Iterable[MonitoringStore]]
"""Asked anew at each look: use cases come and go."""


def stores_below(state: str) -> list[MonitoringStore]:
    """The stores of monitoring of all use cases whose services' state is below a place.

    state: as of the deployer; {state}/{use case}/monitoring are the stores.
    """
    names = MonitoringStore(state).listed("")
    return [MonitoringStore(f"{state.rstrip('/')}/{name}/{FOLDER}") for name in names]


class Mirror:
    """Keeps a folder like the workspaces of stores; projects have names of their own in both.

    The folder is the mirror's: what it copied and no workspace has any more is deleted from it.
    """

    def __init__(self, stores: Stores, folder: Path) -> None:
        self._stores, self._folder = stores, folder
        self._known: dict[Path, tuple[object, ...]] = {}

    def refresh(self) -> int:
        """Copy what is new or changed, each file whole, delete what is gone; how many that were.

        PlatformError when the store cannot be read; the folder then stays as it was.
        """
        there = {}
        for store in self._stores():
            for path, mark in _files(store):
                there[self._folder / path] = (store, path, mark)
        changed = [
            target for target, (_, _, mark) in there.items() if self._known.get(target) != mark
        ]
        for target in sorted(changed, key=self._order):
            store, path, mark = there[target]
            content = store.read(f"{WORKSPACE}/{path}")
            if content is None:  # deleted since it was listed
                continue
            draft = self._folder.with_name(f"{self._folder.name}.draft")
            with written_locally(target, draft) as stream:
                stream.write(content)
            self._known[target] = mark
        gone = [target for target in self._known if target not in there]
        for target in gone:
            target.unlink(missing_ok=True)
            del self._known[target]
        return len(changed) + len(gone)

    def _order(self, target: Path) -> tuple[bool, str]:
        """Descriptions of projects first: the page shows reports of projects that it knows."""
        return target.parent.parent != self._folder, target.name

    def run(self, ended: threading.Event, every_s: float = EVERY_S) -> None:
        """Refresh again and again until `ended`; a store that fails is told in the log."""
        while not ended.wait(every_s):
            try:
                self.refresh()
            except PlatformError as error:
                logger.warning("the page shows what it had: %s", error)


def _files(store: MonitoringStore) -> Iterable[tuple[str, tuple[object, ...]]]:
    """The files of a store's workspace, relative to it, and what changes when one does."""
    with store.explaining("read"):
        store.files.invalidate_cache()
        root = f"{store.root}/{WORKSPACE}/"
        for path, facts in store.files.find(root, detail=True).items():
            moment = facts.get("LastModified") or facts.get("mtime") or facts.get("created")
            yield str(path).removeprefix(root), (facts.get("ETag"), facts.get("size"), moment)
