"""What the local deployer does, without ZenML: it tells each use case's supervisor."""

from __future__ import annotations

import http.client
import logging
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from stacks.deployers.local import control, locks, logs, ports, states
from stacks.deployers.local.control import Control
from stacks.deployers.local.homes import Homes, absolute, home
from stacks.deployers.local.options import Options
from stacks.deployers.local.states import State
from switchyard.configuration.serving import Serving
from switchyard.errors import PlatformError, RequestError
from switchyard.serving.releases import Deployment, Release

_ANSWER_S = 60.0
"""What a supervisor may take beyond the limits that it was given."""

_PROBE_S = 2.0

Smoke = Callable[[str], None]

log = logging.getLogger("switchyard.deployers")


class Deployments:
    """All deployments of this account on this machine; see `BentoDeployer` for the methods."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._homes = Homes(options.state_dir)

    def deploy(self, release: Release, serving: Serving, smoke: Smoke) -> Deployment:
        """Replace what runs under the release's name once `smoke` has passed its candidate."""
        return self._replace(release.name, lambda: release, serving, smoke)

    def rollback(self, name: str, serving: Serving, smoke: Smoke) -> Deployment:
        """Deploy the release before the current one."""
        self._previous(name)  # before a folder is made for it
        return self._replace(name, lambda: self._previous(name), serving, smoke)

    def _previous(self, name: str) -> Release:
        state = self._state(name)
        if state.previous is None:
            raise RequestError(
                f"'{name}' has no release before {state.release['bento']} to go back to"
            )
        return Release.model_validate(state.previous)

    def _replace(
        self, name: str, choose: Callable[[], Release], serving: Serving, smoke: Smoke
    ) -> Deployment:
        """Deploy what is chosen once nobody else deploys."""
        folder = self._take_home(name, serving)
        with locks.held(folder, self._options.busy_timeout_s):
            return self._deploy(choose(), folder, serving, smoke)

    def _deploy(self, release: Release, folder: Path, serving: Serving, smoke: Smoke) -> Deployment:
        if not Path(release.folder, "bento", "worker.py").is_file():
            raise RequestError(
                f"'{release.bento}' has no service in '{release.folder}'; build it again"
            )
        with self._supervisor(folder) as told:
            order = {
                "release": release.model_dump(),
                "host": serving.host,
                "port": serving.port,
                "workers": serving.workers,
            }
            candidate = self._ask(told, "start", **order)
            try:
                smoke(candidate["url"])
            except BaseException:
                # To leave would do; to wait for the end leaves no process behind.
                with suppress(PlatformError):
                    self._ask(told, "discard")
                raise
            return _deployment(self._ask(told, "switch", drain_s=self._options.drain_s))

    def start(self, name: str) -> Deployment:
        """Start what was stopped or has died."""
        self._state(name)
        folder = self._homes.of(name)
        busy_s = self._options.busy_timeout_s
        with locks.held(folder, busy_s), control.connect(folder) or control.launch(folder) as told:
            return _deployment(self._ask(told, "restore"))

    def current(self, name: str) -> Deployment | None:
        """What should run under a name; its health is what it answers now."""
        found = self._look(self._homes.of(name))
        return None if found is None or found.stopped else found

    def all(self, *, stopped: bool = False) -> list[Deployment]:
        """Every deployment, by name."""
        found = [self._look(self._homes.of(name)) for name in self._homes.names()]
        return [each for each in found if each is not None and (stopped or not each.stopped)]

    def stop(self, name: str) -> bool:
        """End a deployment; False when it was not there or had ended."""
        folder = self._homes.of(name)
        if states.read(folder) is None:
            return False
        with locks.held(folder, self._options.busy_timeout_s):
            state = states.read(folder)
            if state is None:
                return False
            told = control.connect(folder)
            if told is not None:
                with told:
                    self._ask(told, "stop")
                return True
            states.write(folder, state.ended())
        return not state.stopped

    def logs(self, name: str, lines: int = 100) -> str:
        """The last lines of a deployment's log."""
        self._state(name)
        return logs.tail(self._homes.of(name), lines)

    def _ask(self, told: Control, do: str, **order: Any) -> dict[str, Any]:
        options = self._options
        details = {
            "environment": dict(os.environ),
            "searched": ports.SEARCHED if options.port_search else 0,
            "ready_timeout_s": options.ready_timeout_s,
        }
        if do in ("start", "restore"):
            order = {**details, **order}
        return told.ask(options.ready_timeout_s + _ANSWER_S, do=do, **order)

    def _supervisor(self, folder: Path) -> Control:
        """The supervisor of `folder`: a new one first brings back what the last one left."""
        told = control.connect(folder)
        if told is not None:
            return told
        told = control.launch(folder)
        state = states.read(folder)
        if state is not None and not state.stopped:
            try:
                self._ask(told, "restore")
            except PlatformError as error:
                # Whoever deploys now may do so because of that.
                log.warning("the release before cannot be brought back: %s", error)
        return told

    def _take_home(self, name: str, serving: Serving) -> Path:
        folder, known = home(absolute(serving.state_dir), name), self._homes.of(name)
        if folder != known and (told := control.connect(known)) is not None:
            told.__exit__(None, None, None)
            raise RequestError(
                f"'{name}' runs with its state in '{known}', and serving.state_dir is "
                f"'{serving.state_dir}' now; stop it first, or leave state_dir as it was"
            )
        try:
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)
            self._homes.remember(name, folder)
        except OSError as error:
            raise PlatformError(
                f"serving.state_dir: '{folder}' cannot be used: {error.strerror or error}"
            ) from error
        return folder

    def _state(self, name: str) -> State:
        state = states.read(self._homes.of(name))
        if state is None:
            known = ", ".join(self._homes.names()) or "nothing yet"
            raise RequestError(f"'{name}' was not deployed on this machine; deployed are: {known}")
        return state

    def _look(self, folder: Path) -> Deployment | None:
        state = states.read(folder)
        if state is None:
            return None
        told = control.connect(folder)
        if told is None:
            return _deployment({"state": vars(state), "pid": None, "healthy": False, "notes": ()})
        with told:
            found = _deployment(self._ask(told, "status"))
        return found.model_copy(update={"healthy": found.healthy and _answers(found.url)})


def _deployment(news: dict[str, Any]) -> Deployment:
    state = news["state"]
    return Deployment(
        release=Release.model_validate(state["release"]),
        url=ports.url(state["host"], state["bound"]),
        since=state["since"],
        previous=Release.model_validate(state["previous"]) if state["previous"] else None,
        healthy=news["healthy"],
        pid=news["pid"],
        restarts=state["restarts"],
        stopped=state["stopped"],
        supervised=news["pid"] is not None,
        notes=tuple(news["notes"]),
    )


def _answers(url: str) -> bool:
    """Whether it says that it is ready, in time."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=_PROBE_S)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
