"""Files of this machine, put where steps that run on other machines find them."""

from __future__ import annotations

from typing import Any

from switchyard.configuration.model import Data, Source
from switchyard.data.sources import fetch
from switchyard.stores import NamedStore

FOLDER = "sources"


def sent(data: Data, store: str) -> Data:
    """The data with each local file replaced by its copy in `store`, pinned by its digest.

    store: an object-store URL. A copy is found again by its content; it keeps the name that
    reports have for the file. RequestError for a file that is not there; PlatformError when the
    store fails.
    """
    place = NamedStore(store, "the store of sources", "the stack's artifact store")
    return data.model_copy(
        update={
            "sources": tuple(_sent(each, data, place) for each in data.sources),
            "feedback": tuple(_sent(each, data, place) for each in data.feedback),
        }
    )


def _sent(source: Source, data: Data, place: NamedStore) -> Source:
    if "://" in source.location and not source.location.startswith("file:"):
        return source
    file = fetch(source, data)
    name = f"{FOLDER}/{file.sha256}/{file.path.name}"
    with place.explaining("written"):
        target = f"{place.root}/{name}"
        if not _is_there(place.files, target, file.path.stat().st_size):
            place.files.put_file(str(file.path), target)
    return source.model_copy(
        update={
            "location": f"{place.location.rstrip('/')}/{name}",
            "sha256": file.sha256,
            "name": file.name,
        }
    )


def _is_there(files: Any, path: str, size: int) -> bool:
    """Whether a whole file of that size is there: an upload that was cut off shows none."""
    try:
        return int(files.info(path)["size"]) == size
    except FileNotFoundError:
        return False
