"""One namespace of a cluster, spoken to in plain dictionaries."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from stacks.deployers.kubernetes.asking import PAUSE_S, Object, Refused
from stacks.deployers.kubernetes.faults import Clash, Missing, refused
from stacks.deployers.kubernetes.inside import Inside
from stacks.deployers.kubernetes.names import MANAGER, query
from stacks.deployers.kubernetes.ownership import without

_APPLY = "application/apply-patch+yaml"
_MERGE = "application/merge-patch+json"


class Applied(NamedTuple):
    """What became of a manifest. left: fields that others have set and keep, and who they are."""

    object: Object
    left: tuple[tuple[str, str], ...] = ()


class Cluster(Inside):
    """The objects of one namespace, and its pods; asked as `Asking` says."""

    def get(self, kind: str, name: str) -> Object | None:
        """An object; None when there is none."""
        try:
            return self._object("GET", self._path(kind, name), f"read {kind} '{name}'")
        except Missing:
            return None

    def list(self, kind: str, labels: Mapping[str, str]) -> list[Object]:
        """All objects with these labels."""
        found = self._object(
            "GET", self._path(kind), f"list {kind}s", parameters={"labelSelector": query(labels)}
        )
        return list(found.get("items") or ())

    def apply(self, manifest: Object, must: Callable[[str], bool] | None = None) -> Applied:
        """Make the object what the manifest says; its other fields are left as they are.

        Fields of the manifest that somebody else has set stay theirs and are named in the result,
        but Clash where `must` says of a field's path that it has to be the manifest's.
        """
        kind, name = manifest["kind"], manifest["metadata"]["name"]
        left: tuple[tuple[str, str], ...] = ()
        wanted = manifest
        while True:
            try:
                return Applied(self._apply(wanted, kind, name), left)
            except Clash as clash:
                theirs = clash.owned
                if not theirs or (must is not None and any(must(path) for path, _ in theirs)):
                    raise
                wanted, before = without(wanted, [path for path, _ in theirs]), wanted
                if wanted == before:
                    raise
                left += theirs

    def _apply(self, manifest: Object, kind: str, name: str) -> Object:
        return self._object(
            "PATCH",
            self._path(kind, name),
            f"apply {kind} '{name}'",
            manifest,
            content=_APPLY,
            parameters={"fieldManager": MANAGER, "fieldValidation": "Strict"},
        )

    def create(self, manifest: Object) -> bool:
        """Make an object; False when it is there already."""
        kind, name = manifest["kind"], manifest["metadata"]["name"]
        try:
            self._object(
                "POST",
                self._path(kind),
                f"create {kind} '{name}'",
                manifest,
                parameters={"fieldManager": MANAGER, "fieldValidation": "Strict"},
            )
        except Clash:
            return False
        return True

    def replace(self, manifest: Object) -> Object:
        """Replace an object as it was read; Clash when somebody has changed it since."""
        kind, name = manifest["kind"], manifest["metadata"]["name"]
        return self._object(
            "PUT",
            self._path(kind, name),
            f"update {kind} '{name}'",
            manifest,
            parameters={"fieldManager": MANAGER},
        )

    def merge(self, kind: str, name: str, change: Object, manager: str) -> Object:
        """Change some fields of an object, in the name of `manager`."""
        return self._object(
            "PATCH",
            self._path(kind, name),
            f"patch {kind} '{name}'",
            change,
            content=_MERGE,
            parameters={"fieldManager": manager},
        )

    def delete(self, kind: str, name: str) -> bool:
        """Delete an object, and what belongs to it after it; False when there is none."""
        try:
            self._object(
                "DELETE",
                self._path(kind, name),
                f"delete {kind} '{name}'",
                {"propagationPolicy": "Background"},
            )
        except Missing:
            return False
        return True

    def changes(self, kind: str, name: str, since: str, for_s: int) -> Iterator[Object]:
        """An object's states after the version `since`, as they come, for a time.

        It ends early when the API server does; who needs the present state then reads it.
        """
        parameters = {
            "watch": "1",
            "fieldSelector": f"metadata.name={name}",
            "resourceVersion": since,
            "timeoutSeconds": str(for_s),
        }
        import urllib3

        try:
            answer = self._send("GET", self._path(kind), parameters=parameters, answer_s=for_s + 5)
            with answer:
                for line in _lines(answer):
                    event = json.loads(line)
                    if event["type"] == "ERROR":  # the version is too old by now
                        return
                    yield event["object"]
        except Refused as error:
            if error.refusal.status in (401, 403):
                raise refused(error.refusal, f"watch {kind} '{name}'", self.place) from error
            time.sleep(PAUSE_S)
        except (urllib3.exceptions.HTTPError, ValueError):
            time.sleep(PAUSE_S)


def _lines(answer: Any) -> Iterator[bytes]:
    """The lines of an answer as they arrive."""
    rest = b""
    for piece in answer.stream(amt=None, decode_content=False):
        *whole, rest = (rest + piece).split(b"\n")
        yield from (line for line in whole if line)
