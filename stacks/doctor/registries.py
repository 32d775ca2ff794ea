"""Container registries: they answer, an upload can be begun, and they have the steps' image."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urljoin

import requests

from stacks.doctor.components import Examined
from stacks.doctor.findings import Finding, Told
from stacks.doctor.reaching import innermost
from stacks.images.contents import reference
from stacks.images.registries import digest_of, is_insecure
from switchyard.errors import SwitchyardError

PROBE = "switchyard/doctor"
_TIMEOUT = (5.0, 15.0)
_PARAMETER = re.compile(r'(\w+)="([^"]*)"')


class Registry:
    """A registry's HTTP interface (OCI distribution), with a login where one is given."""

    def __init__(self, host: str, login: tuple[str, str] | None, *, plain: bool) -> None:
        self._base = f"{'http' if plain else 'https'}://{host}"
        self._login = login
        self._session = requests.Session()

    def ask(self, method: str, path: str) -> requests.Response:
        """An answer; asked again with what the registry wants to see, if it says so."""
        url = urljoin(self._base, path)
        answer = self._session.request(method, url, timeout=_TIMEOUT)
        if answer.status_code != 401:
            return answer
        kind, _, wants = answer.headers.get("WWW-Authenticate", "").partition(" ")
        if kind.lower() == "bearer":
            self._session.headers["Authorization"] = f"Bearer {self._token(wants)}"
        elif self._login:
            self._session.auth = self._login
        return self._session.request(method, url, timeout=_TIMEOUT)

    def _token(self, wants: str) -> str:
        """A token of the service that the registry names, for what it says is needed."""
        asked = dict(_PARAMETER.findall(wants))
        realm = asked.pop("realm", "")
        answer = requests.get(realm, params=asked, auth=self._login, timeout=_TIMEOUT)
        answer.raise_for_status()
        given = answer.json()
        return str(given.get("token") or given.get("access_token") or "")


def check_registry(examined: Examined) -> Iterator[Finding]:
    """A container registry, as whoever pushes images finds it."""
    told = Told(examined.kind)
    component = examined.opened()
    uri = str(component.config.uri).partition("://")[2] or str(component.config.uri)
    host, _, prefix = uri.partition("/")
    login = component.credentials
    registry = Registry(host, login, plain=is_insecure(host))
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
