"""How artifacts are stored: frames as zstd Parquet, estimators as skops, packages as they are.

Each tells ZenML a hash of its content, so that a step whose input is equal to last time's is cached
even where the step before it ran again. ZenML's own pandas materializer compresses by gzip and
describes every column, seconds for half a million rows; its scikit-learn one writes pickles.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.base import BaseEstimator
from zenml.enums import ArtifactType
from zenml.materializers.base_materializer import BaseMaterializer
from zenml.metadata.metadata_types import MetadataType

from switchyard.packages import storage


class _Hashed(BaseMaterializer):
    """A materializer that writes one file and knows its digest."""

    SKIP_REGISTRATION: ClassVar[bool] = True
    file_name: ClassVar[str]
    _sha256: str | None = None

    @property
    def path(self) -> str:
        return os.path.join(self.uri, self.file_name)  # noqa: PTH118  a URI, not a local path

    def write(self, content: bytes | memoryview) -> None:
        self._sha256 = hashlib.sha256(content).hexdigest()
        with self.artifact_store.open(self.path, "wb") as file:
            file.write(content)

    def read(self) -> bytes:
        with self.artifact_store.open(self.path, "rb") as file:
            content: bytes = file.read()
        return content

    def compute_content_hash(self, data: Any) -> str | None:  # noqa: ARG002  ZenML's signature
        return self._sha256


class FrameMaterializer(_Hashed):
    """Pandas frames as one zstd-compressed Parquet file."""

    ASSOCIATED_TYPES: ClassVar[tuple[type[Any], ...]] = (pd.DataFrame,)
    ASSOCIATED_ARTIFACT_TYPE: ClassVar[ArtifactType] = ArtifactType.DATA
    SKIP_REGISTRATION: ClassVar[bool] = True
    file_name: ClassVar[str] = "frame.parquet"

    def load(self, data_type: type[Any]) -> pd.DataFrame:  # noqa: ARG002
        return pd.read_parquet(pa.BufferReader(self.read()))

    def save(self, data: pd.DataFrame) -> None:
        sink = pa.BufferOutputStream()
        table = pa.Table.from_pandas(data, preserve_index=False)
        pq.write_table(table, sink, compression="zstd")
        self.write(memoryview(sink.getvalue()))

    def extract_metadata(self, data: pd.DataFrame) -> dict[str, MetadataType]:
        return {"rows": len(data), "columns": [str(name) for name in data.columns]}


class EstimatorMaterializer(_Hashed):
    """Fitted estimators as skops files; loading trusts only the types listed in our code."""

    ASSOCIATED_TYPES: ClassVar[tuple[type[Any], ...]] = (BaseEstimator,)
    ASSOCIATED_ARTIFACT_TYPE: ClassVar[ArtifactType] = ArtifactType.MODEL
    SKIP_REGISTRATION: ClassVar[bool] = True
    file_name: ClassVar[str] = "model.skops"

    def load(self, data_type: type[Any]) -> BaseEstimator:  # noqa: ARG002
        return storage.loads(self.read())

    def save(self, data: BaseEstimator) -> None:
        self.write(storage.dumps(data))

    def extract_metadata(self, data: BaseEstimator) -> dict[str, MetadataType]:
        return {"estimator": type(data).__name__}


class FolderMaterializer(BaseMaterializer):
    """A model package: a temporary folder of a few files, moved into the store as they are."""

    ASSOCIATED_TYPES: ClassVar[tuple[type[Any], ...]] = (Path,)
    ASSOCIATED_ARTIFACT_TYPE: ClassVar[ArtifactType] = ArtifactType.MODEL
    SKIP_REGISTRATION: ClassVar[bool] = True
    _sizes: dict[str, int]

    def load(self, data_type: type[Any]) -> Path:  # noqa: ARG002
        with self.get_temporary_directory(delete_at_exit=False) as folder:
            target = Path(folder) / "package"
            target.mkdir()
            for name in self.artifact_store.listdir(self.uri):
                source = os.path.join(self.uri, str(name))  # noqa: PTH118
                with self.artifact_store.open(source, "rb") as file:
                    (target / str(name)).write_bytes(file.read())
        return target

    def save(self, data: Path) -> None:
        self._sizes = {path.name: path.stat().st_size for path in sorted(data.iterdir())}
        for path in sorted(data.iterdir()):
            target = os.path.join(self.uri, path.name)  # noqa: PTH118
            with self.artifact_store.open(target, "wb") as file:
                file.write(path.read_bytes())
        shutil.rmtree(data)

    def extract_metadata(self, data: Path) -> dict[str, MetadataType]:  # noqa: ARG002
        return dict(self._sizes)
