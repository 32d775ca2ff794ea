"""`python -m stacks.deployers.local.supervisor FOLDER READY_FD`: keeps one deployment running.

It leaves its parent, holds the public socket for all releases to come, and takes orders on
`FOLDER/control.sock`. It ends when there is nothing to keep running. Standard library only.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from stacks.deployers.local import ports, states
from stacks.deployers.local.generations import Generation
from stacks.deployers.local.logs import Log
from stacks.deployers.local.processes import Launch, WorkerFailed
from stacks.deployers.local.states import Facts, State
from switchyard.errors import PlatformError, SwitchyardError

SOCKET = "control.sock"
LOCK = "supervisor.lock"
RUN = "run"

DISCARD_S = 2.0
STOP_S = 10.0
PATIENCE_S = 10.0
"""Workers of a supervisor that was killed let go of its port within this time."""


class Candidate:
    """A release that is up, and has no traffic yet."""

    def __init__(self, generation: Generation, state: State, notes: list[str]) -> None:
        self.generation = generation
        self.state = state
        self.notes = notes


class Supervisor:
    """One deployment: its public socket, its workers, its state on disk."""

    def __init__(self, folder: Path, log: Log) -> None:
        self._folder = folder
        self._log = log
        self.state = states.read(folder)
        self._listener: socket.socket | None = None
        self._wanted: tuple[str, int] | None = None
        self._generation: Generation | None = None
        self._notes: list[str] = []
        self._retiring: set[asyncio.Task[None]] = set()
        self.conversations = 0
        self.done = asyncio.Event()
        shutil.rmtree(folder / RUN, ignore_errors=True)
        (folder / RUN).mkdir()

    @property
    def running(self) -> bool:
        """Whether a release answers, or is being brought back."""
        return self._generation is not None

    def status(self) -> dict[str, Any] | None:
        """What a client wants to know; None when nothing was ever deployed."""
        if self.state is None:
            return None
        return status(
            self.state,
            pid=os.getpid(),
            healthy=self._generation is not None and self._generation.healthy,
            notes=self._notes,
        )

    async def start(self, order: Mapping[str, Any]) -> tuple[Candidate, str]:
        """Bring up what `order` describes; with its private URL. SwitchyardError if it fails."""
        host, port, workers = str(order["host"]), int(order["port"]), int(order["workers"])
        listener, notes = await self._listen(host, port, int(order["searched"]))
        launch = Launch(
            folder=Path(order["release"]["folder"]),
            metrics=Path(tempfile.mkdtemp(prefix="metrics-", dir=self._folder / RUN)),
            environment=order["environment"],
            ready_timeout_s=float(order["ready_timeout_s"]),
        )
        generation = Generation(launch, listener, workers, self._log, self._count_restart)
        since = datetime.now(UTC).isoformat(timespec="seconds")
        release: Facts = order["release"]
        bound = int(listener.getsockname()[1])
        state = State(
            host, port, bound, workers, release, since, history=(states.entry(release, since),)
        )
        candidate = Candidate(generation, state, notes)
        self._log.note(f"starting {release['bento']} in '{release['folder']}'")
        try:
            return candidate, await generation.start()
        except WorkerFailed as error:
            await self.discard(candidate)
            raise PlatformError(
                f"'{release['bento']}' did not start: {error}; its log is "
                f"'{self._folder / 'service.log'}'"
            ) from error
        except asyncio.CancelledError:
            await self.discard(candidate)
            raise

    async def switch(self, candidate: Candidate, drain_s: float) -> None:
        """Give the traffic to the candidate; what answered before drains in the background."""
        try:
            await candidate.generation.accept()
            # The new state on disk is the commit: before it, a crash brings the old release back.
            state = self.state.after(candidate.state) if self.state else candidate.state
            states.write(self._folder, state)
        except (WorkerFailed, OSError) as error:
            await self.discard(candidate)
            raise PlatformError(f"the switch failed, nothing has changed: {error}") from error
        old, self._generation = self._generation, candidate.generation
        self._notes, self.state = candidate.notes, state
        self._take(candidate.generation.listener, (state.host, state.port))
        self._log.note(f"{state.release['bento']} answers on port {state.bound}")
        if old is not None:
            self._retire(old, drain_s)

    async def discard(self, candidate: Candidate) -> None:
        """End a candidate; what answers is left as it is."""
        self._log.note(f"discarding {candidate.state.release['bento']}")
        await candidate.generation.retire(DISCARD_S, drain=False)
        if candidate.generation.listener is not self._listener:
            candidate.generation.listener.close()

    async def restore(self, order: Mapping[str, Any]) -> None:
        """Bring up again what the state on disk wants, without a new entry in the history."""
        state = self.state
        if state is None:
            raise PlatformError("nothing was deployed here")
        wanted = {"release": state.release, "host": state.host, "port": state.port}
        candidate, _ = await self.start({**order, **wanted, "workers": state.workers})
        bound = candidate.state.bound
        candidate.state = replace(state, bound=bound, stopped=False, restarts=0)
        self.state = None
        try:
            await self.switch(candidate, 0.0)
        except PlatformError:
            self.state = state
            raise

    async def stop(self, *, keep: bool = False) -> None:
        """End everything; `keep` leaves the wish to run on disk, for a machine that shuts down."""
        if self._listener is not None:
            self._listener.close()
        if self._generation is not None:
            await self._generation.retire(STOP_S, drain=False)
            self._generation = None
        for task in self._retiring:
            task.cancel()
        await asyncio.gather(*self._retiring, return_exceptions=True)
        if self.state is not None and not keep:
            self.state = replace(self.state, stopped=True)
            states.write(self._folder, self.state)
        self._log.note("stopped")
        self.done.set()

    async def _listen(self, host: str, port: int, searched: int) -> tuple[socket.socket, list[str]]:
        """The socket that is held, if it is the wanted one, else a new one."""
        if self._listener is not None and self._wanted == (host, port):
            return self._listener, self._notes
        state = self.state
        if not self.running and state and not state.stopped and (host, port) == state.address:
            # The port that clients know; its last holder was killed, and lets go of it soon.
            with suppress(PlatformError):
                held = (host, state.bound)
                listener = await asyncio.to_thread(
                    ports.listen, *held, searched=0, patience_s=PATIENCE_S
                )
                return listener, ports.notes(port, state.bound)
        listener = await asyncio.to_thread(ports.listen, host, port, searched=searched)
        return listener, ports.notes(port, int(listener.getsockname()[1]))

    def _take(self, listener: socket.socket, wanted: tuple[str, int]) -> None:
        if self._listener is not None and self._listener is not listener:
            self._listener.close()
        self._listener, self._wanted = listener, wanted

    def _retire(self, generation: Generation, drain_s: float) -> None:
        async def retire() -> None:
            try:
                await generation.retire(drain_s, drain=True)
            except asyncio.CancelledError:
                generation.kill()
                raise

        task = asyncio.create_task(retire())
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)

    def _count_restart(self) -> None:
        if self.state is not None:
            self.state = replace(self.state, restarts=self.state.restarts + 1)
            try:
                states.write(self._folder, self.state)
            except OSError as error:
                self._log.note(f"the state cannot be written: {error}", "ERROR")
