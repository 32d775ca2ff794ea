"""The model registry: versions by content, tags, and the `champion` alias."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from switchyard.errors import RequestError
from switchyard.tracking.connections import Connection
from switchyard.tracking.records import CHAMPION, DIGEST_TAG, Version

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion


class Models(Connection):
    """Registered models and their versions."""

    def register(self, name: str, run_id: str, artifact: str, content_sha256: str) -> Version:
        """Register the package logged as `artifact` of the run; the same content is found again."""
        with self._failures():
            found = self._find(name, content_sha256)
            if found:
                return found
            self._create_model(name)
            created = self._client.create_model_version(
                name,
                source=f"runs:/{run_id}/{artifact}",
                run_id=run_id,
                tags={DIGEST_TAG: content_sha256},
            )
        return Version(name, int(created.version), content_sha256)

    def _create_model(self, name: str) -> None:
        from mlflow.exceptions import MlflowException

        try:
            self._client.get_registered_model(name)
        except MlflowException:
            try:
                self._client.create_registered_model(name)
            except MlflowException:
                # Another run made it in between; if not, this raises.
                self._client.get_registered_model(name)

    def _find(self, name: str, content_sha256: str) -> Version | None:
        versions = self._client.search_model_versions(f"name = '{name}'")
        numbers = [int(v.version) for v in versions if v.tags.get(DIGEST_TAG) == content_sha256]
        return Version(name, max(numbers), content_sha256) if numbers else None

    def champion(self, name: str) -> Version | None:
        """Return the version that the alias points to; None when there is no champion yet."""
        return self._found(name, lambda: self._client.get_model_version_by_alias(name, CHAMPION))

    def version(self, name: str, wanted: int | str) -> Version:
        """Return the version of this number, or the one that this alias points to.

        RequestError when there is none; it lists the numbers that there are.
        """
        if isinstance(wanted, int):
            number = str(wanted)
            found = self._found(name, lambda: self._client.get_model_version(name, number))
        else:
            alias = wanted
            found = self._found(name, lambda: self._client.get_model_version_by_alias(name, alias))
        if found is None:
            numbers = ", ".join(map(str, self.numbers(name))) or "none; train first"
            raise RequestError(f"'{name}' has no version '{wanted}'; there are: {numbers}")
        return found

    def numbers(self, name: str) -> list[int]:
        """The numbers of all registered versions, ascending."""
        with self._failures():
            found = self._client.search_model_versions(f"name = '{name}'")
        return sorted(int(one.version) for one in found)

    def tag(self, version: Version, key: str, value: str) -> None:
        """Set a tag of a version, in the place of the value that it had."""
        with self._failures():
            self._client.set_model_version_tag(version.name, str(version.number), key, value)

    def tags(self, version: Version) -> dict[str, str]:
        """The tags of a version."""
        with self._failures():
            found = self._client.get_model_version(version.name, str(version.number))
        return dict(found.tags)

    def _found(self, name: str, ask: Callable[[], ModelVersion]) -> Version | None:
        """What `ask` finds; None when MLflow says that there is no such model or version."""
        from mlflow.exceptions import MlflowException
        from mlflow.protos.databricks_pb2 import (
            INVALID_PARAMETER_VALUE,
            RESOURCE_DOES_NOT_EXIST,
            ErrorCode,
        )

        absent = {ErrorCode.Name(RESOURCE_DOES_NOT_EXIST), ErrorCode.Name(INVALID_PARAMETER_VALUE)}
        with self._failures():
            try:
                found = ask()
            except MlflowException as error:
                if error.error_code in absent:
                    return None
                raise
        return Version(name, int(found.version), found.tags.get(DIGEST_TAG, ""))

    def set_champion(self, version: Version) -> None:
        """Point the alias to `version`: the one commit point of a promotion."""
        with self._failures():
            self._client.set_registered_model_alias(version.name, CHAMPION, str(version.number))

    def download(self, version: Version, folder: Path) -> Path:
        """Copy the version's package below `folder` and return where it lies."""
        with self._failures():
            uri = self._client.get_model_version_download_uri(version.name, str(version.number))
            return self._downloaded(folder, artifact_uri=uri)

    def run_files(self, version: Version, folder: str, target: Path) -> Path | None:
        """Copy a folder that was recorded with the version's run below `target`.

        Returns where it lies; None when the run has no such folder.
        """
        with self._failures():
            run_id = self._client.get_model_version(version.name, str(version.number)).run_id
            if not run_id or not self._client.list_artifacts(run_id, folder):
                return None
            return self._downloaded(target, run_id=run_id, artifact_path=folder)

    def _downloaded(self, folder: Path, **what: str) -> Path:
        from mlflow.artifacts import download_artifacts

        return Path(download_artifacts(dst_path=str(folder), tracking_uri=self.uri, **what))
