"""One MLflow server or database, opened when it is first asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from switchyard.errors import PlatformError

if TYPE_CHECKING:
    from mlflow import MlflowClient


class Connection:
    """Ids are explicit, nothing is global, nothing is logged by itself.

    `uri` is MLflow's tracking URI; `artifact_location` is where new experiments keep files, None
    when the server decides. Every MLflow failure becomes a PlatformError that names the URI.
    """

    def __init__(self, uri: str, artifact_location: str | None = None) -> None:
        self.uri = uri
        self._artifact_location = artifact_location
        self._opened: MlflowClient | None = None

    @property
    def _client(self) -> MlflowClient:
        if self._opened is None:
            from mlflow import MlflowClient

            with self._failures():
                self._opened = MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)
        return self._opened

    @contextmanager
    def _failures(self) -> Iterator[None]:
        from mlflow.exceptions import MlflowException

        try:
            yield
        except (MlflowException, OSError) as error:
            raise PlatformError(f"MLflow at {self.uri} failed: {error}") from error
