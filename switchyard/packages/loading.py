"""Loading a model package: digests first, then only types that our code trusts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from switchyard.errors import PlatformError, RequestError
from switchyard.packages.manifest import Manifest, parse, versions
from switchyard.packages.storage import loads
from switchyard.packages.writing import CARD, MANIFEST, MODEL, Package
from switchyard.tasks.scores import Floats, scores_of

MAX_MANIFEST = 4 * 1024**2


@dataclass(frozen=True)
class LoadedModel:
    """A verified model. notes: what a person should know, such as other library versions."""

    estimator: Any
    manifest: Manifest
    notes: tuple[str, ...]

    @property
    def threshold(self) -> float:
        """At or above it, a score is called positive; of a classification only."""
        if self.manifest.threshold is None:
            raise RequestError(f"'{self.manifest.name}' predicts a number: it has no threshold")
        return self.manifest.threshold

    def scores(self, rows: Any) -> Floats:
        """Probabilities of the positive label, or the numbers predicted, within their bounds.

        rows: as of `switchyard.tasks.rows.rows_of`.
        """
        predicted = self.manifest.predicted
        return scores_of(
            self.estimator,
            rows,
            numbers=predicted is not None,
            bounds=predicted,
        )


def load(folder: Path, expected_sha256: str | None = None) -> LoadedModel:
    """Verify the package and load its estimator.

    expected_sha256: the `content_sha256` that a registry or a decision names. RequestError when
    `folder` is no package; PlatformError when it is not whole, was changed, is another than
    expected, holds types that are not trusted, or comes from another major scikit-learn.
    """
    manifest, contents = _verified(folder, expected_sha256)
    notes = compare_versions(manifest.versions, versions())
    estimator = loads(contents[MODEL], str(folder / MODEL))
    needed, what = ("predict_proba", "probabilities") if manifest.labels else ("predict", "numbers")
    if not hasattr(estimator, needed):
        raise PlatformError(
            f"{folder / MODEL} holds a {type(estimator).__name__}, which gives no {what}"
        )
    return LoadedModel(estimator, manifest, notes)


def verify(folder: Path, expected_sha256: str | None = None) -> Package:
    """Check manifest and digests as `load` does, without building the estimator."""
    return Package(folder, _verified(folder, expected_sha256)[0])


def _verified(folder: Path, expected_sha256: str | None) -> tuple[Manifest, dict[str, bytes]]:
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        raise RequestError(f"no model package: {folder} {what}; give the folder of a package")
    manifest = parse(_read(folder / MANIFEST, MAX_MANIFEST).decode(errors="replace"), str(folder))
    if expected_sha256 is not None and manifest.content_sha256 != expected_sha256:
        raise PlatformError(
            f"{folder} is another model than expected: its content is "
            f"{manifest.content_sha256[:12]}…, not {expected_sha256[:12]}…"
        )
    if set(manifest.files) != {MODEL, CARD}:
        raise PlatformError(
            f"{folder}: the manifest lists {', '.join(sorted(manifest.files))}; "
            f"a package has {MODEL} and {CARD}"
        )
    contents = {}
    for name, entry in manifest.files.items():
        content = _read(folder / name, entry.size)
        if len(content) != entry.size or hashlib.sha256(content).hexdigest() != entry.sha256:
            raise PlatformError(
                f"{folder / name} is not the file that was packaged ({len(content):,} bytes of "
                f"{entry.size:,}, or other content); fetch the package again"
            )
        contents[name] = content
    return manifest, contents


def _read(path: Path, most: int) -> bytes:
    """The file's bytes, one more than `most` at the most."""
    try:
        with path.open("rb") as file:
            return file.read(most + 1)
    except FileNotFoundError as error:
        raise PlatformError(
            f"{path.parent} is no whole model package: {path.name} is missing"
        ) from error
    except OSError as error:
        raise PlatformError(f"{path} cannot be read: {error.strerror or error}") from error


def compare_versions(made_with: Any, present: dict[str, str]) -> tuple[str, ...]:
    """A note for each library of another version; PlatformError for another major scikit-learn."""
    notes = []
    for name, had in made_with.items():
        has = present.get(name)
        if has == had:
            continue
        if name == "scikit-learn" and (has or "").split(".")[0] != had.split(".")[0]:
            raise PlatformError(
                f"the model was made with scikit-learn {had}, here is {has or 'none'}; "
                f"install scikit-learn {had} or train the model anew"
            )
        notes.append(f"made with {name} {had}, loaded with {has or 'none'}")
    return tuple(notes)
