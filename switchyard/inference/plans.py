"""What is to be done, chunk by chunk: made from the input once, found again by the next run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, get_args

import pyarrow as pa

from switchyard.batches.answers import added_by
from switchyard.batches.texts import is_text
from switchyard.data.sources import shown
from switchyard.errors import RequestError
from switchyard.inference.inputs import InputFile, Inputs
from switchyard.inference.places import Place
from switchyard.packages.manifest import Manifest

FORMAT = 1
"""Raised when the same input would be cut or written otherwise than before."""

Output = Literal["parquet", "csv", "jsonl"]
OUTPUTS: tuple[Output, ...] = get_args(Output)
_SETTING = "--output"


class Chunk(NamedTuple):
    """Rows of one file that are scored and kept together.

    start…end: bytes of the unpacked text, or rows of Parquet; row: the number of the first row in
    its file, from 0; rows: how many, unreadable ones included.
    """

    file: int
    start: int
    end: int
    row: int
    rows: int


@dataclass(frozen=True)
class Target:
    """Where the result goes. location: a file, or a folder for a file a shard."""

    location: str
    kind: Output
    is_folder: bool

    @property
    def folder(self) -> str:
        """What the result lies in."""
        return self.location.rstrip("/").rpartition("/")[0]

    @property
    def name(self) -> str:
        """What the result is called there."""
        return self.location.rstrip("/").rpartition("/")[2]

    @property
    def rejects(self) -> str:
        """What the file of rejected rows is called, beside the result."""
        stem = self.name if self.is_folder else self.name.rpartition(".")[0]
        return f"{stem}.rejects.{self.kind}"

    def owning(self) -> Callable[[str], bool]:
        """Tells whether a path, as the file system says it, is of the result."""
        place = self.place()
        result, rejects = place.path(self.name), place.path(self.rejects)

        def owns(path: str) -> bool:
            inside = self.is_folder and path.startswith(f"{result}/")
            return inside or path in (result, rejects)

        return owns

    def place(self) -> Place:
        """The folder or prefix that the result lies in."""
        return Place(self.folder, _SETTING)


@dataclass(frozen=True)
class Model:
    """The model that scores: its number, its digest, its columns, its positive label.

    positive: None where numbers are predicted; kinds: the types of the inputs as the manifest has
    them; adds: what the result has of each row beside the input's columns, by its own names. A
    plan of an earlier version has neither, for it is of texts.
    """

    version: str
    content_sha256: str
    inputs: tuple[str, ...]
    positive: str | None
    kinds: tuple[str, ...] = ("string",)
    adds: tuple[str, ...] = ("label", "score", "model_version")

    @property
    def types(self) -> dict[str, str]:
        """The type of each input."""
        return dict(zip(self.inputs, self.kinds, strict=True))

    @classmethod
    def of(cls, manifest: Manifest, version: str) -> Model:
        return cls(
            version,
            manifest.content_sha256,
            tuple(manifest.inputs),
            manifest.labels.positive if manifest.labels else None,
            tuple(each.type for each in manifest.inputs.values()),
            tuple(name for name in added_by(manifest) if name != "problem"),
        )

    @classmethod
    def load(cls, values: Mapping[str, Any]) -> Model:
        lists = {name: tuple(each) for name, each in values.items() if isinstance(each, list)}
        return cls(**{**values, **lists})


@dataclass(frozen=True)
class Plan:
    """The whole work. delimiters: of each file, '' where it is none of delimited text.

    schema: the columns of the result before what is added; added: what `model.adds` is called
    in it; notes: what a person should know.
    """

    digest: str
    inputs: Inputs
    target: Target
    model: Model
    chunks: tuple[Chunk, ...]
    delimiters: tuple[str, ...]
    names: tuple[tuple[str, ...], ...]
    schema: Any
    added: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        return sum(chunk.rows for chunk in self.chunks)

    @property
    def work(self) -> str:
        """The folder of this plan's finished chunks, in the place of the target."""
        return f"{work_folder(self.target)}/{self.digest[:16]}"

    def share(self, shard: int, shards: int) -> range:
        """The numbers of the chunks that a shard does: neighbours, of about as many rows."""
        bounds = []
        for wanted in (shard, shard + 1):
            goal, seen, number = self.rows * wanted / shards, 0, 0
            while number < len(self.chunks) and seen + self.chunks[number].rows / 2 < goal:
                seen += self.chunks[number].rows
                number += 1
            bounds.append(len(self.chunks) if wanted == shards else number)
        return range(*bounds)

    def dumps(self) -> bytes:
        """The plan as JSON, for `loads`."""
        values = {
            "digest": self.digest,
            "location": self.inputs.location,
            "ignored": self.inputs.ignored,
            "files": [file.plain() for file in self.inputs.files],
            "target": [self.target.location, self.target.kind, self.target.is_folder],
            "model": asdict(self.model),
            "chunks": self.chunks,
            "delimiters": self.delimiters,
            "names": self.names,
            "schema": self.schema.serialize().to_pybytes().hex(),
            "added": self.added,
            "notes": self.notes,
        }
        return json.dumps(values, separators=(",", ":")).encode()

    @classmethod
    def loads(cls, content: bytes) -> Plan:
        values = json.loads(content)
        files = tuple(InputFile.of(each) for each in values["files"])
        return cls(
            values["digest"],
            Inputs(values["location"], files, values["ignored"]),
            Target(*values["target"]),
            Model.load(values["model"]),
            tuple(Chunk(*each) for each in values["chunks"]),
            tuple(values["delimiters"]),
            tuple(tuple(each) for each in values["names"]),
            pa.ipc.read_schema(pa.py_buffer(bytes.fromhex(values["schema"]))),
            tuple(values["added"]),
            tuple(values["notes"]),
        )


