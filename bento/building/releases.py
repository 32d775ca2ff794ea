"""Build a registered version as a release: a Bento in BentoML's store, ready to be deployed."""

from __future__ import annotations

import compileall
import os
import py_compile
import shutil
from datetime import datetime
from pathlib import Path

import yaml

from bento.building.assemblers import bento_home, taken
from bento.building.staging import DERIVED, compiled, digest, stage
from switchyard.configuration.model import UseCase
from switchyard.errors import PlatformError
from switchyard.packages.manifest import Manifest
from switchyard.serving.releases import Release
from switchyard.tasks.rows import on_tables

TRIED = 600
"""So many generated URLs are scored to find smoke instances of both labels."""

IGNORED = "**/*.nbi\n**/*.nbc\n"
"""What an image must not be given: kernels for this machine's processor; it compiles its own."""


def build_release(version: int, package: Path, use_case: UseCase, target: Path) -> Release:
    """Stage the service folder of a version as `target` and build a Bento of it.

    The Bento is '<use case>:v<version>-<digest of all that goes into it>': building the same again
    finds it. It appears in BentoML's store whole or not at all. `target` must be empty or new; the
    release's own folder is the Bento's. PlatformError when a part is missing or the disk refuses.
    """
    manifest = stage(target, version, package, use_case)
    tag = f"v{version}-{digest(target)[:12]}"
    bentos = bento_home() / "bentos" / use_case.name
    folder = bentos / tag / "src"
    if folder.is_dir():
        for name in DERIVED:
            shutil.copyfile(folder / name, target / name)
    else:
        _build(target, use_case, tag, bentos, manifest)
    facts = yaml.safe_load((bentos / tag / "bento.yaml").read_text(encoding="utf-8"))
    return Release(
        name=use_case.name,
        model_version=str(version),
        bento=f"{use_case.name}:{tag}",
        folder=str(folder),
        content_sha256=manifest.content_sha256,
        data_digest=manifest.data.digest,
        synthetic=manifest.data.synthetic,
        built=datetime.fromisoformat(str(facts["creation_time"])).isoformat(timespec="seconds"),
    )


def _instances_of(manifest: Manifest, seed: int) -> str:
    """URLs to try, one a line; none for a model of tables, which needs none."""
    if on_tables(manifest.inputs):
        return ""
    # Here, because it needs pandas, which nothing that serves may load.
    from switchyard.samples.urls import generate

    return "\n".join(url for url in generate(TRIED, seed)["url"] if "\n" not in url)


def _build(target: Path, use_case: UseCase, tag: str, bentos: Path, manifest: Manifest) -> None:
    """Build beside the store, add what BentoML leaves out, and move the result into the store."""
    try:
        with taken() as assembler:
            assembler.begin(target, tag)
            tried = _instances_of(manifest, use_case.seed)
            _compile(target)
            made = assembler.finished(use_case.name, tag, tried)
            _carry_compiled(target, made / "src")
            (made / ".dockerignore").write_text(IGNORED, encoding="utf-8")
            _publish(made, bentos)
    except OSError as error:
        raise PlatformError(
            f"the Bento cannot be written to '{bentos}': {error.strerror or error}; make room or "
            "set BENTOML_HOME to another folder, then run the same command again"
        ) from error


def _compile(folder: Path) -> None:
    """Compile the sources, so that a service that starts has nothing to compile.

    Bytecode is bound to its source's content: it holds wherever the Bento is copied to.
    """
    compileall.compile_dir(
        folder, quiet=2, invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH
    )


def _carry_compiled(source: Path, target: Path) -> None:
    """Put what was compiled beside its sources in the Bento; BentoML has left it out."""
    for each in compiled(source):
        place = target / each.relative_to(source)
        if place.parents[1].is_dir():
            place.parent.mkdir(exist_ok=True)
            shutil.copyfile(each, place)


def _publish(made: Path, bentos: Path) -> None:
    """Move a whole Bento into the store, in one step; another's equal one may have come first."""
    bentos.mkdir(parents=True, exist_ok=True)
    try:
        made.rename(bentos / made.name)
    except OSError:
        if not (bentos / made.name).is_dir():
            raise
    latest = bentos / f".latest-{os.getpid()}"
    latest.write_text(made.name, encoding="utf-8")
    latest.replace(bentos / "latest")
