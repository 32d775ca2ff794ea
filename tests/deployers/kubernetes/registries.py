"""An image registry of a test's own."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
import requests

from tests.deployers.places import free_port


class OwnRegistry:
    """A registry of this machine, which can go away and come back; skips where none can be."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("docker-registry")
        if program is None:
            pytest.skip("docker-registry is not installed")
        self.host = f"127.0.0.1:{free_port()}"
        self._command = [program, "serve", str(folder / "config.yml")]
        (folder / "config.yml").write_text(
            f"version: 0.1\nstorage: {{filesystem: {{rootdirectory: {folder}/data}}}}\n"
            f"http: {{addr: '{self.host}'}}\n"
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin to answer."""
        quiet: Any = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
        self._process = subprocess.Popen(self._command, start_new_session=True, **quiet)
        deadline = time.monotonic() + 60
        while True:
            try:
                requests.get(f"http://{self.host}/v2/", timeout=5)
                return
            except requests.ConnectionError:
                assert time.monotonic() < deadline, "the registry does not start"
                time.sleep(0.05)

    def stop(self) -> None:
        """Be away."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
