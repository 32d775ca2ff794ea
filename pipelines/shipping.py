"""Files of this machine, for runs whose steps are on other machines."""

from __future__ import annotations

from stacks import orchestration
from switchyard.configuration.model import UseCase
from switchyard.data.sending import sent
from switchyard.inference.sending import Sending


def with_sources(case: UseCase) -> UseCase:
    """The use case with its local sources where steps find them; as it is where steps are here.

    Errors as of `sent`.
    """
    store = orchestration.store_of_pods()
    return case if store is None else case.model_copy(update={"data": sent(case.data, store)})


def files_to_score(source: str, output: str) -> Sending:
    """Where steps read and write; what is of this machine is uploaded where they are not here."""
    store = orchestration.store_of_pods()
    if store is None:
        return Sending(source, output, source, output)
    return Sending.of(store, source, output)
