"""Inputs and results of this machine when the steps that score run on others."""

from __future__ import annotations

import hashlib
import shutil
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from switchyard.inference.inputs import Inputs, find_inputs
from switchyard.inference.places import Place
from switchyard.inference.plans import Target, target_of
from switchyard.inference.results import Outcome

FOLDER = "inference"
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Sending:
    """Where steps read and write: `source` and `output` as URLs where they were paths of here.

    The same input and output have the same places, so that a run that was cut off is gone on with.
    """

    given_source: str
    given_output: str
    source: str
    output: str

    @classmethod
    def of(cls, store: str, source: str, output: str) -> Sending:
        """Upload what is of this machine to `store`, an object-store URL that both ends reach.

        Errors as of `find_inputs` and `Place`.
        """
        sent, kept = source, output
        mark = hashlib.sha256(f"{source}\n{output}".encode())
        if _is_local(source):
            inputs = find_inputs(source)
            for each in inputs.files:
                mark.update(f"\n{each.path}\n{each.mark}".encode())
            below = f"{store.rstrip('/')}/{FOLDER}/{mark.hexdigest()[:16]}"
            sent = _uploaded(inputs, Place(f"{below}/input", "--input"), source)
        if _is_local(output):
            target_of(output)  # refuses what can be no output before anything is scored
            below = f"{store.rstrip('/')}/{FOLDER}/{mark.hexdigest()[:16]}"
            ending = "/" if output.endswith("/") else ""
            kept = f"{below}/output/{PurePosixPath(output).name}{ending}"
        return cls(source, output, sent, kept)

    def fetched(self, outcome: Outcome) -> Outcome:
        """Bring the result here, and say where it is now; what was sent is deleted then."""
        if self.output != self.given_output:
            theirs, ours = target_of(self.output), target_of(self.given_output)
            if outcome.rejects:
                _copy(theirs, ours, theirs.rejects, ours.rejects)
            _copy_result(theirs, ours)
            outcome = replace(
                outcome,
                output=ours.place().told(ours.name),
                rejects=ours.place().told(ours.rejects) if outcome.rejects else "",
            )
            theirs.place().remove("")
        if self.source != self.given_source:
            base, found, _ = self.source.partition("/input/")
            if found:
                Place(base, "--input").remove("input")
        return outcome


def _is_local(location: str) -> bool:
    return "://" not in location or location.startswith("file:")


def _uploaded(inputs: Inputs, place: Place, source: str) -> str:
    """Copy the files; return what stands for `source` there."""
    paths = [PurePosixPath(each.path) for each in inputs.files]
    root = paths[0].parent
    while not all(path.is_relative_to(root) for path in paths):
        root = root.parent
    for each, path in zip(inputs.files, paths, strict=True):
        name = path.relative_to(root).as_posix()
        if not _is_there(place, name, each.size):
            with Path(each.path).open("rb") as read, place.writing(name) as written:
                shutil.copyfileobj(read, written, _BLOCK)
    if len(paths) == 1 and not source.endswith("/"):
        return f"{place.location}/{paths[0].name}"
    return f"{place.location}/"


def _is_there(place: Place, name: str, size: int) -> bool:
    with suppress(FileNotFoundError):
        return int(place.files.info(place.path(name))["size"]) == size
    return False


def _copy_result(theirs: Target, ours: Target) -> None:
    if not ours.is_folder:
        _copy(theirs, ours, theirs.name, ours.name)
        return
    for name in sorted(theirs.place().names(theirs.name)):
        _copy(theirs, ours, f"{theirs.name}/{name}", f"{ours.name}/{name}")


def _copy(theirs: Target, ours: Target, name: str, new_name: str) -> None:
    with theirs.place().open(name) as read, ours.place().writing(new_name) as written:
        shutil.copyfileobj(read, written, _BLOCK)
