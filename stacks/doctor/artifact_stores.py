"""Artifact stores: an object is written, read back and deleted."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from typing import Any

import requests

from stacks.doctor.components import Examined
from stacks.doctor.findings import Finding, Told
from stacks.doctor.reaching import check_clock, is_loopback
from switchyard.data.sources import shown
from switchyard.errors import innermost


def check_store(examined: Examined) -> Iterator[Finding]:
    """Any artifact store, through ZenML's own component."""
    told = Told(examined.kind)
    place = shown(str(examined.model.configuration.get("path") or examined.name))
    try:
        store = examined.opened()
        place = shown(store.path)  # a local one makes it
        _round_trip(store)
    except KeyError:  # a secret that ZenML does not have: told of where it is called from
        raise
    except Exception as error:  # noqa: BLE001  each kind of store raises its own library's
        cause = error.__cause__ or error
        yield told.wrong(
            f"'{place}' cannot be written and read: {type(cause).__name__}: {cause}",
            _advice(examined.flavour),
        )
        return
    yield told.ok(f"'{place}' keeps an object: written, read back, deleted")


def check_s3(examined: Examined) -> Iterator[Finding]:
    """An S3 store: that its endpoint answers, and its clock, before what `check_store` does."""
    told = Told(examined.kind)
    settings = examined.opened().config
    endpoint = (settings.client_kwargs or {}).get("endpoint_url")
    if endpoint:
        if examined.remote and is_loopback(endpoint):
            yield told.wrong(
                f"the endpoint {endpoint} is another machine to the pods of a cluster",
                "take an address that pods reach, too, for AWS_ENDPOINT_URL_S3, and apply the "
                "stack's file again",
            )
        try:
            headers = requests.head(endpoint, timeout=10).headers
        except requests.RequestException as error:
            yield told.wrong(
                f"the endpoint {endpoint} does not answer: {innermost(error)}",
                "start it, or correct client_kwargs.endpoint_url and apply the file again",
            )
            return
        yield from check_clock(told, "the object store", headers)
    yield from check_store(examined)


def _round_trip(store: Any) -> None:
    """Write, read back and delete a small object below the store's path."""
    path = f"{store.path.rstrip('/')}/.doctor-{uuid.uuid4().hex}"
    content = os.urandom(64)
    if "://" not in store.path:  # elsewhere it might make the bucket that is missing
        store.makedirs(store.path)
    with store.open(path, "wb") as file:
        file.write(content)
    try:
        with store.open(path, "rb") as file:
            found = file.read()
        if found != content:
            raise OSError(f"what was read back is not what was written ({len(found)} bytes)")
    finally:
        store.remove(path)
    if store.exists(path):
        raise OSError("what was deleted is still there")


def _advice(flavour: str) -> str:
    if flavour == "s3":
        return (
            "look whether the bucket exists, and whether `zenml secret get` of the stack's secret "
            "has a key that may write there"
        )
    return "make the folder writable, and look whether its disk is full"
