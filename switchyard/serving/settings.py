"""What a service is told: `service.json` beside the package, and the environment over it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from switchyard.configuration.layers import overlay
from switchyard.configuration.problems import explain
from switchyard.configuration.sections import Name, Section
from switchyard.configuration.serving import Serving
from switchyard.errors import PlatformError, RequestError

FILE = "service.json"


class Settings(Section):
    """What `service.json` holds: which model this is, and how it is served."""

    name: Name
    title: str
    model_version: str
    content_sha256: str
    serving: Serving

    @property
    def state(self) -> Path:
        """The folder of this use case's captured rows, jobs and deployments."""
        return Path(self.serving.state_dir).expanduser() / self.name

    @property
    def spool(self) -> Path:
        return self.state / "capture" / "spool"

    @property
    def capture_store(self) -> str:
        return self.serving.capture.store or str(self.state / "capture" / "store")

    @property
    def queue(self) -> str:
        return self.serving.jobs.queue or f"sqlite:///{self.state / 'jobs' / 'queue.db'}"

    @property
    def jobs_store(self) -> str:
        return self.serving.jobs.store or str(self.state / "jobs" / "files")


def read(folder: Path, environment: Mapping[str, str]) -> Settings:
    """The settings in `folder`, under variables such as SWITCHYARD__SERVING__PORT=3100.

    Variables of other sections are not a service's business. PlatformError when the file is not
    there or broken; RequestError naming the variable when its value cannot be.
    """
    path = folder / FILE
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        Settings.of(values)
    except (OSError, ValueError) as error:
        raise PlatformError(f"'{path}' holds no settings of a service: {error}") from error
    origins = overlay(values, environment, section="serving")
    try:
        return Settings.of(values)
    except ValidationError as error:
        raise RequestError(explain(error, origins)) from error
