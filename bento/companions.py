"""The companion of a serving process: another process that does what may not disturb requests."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
from collections.abc import Awaitable, Mapping
from pathlib import Path

from bento.folders import FOLDER_VARIABLE

_BACK_OFF_S = (1, 2, 5, 10, 30)
_LEAST_GRACE_S = 10.0
_MORE_S = 4.0

log = logging.getLogger("switchyard.serving")


class Companion:
    """Starts `python -m bento.companion`, starts it again when it dies, and ends it.

    The companion ends by itself when this process does: its standard input closes then.
    handover_s: how long it may take to bring captured rows to their store at the end.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str], handover_s: float) -> None:
        self._grace_s = max(_LEAST_GRACE_S, handover_s + _MORE_S)
        self._environment = {**environment, FOLDER_VARIABLE: str(folder)}
        paths = (str(Path(__file__).resolve().parents[1]), environment.get("PYTHONPATH", ""))
        self._environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self, after: Awaitable[None]) -> None:
        """Begin to keep one running, once `after` has come."""
        self._task = asyncio.create_task(self._keep(after))

    async def stop(self) -> None:
        """Let it finish what it is at, then end it. One that is dead gets a last successor."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        process = self._process
        if process is None:
            return
        if process.returncode is not None:
            try:
                process = await self._spawn()
            except OSError as error:
                log.warning("the companion cannot be started for what is left: %s", error)
                return
        assert process.stdin is not None
        process.stdin.close()
        try:
            async with asyncio.timeout(self._grace_s):
                await process.wait()
        except TimeoutError:
            log.warning("the companion did not end in time; what it left is taken up again")
            process.kill()
            await process.wait()

    async def _spawn(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bento.companion"),
            env=self._environment,
            stdin=subprocess.PIPE,
        )

    async def _keep(self, after: Awaitable[None]) -> None:
        await after
        deaths = 0
        while True:
            begun = asyncio.get_running_loop().time()
            try:
                self._process = await self._spawn()
                told = f"ended with code {await self._process.wait()}"
            except OSError as error:  # no memory, or too many processes
                told = f"cannot be started: {error}"
            if asyncio.get_running_loop().time() - begun > 60:
                deaths = 0
            pause = _BACK_OFF_S[min(deaths, len(_BACK_OFF_S) - 1)]
            log.error("the companion %s; again in %s s", told, pause)
            deaths += 1
            await asyncio.sleep(pause)
