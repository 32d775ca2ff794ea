"""The candidates of a use case that can be trained with what is installed."""

from __future__ import annotations

from switchyard.candidates.catalogue import find, installed
from switchyard.candidates.extras import EXTRA, missing_library
from switchyard.configuration.model import UseCase
from switchyard.errors import RequestError


def available(case: UseCase) -> tuple[UseCase, tuple[str, ...]]:
    """The use case without optional candidates whose library is missing, and a note for each.

    RequestError when a candidate that is not optional, or the one to serve, lacks its library, or
    when none would be left.
    """
    kept, notes = [], []
    for candidate in case.candidates:
        entry = find(candidate.estimator)
        if installed(entry):
            kept.append(candidate)
        elif not candidate.optional or case.serve == candidate.name:
            raise missing_library(f"candidate '{candidate.name}'", entry.library)
        else:
            notes.append(
                f"candidate '{candidate.name}' is left out: {entry.library} is not installed "
                f"(`uv sync --extra {EXTRA}` brings it)"
            )
    if not kept:
        raise RequestError(f"no candidate is left to train: {'; '.join(notes)}")
    if not notes:
        return case, ()
    return case.model_copy(update={"candidates": tuple(kept)}), tuple(notes)
