"""Container registries: they answer, an upload can be begun, and they have the steps' image."""

from __future__ import annotations

from collections.abc import Iterator

import requests

from stacks.doctor.components import Examined
from stacks.doctor.findings import Finding, Told
from stacks.images.contents import reference
from stacks.registries.asking import Host
from stacks.registries.client import digest_of
from switchyard.errors import SwitchyardError, innermost

PROBE = "switchyard/doctor"
_TIMEOUT_S = (5.0, 15.0)


def check_registry(examined: Examined) -> Iterator[Finding]:
    """A container registry, as whoever pushes images finds it."""
    told = Told(examined.kind)
    component = examined.opened()
    uri = str(component.config.uri).partition("://")[2] or str(component.config.uri)
    host, _, prefix = uri.partition("/")
    registry = Host(host, component.credentials, _TIMEOUT_S)
    try:
        answer = registry.ask("GET", "/v2/")
        if answer.status_code != 200:
            yield told.wrong(
                f"registry '{host}' answers {answer.status_code} to /v2/", _advice(examined, host)
            )
            return
        yield told.ok(f"registry '{host}' answers")
        repository = f"{prefix}/{PROBE}".lstrip("/")
        begun = registry.ask("POST", f"/v2/{repository}/blobs/uploads/")
        if begun.status_code != 202:
            yield told.wrong(
                f"no image can be pushed: registry '{host}' answers {begun.status_code} to an "
                f"upload to '{repository}'",
                _advice(examined, host),
            )
            return
        registry.ask("DELETE", begun.headers["Location"])
    except requests.RequestException as error:
        yield told.wrong(
            f"registry '{host}' cannot be asked: {innermost(error)}",
            f"start it, or {examined.update('uri', 'HOST')}",
        )
        return
    yield told.ok(f"an image can be pushed to '{uri}': an upload was begun and cancelled")
    yield from _image(told, uri)


def _image(told: Told, uri: str) -> Iterator[Finding]:
    """Whether it has the steps' image of today's code."""
    wanted = reference("steps", uri)
    try:
        found = digest_of(wanted)
    except SwitchyardError as error:
        yield told.note(f"the steps' image was not looked for: {error}")
        return
    if found is None:
        yield told.note(
            f"'{wanted}', the steps' image of this code, is not there: the next run makes it",
            "`uv run run.py image build steps`, on this stack, makes it now",
        )
    else:
        yield told.ok(f"'{wanted}' is there, the steps' image of this code")


def _advice(examined: Examined, host: str) -> str:
    return (
        f"log in by `docker login {host}`, or give the component a user: "
        f"{examined.update('username', '{{registry.username}}')} "
        "--password={{registry.password}}"
    )
