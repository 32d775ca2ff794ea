"""The workers of one release: brought up together, kept up, and retired together."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import Callable
from contextlib import suppress

from stacks.deployers.local.logs import Log
from stacks.deployers.local.processes import Launch, WorkerFailed, WorkerProcess

BACK_OFF_S = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
HEALTHY_AFTER_S = 60.0
"""A worker that lived so long is started again without much ado."""


class Generation:
    """One release's workers on one public socket. `on_restart` is called at each crash."""

    def __init__(
        self,
        launch: Launch,
        listener: socket.socket,
        workers: int,
        log: Log,
        on_restart: Callable[[], None],
    ) -> None:
        self.listener = listener
        self._launch = launch
        self._log = log
        self._on_restart = on_restart
        self._workers: list[WorkerProcess | None] = [None] * workers
        self._accepting = [False] * workers
        self._keepers: list[asyncio.Task[None]] = []

    @property
    def healthy(self) -> bool:
        """All its workers answer the public socket."""
        return all(self._accepting)

    async def start(self) -> str:
        """Bring all workers up; the first one's private URL. WorkerFailed when one does not."""
        for slot in range(len(self._workers)):
            self._workers[slot] = await self._spawn()
        waiting = [asyncio.create_task(worker.ready()) for worker in self._present()]
        try:
            urls = await asyncio.gather(*waiting)
        except BaseException:
            for each in waiting:
                each.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
            raise
        return urls[0]

    async def accept(self) -> None:
        """Answer the public socket, and keep all workers up from now on. WorkerFailed if one died.

        Connections that come while no worker is up wait in the socket's queue.
        """
        for slot, worker in enumerate(self._present()):
            await worker.accept()
            self._accepting[slot] = True
        for slot, worker in enumerate(self._present()):
            self._keepers.append(asyncio.create_task(self._keep(slot, worker)))

    async def end(self, limit_s: float, *, drain: bool) -> None:
        """Accept no more connections; see `WorkerProcess.end`."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        self._accepting = [False] * len(self._workers)
        await asyncio.gather(*(worker.end(limit_s, drain=drain) for worker in self._present()))

    async def ended(self, limit_s: float) -> None:
        """Wait until all workers are gone, and what belonged to them, too."""
        await asyncio.gather(*(worker.ended(limit_s) for worker in self._present()))
        shutil.rmtree(self._launch.metrics, ignore_errors=True)

    def _present(self) -> list[WorkerProcess]:
        return [worker for worker in self._workers if worker is not None]

    async def _spawn(self) -> WorkerProcess:
        return await WorkerProcess.spawn(self._launch, self.listener, self._log)

    async def _keep(self, slot: int, worker: WorkerProcess) -> None:
        """Start the worker of a slot again whenever it ends."""
        loop = asyncio.get_running_loop()
        failures = 0
        while True:
            begun = loop.time()
            code = await worker.wait()
            self._workers[slot], self._accepting[slot] = None, False
            self._forget(worker.pid)
            if loop.time() - begun > HEALTHY_AFTER_S:
                failures = 0
            self._log.note(f"worker {worker.pid} ended with code {code}", "ERROR")
            while True:
                self._on_restart()
                pause = BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)]
                failures += 1
                self._log.note(f"a worker is started again in {pause:g} s", "WARNING")
                await asyncio.sleep(pause)
                try:
                    worker = await self._bring_back(slot)
                    break
                except WorkerFailed as error:
                    self._log.note(f"it was not started: {error}", "ERROR")

    async def _bring_back(self, slot: int) -> WorkerProcess:
        worker = self._workers[slot] = await self._spawn()
        try:
            await worker.ready()
            await worker.accept()
        except WorkerFailed:
            worker.kill()
            await worker.wait()
            self._workers[slot] = None
            raise
        self._accepting[slot] = True
        self._log.note(f"worker {worker.pid} answers")
        return worker

    def _forget(self, pid: int) -> None:
        """Drop what a dead process said of the present; its counts stay, so that none goes back."""
        for path in self._launch.metrics.glob(f"gauge_live*_{pid}.db"):
            with suppress(OSError):
                path.unlink()