def work_folder(target: Target) -> str:
    """What holds all that is unfinished of a target, in the target's folder.

    Its name begins as those that are never taken for inputs: the folder may be one of them.
    """
    return f"_{target.name}.parts" if "://" in target.location else f".{target.name}.parts"


def target_of(location: str) -> Target:
    """What `--output` means; RequestError when the name does not tell."""
    from pathlib import Path

    plain = location
    if "://" not in location:
        path = Path(location).expanduser().absolute()
        plain = str(path) + ("/" if location.endswith("/") or path.is_dir() else "")
    ending = PurePosixPath(plain.lower()).suffix.removeprefix(".")
    kind = "jsonl" if ending == "ndjson" else ending
    if plain.endswith("/"):
        target = Target(plain, "parquet", True)
    elif kind in OUTPUTS:
        target = Target(plain, kind, False)
    else:
        raise RequestError(
            f"{_SETTING} '{shown(location)}' does not say what to write; end it in .parquet, .csv "
            "or .jsonl, or in / for a folder of Parquet files"
        )
    if not target.name or (plain.count("/") < 3 and "://" in plain):
        raise RequestError(f"{_SETTING} '{shown(location)}' has no name; add one to it")
    return target


def refuse_target_among(inputs: Inputs, target: Target) -> None:
    """RequestError when the result would be an input of the next run, or replace one of this."""
    owns = target.owning()
    for file in inputs.files:
        if owns(file.path):
            raise RequestError(
                f"{_SETTING} '{shown(target.location)}' would replace '{file.path}', which is to "
                "be scored; name another output"
            )


def without_own(inputs: Inputs, target: Target) -> Inputs:
    """The inputs without the files of the result, unless there are no others."""
    owns = target.owning()
    files = tuple(file for file in inputs.files if not owns(file.path))
    return replace(inputs, files=files) if files else inputs


def digest_of(inputs: Inputs, target: Target, model: Model, settings: Mapping[str, Any]) -> str:
    """What tells one plan from another: changes of any of these start over."""
    values = [
        FORMAT,
        [file.plain() for file in inputs.files],
        [target.location, target.kind, target.is_folder],
        [model.version, model.content_sha256],
        dict(settings),
    ]
    written = json.dumps(values, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()


def joined_schema(
    schemas: Sequence[Any], paths: Sequence[str], types: Mapping[str, str] = MappingProxyType({})
) -> Any:
    """The columns of all files in order of appearance; RequestError where types do not meet.

    types: those of a model's inputs. A number or a category that is text in some of the files is
    text in the result.
    """
    first, *others = (_meeting(schema, schemas, types) for schema in schemas)
    merged = first
    for schema, path in zip(others, paths[1:], strict=True):
        try:
            merged = pa.unify_schemas([merged, schema], promote_options="permissive")
        except (pa.ArrowInvalid, pa.ArrowTypeError) as cause:
            raise RequestError(
                f"'{path}' has other columns than '{paths[0]}' and those before it: {cause}; "
                "score them apart, or convert the column"
            ) from cause
    return merged


def _meeting(schema: Any, schemas: Sequence[Any], types: Mapping[str, str]) -> Any:
    """The schema with text for each input of a table that is text in another one."""
    for name, type_ in types.items():
        held = {each.field(name).type for each in schemas} if type_ != "string" else set()
        if len(held) > 1 and any(is_text(each) and not pa.types.is_null(each) for each in held):
            at = schema.get_field_index(name)
            schema = schema.set(at, pa.field(name, pa.large_string()))
    return schema
