"""The process that finishes a service folder, from outside; it may be begun before it is needed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from switchyard.errors import PlatformError, RequestError

ASSEMBLING, WAITING = (
    Path(__file__).resolve().with_name(f"{name}.py") for name in ("assembling", "waiting")
)
TIMEOUT_S = 600.0

_STALE_S = 3600.0

_begun: list[Assembler] = []


class Assembler:
    """A process for one build, and a BentoML home of its own on the same disk as the real one.

    Both end with the block. OSError where the disk refuses.
    """

    def __init__(self) -> None:
        home = bento_home()
        home.mkdir(parents=True, exist_ok=True)
        for left in home.glob(".building-*"):
            # By a build that was killed.
            if time.time() - left.stat().st_mtime > _STALE_S:
                shutil.rmtree(left, ignore_errors=True)
        self._beside = tempfile.TemporaryDirectory(prefix=".building-", dir=home)
        self.home = Path(self._beside.name)
        environment = {
            **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
            "BENTOML_HOME": str(self.home),  # read when BentoML is imported
            "BENTOML_DO_NOT_TRACK": "true",
        }
        self._process = subprocess.Popen(  # noqa: S603  our own program
            [sys.executable, "-P", str(WAITING), str(ASSEMBLING)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def begin(self, folder: Path, version: str) -> None:
        """Let it finish this folder as far as that goes without instances."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # it has ended, and `finished` will say why
            order = {"folder": str(folder.resolve()), "version": version}
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()

    def finished(self, name: str, version: str, tried: str) -> Path:
        """Build the Bento of the folder that was begun; return the Bento's own folder in `home`.

        tried: URLs to choose instances from, one a line. Errors as of `build_release`.
        """
        tag = f"{name}:{version}"
        try:
            _, said = self._process.communicate(tried, timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired as error:
            raise PlatformError(f"building '{tag}' took more than {TIMEOUT_S:g} s") from error
        code = self._process.returncode
        if code:
            lines = said.strip().splitlines() or ["no reason given"]
            wrong = RequestError if code == RequestError.exit_code else PlatformError
            raise wrong(f"'{tag}' cannot be built: {lines[-1]}")
        return self.home / "bentos" / name / version

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()
        self._beside.cleanup()


def bento_home() -> Path:
    """Where BentoML keeps its store."""
    return Path(os.environ.get("BENTOML_HOME") or "~/bentoml").expanduser().resolve()


def begin() -> None:
    """Start the process of the next build; without a build it ends with this one."""
    if not _begun:
        with suppress(OSError):  # the build will meet it, and say so
            _begun.append(Assembler())


def taken() -> Assembler:
    """The process that was begun, else a new one."""
    return _begun.pop() if _begun else Assembler()
