"""What a supervisor does: it holds the public socket, and gives it to one release after another."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from stacks.deployers.local import ports, states
from stacks.deployers.local.generations import Generation
from stacks.deployers.local.logs import FILE as LOG_FILE
from stacks.deployers.local.logs import Log
from stacks.deployers.local.processes import Launch, WorkerFailed
from stacks.deployers.local.states import State
from switchyard.errors import PlatformError

RUN = "run"
DISCARD_S = 2.0
STOP_S = 10.0
PATIENCE_S = 10.0
"""The workers of a supervisor that was killed let go of its port within this time."""


@dataclass(frozen=True)
class Candidate:
    """A release that is up, and has no traffic yet; `url` is private."""

    generation: Generation
    state: State
    notes: tuple[str, ...]
    url: str


class Supervision:
    """One deployment: its public socket, its workers, its state on disk."""

    def __init__(self, folder: Path, log: Log) -> None:
        self._folder = folder
        self._log = log
        self._state = states.read(folder)
        self._generation: Generation | None = None
        self._listener: socket.socket | None = None
        self._notes: tuple[str, ...] = ()
        self._draining: set[asyncio.Task[None]] = set()
        shutil.rmtree(folder / RUN, ignore_errors=True)
        (folder / RUN).mkdir()

    @property
    def running(self) -> bool:
        """Whether a release is kept running."""
        return self._generation is not None

    def status(self) -> dict[str, Any]:
        """What a client wants to know."""
        return {
            "pid": os.getpid(),
            "state": asdict(self._state) if self._state else None,
            "healthy": self._generation is not None and self._generation.healthy,
            "notes": self._notes,
        }

    async def start(self, order: Mapping[str, Any]) -> Candidate:
        """Bring up what `order` describes. SwitchyardError when it does not come up."""
        release, host, port = order["release"], str(order["host"]), int(order["port"])
        listener = await self._listen(host, port, int(order["searched"]))
        bound = int(listener.getsockname()[1])
        try:
            metrics = Path(tempfile.mkdtemp(prefix="metrics-", dir=self._folder / RUN))
        except OSError as error:
            self._let_go(listener)
            raise PlatformError(
                f"'{self._folder / RUN}' cannot be written: {error.strerror}; free space there"
            ) from error
        launch = Launch(
            folder=Path(release["folder"]),
            metrics=metrics,
            environment=order["environment"],
            ready_timeout_s=float(order["ready_timeout_s"]),
        )
        workers = int(order["workers"])
        generation = Generation(launch, listener, workers, self._log, self._count_restart)
        self._log.note(f"starting {release['bento']} from '{release['folder']}'")
        try:
            url = await generation.start()
        except WorkerFailed as error:
            await self._end(generation)
            raise PlatformError(
                f"'{release['bento']}' does not start: {error}; see '{self._folder / LOG_FILE}'"
            ) from error
        except BaseException:
            await self._end(generation)
            raise
        since = datetime.now(UTC).isoformat(timespec="seconds")
        history = (states.entry(release, since),)
        state = State(host, port, bound, workers, release, since, history=history)
        return Candidate(generation, state, ports.note(port, bound), url)

    async def switch(self, candidate: Candidate, drain_s: float) -> None:
        """Give the traffic to the candidate; what answered before drains in the background."""
        new = candidate.state
        await self._put(candidate, self._state.after(new) if self._state else new, drain_s)

    async def discard(self, candidate: Candidate) -> None:
        """End a candidate; what answers is left as it is."""
        self._log.note(f"discarding {candidate.state.release['bento']}")
        await self._end(candidate.generation)

    async def restore(self, order: Mapping[str, Any]) -> None:
        """Bring up again what the state on disk wants: the same release, no new line of history."""
        state = self._state
        if self.running or state is None:
            return
        wanted = {"release": state.release, "host": state.host, "port": state.port}
        candidate = await self.start({**order, **wanted, "workers": state.workers})
        bound = candidate.state.bound
        await self._put(candidate, replace(state, bound=bound, stopped=False, restarts=0), 0.0)

    async def stop(self, *, for_good: bool) -> None:
        """End everything. Unless it is for good, the state on disk still wants it to run."""
        failure = None
        if self._state is not None and for_good:
            self._state = self._state.ended()
            try:
                states.write(self._folder, self._state)
            except PlatformError as error:
                failure = error  # what runs is ended all the same
        if self._listener is not None:
            self._listener.close()
        for task in self._draining:
            task.cancel()
        ending = list(self._draining)
        if self._generation is not None:
            ending.append(asyncio.create_task(_stop(self._generation, STOP_S)))
        await asyncio.gather(*ending, return_exceptions=True)
        self._generation, self._listener = None, None
        self._log.note("stopped")
        if failure is not None:
            raise failure

    async def _put(self, candidate: Candidate, state: State, drain_s: float) -> None:
        try:
            await candidate.generation.accept()
            # The state on disk is the commit: before it, a crash brings the old release back.
            states.write(self._folder, state)
        except (WorkerFailed, PlatformError) as error:
            await self._drain(candidate.generation, drain_s)  # it may have taken connections
            raise PlatformError(f"the switch failed, and nothing has changed: {error}") from error
        old, self._generation = self._generation, candidate.generation
        self._state, self._notes = state, candidate.notes
        before, self._listener = self._listener, candidate.generation.listener
        if before is not None and before is not self._listener:
            before.close()
        self._log.note(f"{state.release['bento']} answers on port {state.bound}")
        if old is not None:
            await self._drain(old, drain_s)

    async def _drain(self, generation: Generation, drain_s: float) -> None:
        """Take the public socket from a release; its connections end in the background."""
        await generation.end(drain_s, drain=True)
        task = asyncio.create_task(_drained(generation, drain_s))
        self._draining.add(task)
        task.add_done_callback(self._draining.discard)
        self._let_go(generation.listener)

    async def _end(self, generation: Generation) -> None:
        """End a release that has no connections."""
        await _stop(generation, DISCARD_S)
        self._let_go(generation.listener)

    def _let_go(self, listener: socket.socket) -> None:
        if listener is not self._listener:
            listener.close()

    async def _listen(self, host: str, port: int, searched: int) -> socket.socket:
        """The socket that is held, if it is the wanted one, else a new one."""
        state = self._state
        known = state is not None and state.address == (host, port)
        if known and self._listener is not None:
            return self._listener
        if known and state is not None and not state.stopped:
            # Clients know this port. Its last holder was killed, and lets go of it soon.
            with suppress(PlatformError):
                return await asyncio.to_thread(
                    ports.listen, host, state.bound, searched=0, patience_s=PATIENCE_S
                )
        return await asyncio.to_thread(ports.listen, host, port, searched=searched)

    def _count_restart(self) -> None:
        if self._state is None:
            return
        self._state = replace(self._state, restarts=self._state.restarts + 1)
        try:
            states.write(self._folder, self._state)
        except PlatformError as error:
            self._log.note(str(error), "ERROR")


async def _stop(generation: Generation, limit_s: float) -> None:
    await generation.end(limit_s, drain=False)
    await generation.ended(limit_s)


async def _drained(generation: Generation, drain_s: float) -> None:
    """Wait for the end of a release that drains; when that is cancelled, it is stopped."""
    try:
        await generation.ended(drain_s)
    except asyncio.CancelledError:
        await _stop(generation, STOP_S)
        raise
