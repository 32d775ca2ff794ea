"""One registry, asked by HTTP; whoever asks is logged in where the registry wants that."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urljoin

import requests

from stacks.registries.logins import HUB
from stacks.registries.references import is_insecure

_SERVED_AT = {HUB: "registry-1.docker.io"}
_PARAMETER = re.compile(r'(\w+)="([^"]*)"')


class Host:
    """A registry. login: user and password, where there are any; timeout_s: to connect, to answer.

    Failures of the network are those of `requests`.
    """

    def __init__(
        self,
        name: str,
        login: tuple[str, str] | None,
        timeout_s: tuple[float, float] = (20.0, 60.0),
    ) -> None:
        insecure = is_insecure(name)
        self._root = f"{'http' if insecure else 'https'}://{_SERVED_AT.get(name, name)}"
        self._login = login
        self._timeout_s = timeout_s
        self._session = requests.Session()
        self._session.trust_env = not insecure  # no proxy stands before this machine

    def ask(self, method: str, path: str, **how: Any) -> requests.Response:
        """An answer, to a path or to a URL that the registry gave; asked again after a login."""
        url = urljoin(self._root, path)
        answer = self._session.request(method, url, timeout=self._timeout_s, **how)
        if answer.status_code == 401 and self._sign_in(answer):
            answer = self._session.request(method, url, timeout=self._timeout_s, **how)
        return answer

    def _sign_in(self, refused: requests.Response) -> bool:
        """Do what the registry's challenge says; False where it cannot be done."""
        kind, _, wants = refused.headers.get("WWW-Authenticate", "").partition(" ")
        if kind.lower() == "basic" and self._login:
            self._session.auth = self._login
            return True
        asked = dict(_PARAMETER.findall(wants))
        realm = asked.pop("realm", "")
        if kind.lower() != "bearer" or not realm:
            return False
        with requests.Session() as issuer:  # it gets the login, the registry the token
            issuer.trust_env = self._session.trust_env
            answer = issuer.get(realm, params=asked, auth=self._login, timeout=self._timeout_s)
        if answer.status_code != 200:
            return False
        given = answer.json()
        token = given.get("token") or given.get("access_token")
        self._session.headers["Authorization"] = f"Bearer {token}"
        return True
